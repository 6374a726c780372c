"""The rows of a log as one transaction sees them, in the SQL that both databases speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

#: Runs a statement with its parameters (each ``?``), and gives the rows that it returns, as they come.
Run = Callable[[str, Sequence[Any]], Iterator[tuple[Any, ...]]]


class Rows:
    """Entries, checkpoints and certificates; nothing has been checked."""

    def __init__(self, run: Run, *, contains: str, clock: datetime | None = None) -> None:
        """Wrap a transaction.

        Args:
            run: runs a statement.
            contains: the function that gives where in a text another begins, 0 for nowhere.
            clock: the database server's time, where it has its own.
        """
        self._run = run
        self._contains = contains
        self.clock = clock

    def size(self) -> int:
        """Return the size of the newest checkpoint; 0 where there is none."""
        found = self._one("SELECT MAX(size) FROM checkpoint")
        return int(found[0]) if found and found[0] is not None else 0

    def record(self, position: int) -> str | None:
        """Return the record of an entry."""
        found = self._one("SELECT record FROM entry WHERE position = ?", position)
        return None if found is None else str(found[0])

    def checkpoint(self, size: int) -> tuple[str, str] | None:
        """Return the signed note and the peaks (hex, separated by spaces) at a size."""
        found = self._one("SELECT note, peaks FROM checkpoint WHERE size = ?", size)
        return None if found is None else (str(found[0]), str(found[1]))

    def certificate(self, sha256: str) -> str | None:
        """Return the PEM chain that is kept under a fingerprint."""
        found = self._one("SELECT pem FROM certificate WHERE sha256 = ?", sha256)
        return None if found is None else str(found[0])

    def entries(self, since: int = 0, *, containing: Sequence[str] = ()) -> Iterator[tuple[int, str]]:
        """Yield position and record, in order, of the entries from ``since`` on that contain all the given texts."""
        where = "".join(f" AND {self._contains}(record, ?) > 0" for _ in containing)
        statement = f"SELECT position, record FROM entry WHERE position >= ?{where} ORDER BY position"  # noqa: S608
        return ((p, str(r)) for p, r in self._run(statement, (since, *containing)))

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, str, str]]:
        """Yield size, note and peaks, in order, of the checkpoints larger than ``since``."""
        statement = "SELECT size, note, peaks FROM checkpoint WHERE size > ? ORDER BY size"
        return ((s, str(n), str(p)) for s, n, p in self._run(statement, (since,)))

    def certificates(self) -> Iterator[tuple[str, str]]:
        """Yield fingerprint and PEM chain of each signer."""
        return ((str(s), str(p)) for s, p in self._run("SELECT sha256, pem FROM certificate ORDER BY sha256", ()))

    def append(self, size: int, record: str, note: str, peaks: str, signer: str, pem: str) -> None:
        """Add an entry to ``size`` others, the checkpoint after it, and its signer's certificates if they are new."""
        if self.certificate(signer) is None:
            self._do("INSERT INTO certificate VALUES (?, ?)", signer, pem)
        self._do("INSERT INTO entry VALUES (?, ?)", size, record)
        self._do("INSERT INTO checkpoint VALUES (?, ?, ?)", size + 1, note, peaks)

    def _one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        return next(self._run(statement, values), None)

    def _do(self, statement: str, *values: Any) -> None:
        for _ in self._run(statement, values):
            pass
