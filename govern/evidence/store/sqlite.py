"""A log in one SQLite file, which the first append makes.

Triggers stop changes by mistake. Someone who can write the file can drop the triggers: what they
change is evident to :func:`govern.evidence.log_check.check_log`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from govern.errors import GovernError, InputError, ServiceError
from govern.evidence import store
from govern.evidence.store.rows import Rows

#: No row is larger, in bytes, when it is read: entries are refused above a quarter of it.
_LIMIT_BYTES = 4 << 20
_SCHEMA = (
    "CREATE TABLE entry (position INTEGER PRIMARY KEY, record TEXT NOT NULL)",
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL, peaks TEXT NOT NULL)",
    "CREATE TABLE certificate (sha256 TEXT PRIMARY KEY, pem TEXT NOT NULL)",
    # INSERT OR REPLACE deletes without firing a DELETE trigger: only the next place may be filled.
    "CREATE TRIGGER entry_in_order BEFORE INSERT ON entry"
    " WHEN NEW.position <> (SELECT COALESCE(MAX(position) + 1, 0) FROM entry)"
    " BEGIN SELECT RAISE(ABORT, 'entries are appended in order'); END",
    "CREATE TRIGGER checkpoint_in_order BEFORE INSERT ON checkpoint"
    " WHEN NEW.size <> (SELECT COALESCE(MAX(size), 0) + 1 FROM checkpoint)"
    " BEGIN SELECT RAISE(ABORT, 'checkpoints are appended in order'); END",
    *(
        f"CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        for table in ("entry", "checkpoint", "certificate")
        for verb in ("update", "delete")
    ),
    "PRAGMA user_version = 1",
)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
#: What the disk or its owner refuses -> what to do. Everything else is said of a file that is no log.
_REFUSED = {
    sqlite3.SQLITE_FULL: "free some space; nothing was written",
    sqlite3.SQLITE_IOERR: "free some space, or mend the disk; nothing was written",
    sqlite3.SQLITE_READONLY: "make it, and its folder, writable",
    sqlite3.SQLITE_CANTOPEN: "make it, and its folder, writable",
}


class SqliteStore:
    """A :class:`govern.evidence.store.Store` in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path.absolute())

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Give one state of the rows."""
        if not self.path.exists():
            raise store.AbsentError(self.name)
        with self._open("rw") as connection:
            connection.execute("BEGIN")
            if connection.execute("SELECT COUNT(*) = 0 FROM sqlite_master").fetchone()[0]:
                raise store.AbsentError(self.name)  # another process is about to append the first entry
            yield _rows(connection)

    @contextmanager
    def appending(self) -> Iterator[Rows]:
        """Give the rows to one process alone; commit at the end."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise InputError(f"{self.path}: cannot be written: {e.strerror}", hint="make it writable") from None
        with self._open("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA:
                    connection.execute(statement)
            yield _rows(connection)
            connection.execute("COMMIT")

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Open the file; what SQLite says becomes an error that names it. An open transaction is rolled back."""
        try:
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            wait = store.BUSY_SECONDS
            with closing(sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)) as connection:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LIMIT_BYTES)
                yield connection
        except sqlite3.Error as e:
            raise self._told(e) from None

    def _told(self, error: sqlite3.Error) -> GovernError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
        if code in _HELD:
            return ServiceError(f"{self.path}: another process holds the log", hint="try again")
        if code in _REFUSED:
            return InputError(f"{self.path}: {error}", hint=_REFUSED[code])
        return InputError(f"{self.path}: not usable as a log: {error}", hint="restore it from a copy")


def _rows(connection: sqlite3.Connection) -> Rows:
    def run(statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        return connection.execute(statement, values)

    return Rows(run, contains="instr")
