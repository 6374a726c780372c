"""Where a log's rows are kept: one SQLite file, or PostgreSQL for a team. Nothing here knows a hash or a key."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from govern.errors import InputError, PolicyError
from govern.evidence.store.rows import Rows

__all__ = ["AbsentError", "Rows", "Store", "store_at"]

#: How an address of a PostgreSQL database begins.
POSTGRESQL = "postgresql://"
#: How long an append waits for another process's.
BUSY_SECONDS = 60.0


class AbsentError(InputError):
    """Nothing was logged there yet."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: there is no log", hint="check the project folder, and `log:` in govern.yaml")


class Store(Protocol):
    """Three append-only tables: entries, checkpoints and certificates."""

    @property
    def name(self) -> str:
        """The address as it may be printed: without password or other secrets."""

    def reading(self) -> AbstractContextManager[Rows]:
        """Give one state of the rows, whatever others append meanwhile.

        Raises:
            AbsentError: nothing was ever appended.
            InputError: what is there is no log.
            ServiceError: the database does not answer, or is held by another process.
        """

    def appending(self) -> AbstractContextManager[Rows]:
        """Give the rows to one process alone, in a transaction that ends with the block; make the tables if need be.

        Raises:
            InputError: what is there is no log, or cannot be written.
            ServiceError: the database does not answer, or is held by another process; nothing was written.
        """


def store_at(address: Path | str) -> Store:
    """Return the store at a path (SQLite) or a ``postgresql://`` URL; nothing is opened yet.

    Raises:
        PolicyError: the address is neither. It is not repeated: it may hold a password.
    """
    if isinstance(address, Path):
        from govern.evidence.store.sqlite import SqliteStore

        return SqliteStore(address)
    if address.startswith(POSTGRESQL):
        from govern.evidence.store.postgres import PostgresStore

        return PostgresStore(address)
    raise PolicyError(
        "the log's address is no URL of PostgreSQL",
        hint="in govern.yaml, leave `log:` empty or give postgresql://user@host/database",
    )
