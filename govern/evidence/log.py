"""The append-only log: a Merkle tree over canonical JSON entries in SQLite, with a signed checkpoint for each.

Three tables: ``entry`` holds the leaves, ``checkpoint`` the signed root after each append and the
peaks of that tree (:mod:`govern.evidence.merkle`), ``certificate`` the chains of those who signed.
Triggers stop changes by mistake. Someone who can write the file can drop the triggers: what they
change is *evident*, since :func:`govern.evidence.log_check.check_log` recomputes everything, and a
tail that was cut off together with its checkpoints is missed by every receipt given out before.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, ServiceError
from govern.evidence import merkle, note
from govern.evidence.receipt import STEP, Entry, Receipt, read_record, record
from govern.types import Step

if TYPE_CHECKING:
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust

__all__ = ["Entry", "Log", "Receipt"]

_BUSY_SECONDS = 60.0
_ORIGIN = "govern.dev/log/"
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


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the file holds, as it stands there: nothing has been checked."""

    #: position, record (canonical JSON)
    entries: list[tuple[Any, ...]]
    #: size, signed note, peaks (hex, separated by spaces)
    checkpoints: list[tuple[Any, ...]]
    #: SHA-256 fingerprint, PEM chain
    certificates: list[tuple[Any, ...]]


