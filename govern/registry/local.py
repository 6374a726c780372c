"""A project's own MLflow: one SQLite file for runs and registry, artifacts in ``mlruns`` beside it."""

from __future__ import annotations

import logging
from pathlib import Path

from govern.project import Workspace


def prepare(workspace: Workspace) -> list[str]:
    """Make the project's local MLflow database where it is absent; a server's address is left alone.

    Returns what was done, a line each.
    """
    uri = workspace.absolute_uri(workspace.project.registry.tracking_uri)
    scheme, _, path = uri.partition(":///")
    if scheme != "sqlite" or Path(f"/{path.lstrip('/')}").exists():
        return []
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    SqlAlchemyStore(uri, (workspace.root / "mlruns").as_posix())
    return [f"{Path(path).name}: a local MLflow (mlflow ui --backend-store-uri {uri})"]
