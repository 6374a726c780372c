"""MLflow's own database, read without MLflow: importing that takes longer than everything that is asked here.

Only a file on this machine is read so, and only in the form that the MLflow at hand writes (:data:`REVISION`);
whatever lies elsewhere or has another form is asked of MLflow itself. Nothing is written.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from govern.errors import InputError

#: The database's form, as MLflow 3.17 numbers it in the table ``alembic_version``.
REVISION = "dc11669786a5"
#: MLflow keeps what was deleted, under this stage or this stage of life.
_DELETED_VERSION, _DELETED = "Deleted_Internal", "deleted"
#: Where it is set, a name alone says nothing: only MLflow knows which workspace is meant.
_WORKSPACES = "MLFLOW_ENABLE_WORKSPACES"


class NotStoredError(InputError):
    """The database has nothing of that name."""


def database(address: str) -> Path | None:
    """Return the file of a SQLite address (``sqlite:///...``, ``govern+sqlite:///...``); ``None`` for any other."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.rpartition("+")[2] != "sqlite":
        return None
    return Path(rest.partition("?")[0].removeprefix("/"))


def stored(address: str) -> Stored | None:
    """Return the reader of an MLflow database; ``None`` where MLflow itself must be asked."""
    path = database(address)
    if path is None or not path.is_file() or os.environ.get(_WORKSPACES):
        return None
    found = Stored(path)
    try:
        return found if found.revision() == REVISION else None
    except sqlite3.Error:
        return None  # MLflow says what is wrong with it


def logged_models(store: Any, run_id: str, name: str) -> tuple[Any, list[Any]]:
    """Return a run, and the models that it logged under ``name``.

    Args:
        store: a :class:`Stored`, or what MLflow answers through: its client or its tracking store.
        run_id: the run.
        name: the models' name, without quotes.
    """
    run = store.get_run(run_id)
    if isinstance(store, Stored):
        return run, store.models_of(run_id, name)
    query = f"name = '{name}' AND source_run_id = '{run_id}'"
    return run, list(store.search_logged_models(experiment_ids=[run.info.experiment_id], filter_string=query))


def plain(row: Mapping[str, Any], where: str) -> None:
    """Return if a row holds what MLflow writes: SQLite keeps bytes, or words for a number, in any column.

    Raises:
        InputError: a value is of another type.
    """
    for column, value in row.items():
        if isinstance(value, bytes) or (column == "version" and not isinstance(value, int)):
            raise InputError(
                f"MLflow's database: {where} holds {str(value)[:40]!r} as {column}, which MLflow never writes",
                hint="somebody wrote around MLflow: restore the database from a copy",
            )


class Stored:
    """An MLflow database. What it answers has the names that MLflow's own objects have, as far as they are used.

    Every method raises :class:`NotStoredError` where there is no such thing.
    """

    def __init__(self, path: Path) -> None:
        self._address = f"{path.resolve().as_uri()}?mode=ro"

    def revision(self) -> str | None:
        """Return the number of the database's form."""
        found = self._rows("SELECT version_num FROM alembic_version")
        return found[0].version_num if len(found) == 1 else None

    def get_model_version(self, name: str, version: str | int) -> Any:
        """Return a registered version.

        It has name, version, source, storage_location, run_id, description, current_stage, tags and aliases.
        """
        of = f"(name={name}, version={version})"
        found = self._one(
            "SELECT name, version, source, storage_location, run_id, description, current_stage FROM model_versions "
            "WHERE workspace = 'default' AND name = ? AND version = ? AND current_stage != ?",
            (name, int(version), _DELETED_VERSION),
            f"Model Version {of} not found",
        )
        tags = self._rows(
            "SELECT key, value FROM model_version_tags WHERE workspace = 'default' AND name = ? AND version = ?",
            (name, int(version)),
        )
        found.tags = {tag.key: tag.value for tag in tags}
        aliases = self._rows(
            "SELECT alias FROM registered_model_aliases WHERE workspace = 'default' AND name = ? AND version = ?",
            (name, int(version)),
        )
        found.aliases = [a.alias for a in aliases]
        return found

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Return where clients load a registered version from."""
        found = self.get_model_version(name, version)
        return str(found.storage_location or found.source)

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:
        """Return the registered version that an alias names; ``latest`` is the one with the highest number."""
        if alias.lower() == "latest":
            query, values = (
                "SELECT max(version) AS version FROM model_versions WHERE current_stage != ?",
                (_DELETED_VERSION,),
            )
        else:
            query, values = "SELECT version FROM registered_model_aliases WHERE alias = ?", (alias,)
        message = f"Registered model alias {alias} of {name} not found"
        found = self._one(f"{query} AND workspace = 'default' AND name = ?", (*values, name), message)
        if found.version is None:
            raise NotStoredError(message)
        return self.get_model_version(name, found.version)

    def get_logged_model(self, model_id: str) -> Any:
        """Return a logged model: model_id, name, artifact_location, source_run_id."""
        return self._one(
            "SELECT model_id, name, artifact_location, source_run_id FROM logged_models "
            "WHERE model_id = ? AND lifecycle_stage != ?",
            (model_id, _DELETED),
            f"Logged model with ID '{model_id}' not found",
        )

    def models_of(self, run_id: str, name: str) -> list[Any]:
        """Return the models that a run logged under a name, as :meth:`get_logged_model` does."""
        return self._rows(
            "SELECT m.model_id, m.name, m.artifact_location, m.source_run_id FROM logged_models AS m "
            "JOIN runs AS r ON r.run_uuid = m.source_run_id AND r.experiment_id = m.experiment_id "
            "WHERE r.run_uuid = ? AND m.name = ? AND m.lifecycle_stage != ?",
            (run_id, name, _DELETED),
        )

    def get_run(self, run_id: str) -> Any:
        """Return a run, under ``info`` its artifact_uri."""
        info = self._one(
            "SELECT artifact_uri FROM runs WHERE run_uuid = ?", (run_id,), f"Run with id={run_id} not found"
        )
        return SimpleNamespace(info=info)

    def _one(self, query: str, values: tuple[Any, ...], message: str) -> Any:
        found = self._rows(query, values)
        if not found:
            raise NotStoredError(message)
        return found[0]

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self._address, uri=True)) as connection:
            connection.row_factory = lambda cursor, row: SimpleNamespace(
                **{column[0]: value for column, value in zip(cursor.description, row, strict=True)}
            )
            found = connection.execute(query, values).fetchall()
        for row in found:
            plain({k: v for k, v in vars(row).items() if v is not None}, "a row")
        return found