class Log:
    """The log in one SQLite file; the file is made by the first append."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, body: Mapping[str, Any], *, identity: Identity) -> Receipt:
        """Append an entry and sign the new checkpoint, in one transaction that is atomic across processes.

        Args:
            kind: what happened, such as ``decision`` or ``registration``.
            body: the facts, JSON values; ``evidence`` names the evidence's SHA-256 where there is some.
            identity: who did it, and signs.

        Raises:
            InputError: the file cannot be written, or is no log.
            ServiceError: another process held the log for a minute.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise InputError(f"{self.path}: cannot be written: {e.strerror}", hint="make it writable") from None
        with self._open("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA:
                    connection.execute(statement)
            last = connection.execute("SELECT MAX(size) FROM checkpoint").fetchone()[0] or 0
            origin = _ORIGIN + secrets.token_hex(8)
            peaks: tuple[bytes, ...] = ()
            if last:
                previous, peaks = self._checkpoint(connection, last)
                origin = note.read(previous).origin
            time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            data = record(last, time, kind, identity.name, identity.fingerprint, body)
            entry = read_record(data, what=f"entry {last}")
            new_peaks = merkle.add(peaks, last, bytes.fromhex(entry.leaf_sha256))
            checkpoint = note.Checkpoint(origin=origin, size=last + 1, root=merkle.peaks_root(new_peaks))
            signed = note.sign(checkpoint, identity)
            connection.execute(
                "INSERT INTO certificate SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM certificate WHERE sha256 = ?1)",
                (identity.fingerprint, identity.pem.decode()),
            )
            connection.execute("INSERT INTO entry VALUES (?, ?)", (last, data.decode()))
            connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (last + 1, signed, _join(new_peaks)))
            connection.execute("COMMIT")
        return _receipt(entry, peaks, signed, identity.pem.decode())

    def entries(self) -> list[Entry]:
        """Return all entries in order; none where the file is not there yet.

        Raises:
            InputError: the file is no log, or an entry in it is malformed.
        """
        if not self.path.exists() or self._unmade():
            return []
        return [read_record(str(data).encode(), what=f"entry {position}") for position, data in self.rows().entries]

    def _unmade(self) -> bool:
        """Whether another process is about to append the first entry: the file is there, and nothing in it yet."""
        with self._open("ro") as connection:
            return bool(connection.execute("SELECT COUNT(*) = 0 FROM sqlite_master").fetchone()[0])

    def find(self, kind: str | None = None, **body_equals: Any) -> list[Entry]:
        """Return the entries of a kind whose body holds all the given values."""
        return [
            e
            for e in self.entries()
            if kind in (None, e.kind) and all(k in e.body and e.body[k] == v for k, v in body_equals.items())
        ]

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of an entry, against the checkpoint that was signed when it was appended.

        Raises:
            InputError: there is no such entry, or the log is damaged there.
        """
        with self._open("rw") as connection:
            row = connection.execute("SELECT record FROM entry WHERE position = ?", (index,)).fetchone()
            if row is None:
                raise InputError(f"{self.path}: no entry {index}", hint="see `govern log list`")
            entry = read_record(str(row[0]).encode(), what=f"entry {index}")
            peaks = self._checkpoint(connection, index)[1] if index else ()
            signed, _ = self._checkpoint(connection, index + 1)
            pem = connection.execute("SELECT pem FROM certificate WHERE sha256 = ?", (entry.signer,)).fetchone()
        return _receipt(entry, peaks, signed, str(pem[0]) if pem else "")

    def holds(self, receipt: Receipt) -> Step:
        """Return the step that says whether this log still holds what a receipt was given for."""
        expected = f"entry {receipt.index} and root {receipt.root[:16]} at size {receipt.size} in {self.path}"
        try:
            (found,) = self.differences([receipt])
        except (InputError, ServiceError) as e:
            found = e.message
        return Step(name=STEP, ok=not found, expected=expected, found=found or "the same entry and root")

    def differences(self, receipts: Sequence[Receipt]) -> list[str]:
        """Return for each receipt what this log has otherwise; empty text where it agrees.

        The log must be as long as the receipt's, have the same entry there and, recomputed from its
        entries, the same root: an edited, reordered or cut log differs.

        Raises:
            InputError: there is no log, or it cannot be read.
        """
        rows = self.rows()
        entries = [read_record(str(data).encode(), what=f"entry {position}") for position, data in rows.entries]
        own = note.read(str(rows.checkpoints[0][1])).origin if rows.checkpoints else "an empty log"
        peaks: tuple[bytes, ...] = ()
        sizes = {r.size for r in receipts}
        roots: dict[int, str] = {}
        for index, entry in enumerate(entries):
            peaks = merkle.add(peaks, index, bytes.fromhex(entry.leaf_sha256))
            if index + 1 in sizes:
                roots[index + 1] = merkle.peaks_root(peaks).hex()
        return [self._difference(r, own, entries, roots) for r in receipts]

    def verify(self, trust: Trust) -> list[Step]:
        """Recompute the whole log: see :func:`govern.evidence.log_check.check_log`."""
        from govern.evidence.log_check import check_log

        return check_log(self, trust)

    def rows(self) -> Rows:
        """Return everything in the file, unchecked.

        Raises:
            InputError: there is no log.
        """
        if not self.path.exists():
            raise InputError(f"{self.path}: there is no log", hint="check the project folder")
        with self._open("rw") as connection:
            connection.execute("BEGIN")  # one state of the three tables
            return Rows(
                entries=connection.execute("SELECT position, record FROM entry ORDER BY position").fetchall(),
                checkpoints=connection.execute("SELECT size, note, peaks FROM checkpoint ORDER BY size").fetchall(),
                certificates=connection.execute("SELECT sha256, pem FROM certificate").fetchall(),
            )

    def _difference(self, receipt: Receipt, own: str, entries: Sequence[Entry], roots: Mapping[int, str]) -> str:
        origin = note.read(receipt.checkpoint).origin
        if own != origin:
            return f"another log, {own}: the receipt is from {origin}"
        if len(entries) < receipt.size:
            return f"only {len(entries)} entries, and the receipt is for {receipt.size}: the log was cut"
        entry = entries[receipt.index]
        if entry.leaf_sha256 != receipt.entry.leaf_sha256:
            return f"another entry at {receipt.index}: {entry.kind} at {entry.time}"
        if roots[receipt.size] != receipt.root:
            return f"root {roots[receipt.size][:16]} at that size: an entry before it was changed"
        return ""

    def _checkpoint(self, connection: sqlite3.Connection, size: int) -> tuple[str, tuple[bytes, ...]]:
        """Return the signed note and the peaks at a size; the peaks must lead to the signed root."""
        row = connection.execute("SELECT note, peaks FROM checkpoint WHERE size = ?", (size,)).fetchone()
        try:
            signed, peaks = str(row[0]), tuple(bytes.fromhex(p) for p in str(row[1]).split())
            whole = merkle.peaks_root(peaks) == note.read(signed).root
        except (TypeError, ValueError, InputError):
            whole = False
        if not whole:
            raise InputError(
                f"{self.path}: the checkpoint of size {size} is damaged", hint="run `govern log verify`; restore a copy"
            )
        return signed, peaks

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Open the file; what SQLite says becomes an error that names it. An open transaction is rolled back."""
        try:
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as e:
            if getattr(e, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise ServiceError(f"{self.path}: another process holds the log", hint="try again") from None
            raise InputError(f"{self.path}: not usable as a log: {e}", hint="restore it from a copy") from None


def _receipt(entry: Entry, peaks: Sequence[bytes], signed: str, signer: str) -> Receipt:
    """Return the receipt of the newest entry of a tree; ``peaks`` are those before it, and its audit path."""
    return Receipt(
        index=entry.index,
        size=entry.index + 1,
        root=note.read(signed).root.hex(),
        proof=tuple(p.hex() for p in reversed(peaks)),
        checkpoint=signed,
        entry=entry,
        signer=signer,
    )


def _join(peaks: Sequence[bytes]) -> str:
    return " ".join(p.hex() for p in peaks)
