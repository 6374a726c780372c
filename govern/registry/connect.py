"""The project's MLflow registry, as a store; what MLflow raises becomes an error that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from govern.errors import InputError
from govern.project import Workspace

#: Query parameter that names the project's folder, where it is not above the database's.
PROJECT = "project"
_DIRECT = ("sqlite", "postgresql")


def tracking_uri(workspace: Workspace) -> str:
    """Return the address of the tracking store, independent of the current folder."""
    return workspace.absolute_uri(workspace.project.registry.tracking_uri)


def addresses(workspace: Workspace) -> tuple[str, str]:
    """Return the addresses of tracking store and registry."""
    return tracking_uri(workspace), workspace.absolute_uri(workspace.project.registry.registry_uri)


def is_direct(workspace: Workspace) -> bool:
    """Return whether the registry is a database that is opened here, and no server's."""
    return (
        workspace.project.registry.registry_uri.removeprefix("govern+").partition(":")[0].partition("+")[0] in _DIRECT
    )


def reader(workspace: Workspace) -> Any:
    """Return what answers questions about registered versions: the database where it is at hand, else the store."""
    from govern.models.stored import stored

    return stored(addresses(workspace)[1]) or registry(workspace)


def registry(workspace: Workspace) -> Any:
    """Return the registry's store.

    A database is opened through the gate even where the project names it plainly: govern has one way of
    writing a version.
    """
    tracking, uri = addresses(workspace)
    if is_direct(workspace):
        from govern.registry.store import GovernRegistryStore

        return GovernRegistryStore(governed(uri, workspace.root), tracking)
    from mlflow.tracking._model_registry.utils import _get_store

    return _get_store(uri, tracking)


def governed(uri: str, root: Path) -> str:
    """Return the address that opens a registry's database through the gate of the project in ``root``."""
    from sqlalchemy.engine import make_url

    named = PROJECT in make_url(uri.removeprefix("govern+")).query
    wanted = uri if named else f"{uri}{'&' if '?' in uri else '?'}{PROJECT}={quote(str(root))}"
    return f"govern+{wanted.removeprefix('govern+')}"


def plain(uri: str) -> str:
    """Return the address of the database itself, as SQLAlchemy takes it, with the driver that govern installs."""
    from sqlalchemy.engine import make_url

    url = make_url(uri.removeprefix("govern+")).difference_update_query([PROJECT])
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def shown(uri: str) -> str:
    """Return an address as it may be printed: without its password."""
    return re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", uri)


@contextmanager
def errors(*addresses: str) -> Iterator[None]:
    """Ask MLflow in silence, without minutes of retries; what it raises becomes an error of govern.

    Args:
        addresses: of the stores that are asked, for the hint.

    Raises:
        InputError: the registry refused, or what was asked for is not there.
        ServiceError: it does not answer, or answers nonsense.
    """
    from govern.models.service import asking, loaded

    with asking("the registry", *map(shown, addresses)):
        try:
            yield
        except loaded("mlflow.exceptions", "MlflowException") as e:
            if getattr(e, "error_code", "") != "PERMISSION_DENIED":
                raise
            raise InputError(str(getattr(e, "message", e)), hint="do what the message says") from None
