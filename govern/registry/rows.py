"""The whole registry as its database has it: also what searches leave out, such as deleted versions and prompts."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.registry import connect

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

#: MLflow's one workspace where it has none.
_DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A row of ``registered_models``. ``key`` is its workspace and name."""

    key: tuple[str, str]
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """The registered name, with its workspace where that is not MLflow's only one."""
        return _named(self.key)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A row of ``model_versions``, under the names that MLflow's own object has."""

    key: tuple[str, str]
    version: int
    current_stage: str
    source: str
    storage_location: str
    run_id: str | None
    description: str | None
    status: str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """As :attr:`Model.name`."""
        return _named(self.key)

    @property
    def target(self) -> str:
        """How a person names it."""
        return f"{self.name}/{self.version}"

    @property
    def location(self) -> str:
        """Where clients download it from."""
        return self.storage_location or self.source


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A row of ``registered_model_aliases``."""

    key: tuple[str, str]
    alias: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Rows:
    """All of it, in one state."""

    models: tuple[Model, ...]
    versions: tuple[Version, ...]
    aliases: tuple[Alias, ...]
    #: Names of the webhooks that were not deleted.
    webhooks: tuple[str, ...]
    _of: dict[tuple[str, str], list[Version]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for version in self.versions:
            self._of[version.key].append(version)

    def of(self, key: tuple[str, str]) -> list[Version]:
        """Return the versions of a model, deleted ones too."""
        return self._of.get(key, [])


def read(uri: str) -> Rows:
    """Return the rows of the database at an address, with or without ``govern+``.

    Raises:
        InputError: no registry is there.
        ServiceError: the database does not answer.
    """
    import sqlalchemy

    with connect.errors(uri), _connected(connect.plain(uri)) as connection:
        try:
            return _read(connection)
        except (sqlalchemy.exc.ProgrammingError, sqlalchemy.exc.OperationalError) as e:
            if "no such table" in str(e) or "does not exist" in str(e):
                raise InputError(f"{connect.shown(uri)}: no registry of MLflow's", hint="check the address") from None
            raise


@contextlib.contextmanager
def _connected(uri: str) -> Iterator[Connection]:
    """Give a connection that can write nothing and sees one state of the database."""
    import sqlalchemy

    from govern.models.stored import database

    path = database(uri)
    if path is not None:
        address = f"{path.resolve().as_uri()}?mode=ro"
        engine = sqlalchemy.create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=sqlalchemy.NullPool
        )
    else:
        engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool, isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN" if path is not None else "SET TRANSACTION READ ONLY")
        yield connection


def _read(connection: Connection) -> Rows:
    model_tags: dict[Any, dict[str, str]] = defaultdict(dict)
    version_tags: dict[Any, dict[str, str]] = defaultdict(dict)
    for row in _all(connection, "registered_model_tags"):
        model_tags[_key(row)][row.key] = row.value or ""
    for row in _all(connection, "model_version_tags"):
        version_tags[_key(row), row.version][row.key] = row.value or ""
    return Rows(
        models=tuple(Model(key=_key(r), tags=model_tags[_key(r)]) for r in _all(connection, "registered_models")),
        versions=tuple(
            Version(
                key=_key(r),
                version=int(r.version),
                current_stage=r.current_stage or "",
                source=r.source or "",
                storage_location=r.storage_location or "",
                run_id=r.run_id,
                description=r.description,
                status=r.status or "",
                tags=version_tags[_key(r), r.version],
            )
            for r in _all(connection, "model_versions")
        ),
        aliases=tuple(
            Alias(key=_key(r), alias=r.alias, version=int(r.version))
            for r in _all(connection, "registered_model_aliases")
        ),
        webhooks=tuple(sorted(r.name for r in _all(connection, "webhooks") if r.deleted_timestamp is None)),
    )


def _all(connection: Connection, table: str) -> list[Row[Any]]:
    import sqlalchemy

    from govern.models.stored import plain

    found = connection.execute(sqlalchemy.text(f"SELECT * FROM {table}")).all()  # noqa: S608 - names are above
    for row in found:
        plain(dict(row._mapping), table)
    return sorted(found, key=lambda r: (str(r.name), getattr(r, "version", None) or 0))


def _key(row: Row[Any]) -> tuple[str, str]:
    return str(getattr(row, "workspace", _DEFAULT)), str(row.name)


def _named(key: tuple[str, str]) -> str:
    workspace, name = key
    return name if workspace == _DEFAULT else f"{name} (MLflow workspace {workspace})"
