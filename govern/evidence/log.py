"""The append-only log: a Merkle tree over canonical JSON entries, with a signed checkpoint for each.

Three tables (:mod:`govern.evidence.store`: one SQLite file, or PostgreSQL): ``entry`` holds the leaves,
``checkpoint`` the signed root after each append and the peaks of that tree (:mod:`govern.evidence.merkle`),
``certificate`` the chains of those who signed. What somebody changes in them is *evident*, since
:func:`govern.evidence.log_check.check_log` recomputes everything; a tail that was cut off together with its
checkpoints is missed by every receipt given out before.
"""

from __future__ import annotations

import secrets
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.errors import GovernError, InputError
from govern.evidence import merkle, note
from govern.evidence.entry import Entry, read_record, record
from govern.evidence.receipt import STEP, Receipt
from govern.evidence.recomputed import Recomputed, difference, entry_at, extension, missed, recompute
from govern.evidence.store import AbsentError, Rows, store_at
from govern.signing.trust import CLOCK_TOLERANCE
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.log_check import Verified
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust

__all__ = ["Entry", "Log", "Receipt"]

_ORIGIN = "govern.dev/log/"


class Log:
    """The log at a path (SQLite) or a ``postgresql://`` URL; it is made by the first append."""

    def __init__(self, address: Path | str) -> None:
        self.store = store_at(address)

    @property
    def name(self) -> str:
        """The address as it may be printed."""
        return self.store.name

    def exists(self) -> bool:
        """Return whether anything was logged yet.

        Raises:
            InputError: what is there is no log.
            ServiceError: the database does not answer.
        """
        try:
            with self.store.reading():
                return True
        except AbsentError:
            return False

    def append(self, kind: str, body: Mapping[str, Any], *, identity: Identity) -> Receipt:
        """Append an entry and sign the new checkpoint, in one transaction that is atomic across processes.

        Its time is this machine's, or that of the entry before it where that is later by no more than
        :data:`govern.signing.trust.CLOCK_TOLERANCE`: clocks of two machines differ by seconds.

        Args:
            kind: what happened, such as ``decision`` or ``registration``.
            body: the facts, JSON values; ``evidence`` names the evidence's SHA-256 where there is some.
            identity: who did it, and signs.

        Raises:
            InputError: the body is no JSON or too large, the clock was moved, the log cannot be written or is none.
            ServiceError: another process held the log for a minute, or the database does not answer.
        """
        record(0, "", kind, identity.name, identity.fingerprint, body)  # what cannot be logged holds up nobody
        with self.store.appending() as rows:
            size = rows.size()
            last = self._entry(rows, size - 1) if size else None
            signed_before, peaks = self._checkpoint(rows, size) if size else ("", ())
            origin = note.read(signed_before).origin if size else _ORIGIN + secrets.token_hex(8)
            time = _time(last, rows.clock).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            data = record(size, time, kind, identity.name, identity.fingerprint, body)
            entry = read_record(data, what=f"entry {size}")
            new_peaks = merkle.add(peaks, size, bytes.fromhex(entry.leaf_sha256))
            checkpoint = note.Checkpoint(origin=origin, size=size + 1, root=merkle.peaks_root(new_peaks))
            signed = note.sign(checkpoint, identity)
            pem = identity.pem.decode()
            rows.append(size, data.decode(), signed, _join(new_peaks), identity.fingerprint, pem)
        return _receipt(entry, peaks, signed, pem)

    def entries(self) -> list[Entry]:
        """Return all entries in order; none where the log is not there yet.

        Raises:
            InputError: it is no log, or an entry in it is malformed.
        """
        return self.find()

    def find(self, kind: str | None = None, **body_equals: Any) -> list[Entry]:
        """Return the entries of a kind whose body holds all the given values, in order.

        Raises:
            InputError: it is no log, or such an entry in it is malformed.
        """
        # A record is canonical JSON, so a member has one way of being written: the database sorts out most.
        members = {**body_equals, **({} if kind is None else {"kind": kind})}
        containing = [canonical.dumps({k: v}).decode()[1:-1] for k, v in members.items()]
        try:
            with self.store.reading() as rows:
                found = [entry_at(position, data) for position, data in rows.entries(containing=containing)]
        except AbsentError:
            return []
        return [e for e in found if e.says(kind, body_equals)]

    def last(self) -> Entry | None:
        """Return the newest entry, and read no other; ``None`` where there is none yet.

        Raises:
            InputError: it is no log, or its newest entry is missing or malformed.
        """
        try:
            with self.store.reading() as rows:
                size = rows.size()
                return self._entry(rows, size - 1) if size else None
        except AbsentError:
            return None

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of an entry, against the checkpoint that was signed when it was appended.

        Raises:
            InputError: there is no such entry, or the log is damaged there.
        """
        with self.store.reading() as rows:
            return self.receipt_in(rows, index)

    def receipt_in(self, rows: Rows, index: int) -> Receipt:
        """As :meth:`receipt`, in one state of the rows."""
        entry = self._entry(rows, index)
        peaks = self._checkpoint(rows, index)[1] if index else ()
        signed, _ = self._checkpoint(rows, index + 1)
        return _receipt(entry, peaks, signed, rows.certificate(entry.signer) or "")

    def subtree(self, rows: Rows) -> merkle.Subtree:
        """Return the hashes of the tree's parts from the stored peaks; the proofs made of them show what is wrong."""
        return merkle.stored_subtree(
            lambda size: self._checkpoint(rows, size)[1],
            lambda index: bytes.fromhex(self._entry(rows, index).leaf_sha256),
        )

    def holds(self, receipt: Receipt) -> Step:
        """Return the step that says whether this log still holds what a receipt was given for."""
        expected = f"entry {receipt.index} and root {receipt.root[:16]} at size {receipt.size} in {self.name}"
        try:
            (found,) = self.differences([receipt])
        except GovernError as e:
            found = e.message
        return Step(name=STEP, ok=not found, expected=expected, found=found or "the same entry and root")

    def differences(self, receipts: Sequence[Receipt]) -> list[str]:
        """Return for each receipt what this log has otherwise; empty text where it agrees.

        The log must be as long as the receipt's, have the same entry there and, recomputed from its
        entries, the same root: an edited, reordered or cut log differs.

        Raises:
            InputError: there is no log, or it cannot be read.
            ServiceError: the database does not answer.
        """
        now = self._recomputed(sizes={r.size for r in receipts}, indices={r.index for r in receipts})
        return [missed(r, now) for r in receipts]

    def extends(self, held: note.Checkpoint) -> Step:
        """Return the step that says whether this log, recomputed, goes on from a checkpoint that somebody holds."""
        try:
            found = difference(held, self._recomputed(sizes={held.size}))
        except GovernError as e:
            found = e.message
        return extension(held, found)

    def _recomputed(self, *, sizes: Container[int], indices: Container[int] = ()) -> Recomputed:
        with self.store.reading() as rows:
            first = rows.checkpoint(1)
            origin = note.read(first[0]).origin if first else "an empty log"
            return recompute(origin, rows.entries(), sizes=sizes, indices=indices)

    def verify(self, trust: Trust) -> list[Step]:
        """Recompute the whole log: see :func:`govern.evidence.log_check.check_log`."""
        from govern.evidence.log_check import check_log

        return check_log(self, trust)

    def verified(self, trust: Trust) -> Verified:
        """Return the entries of a log that verifies: see :func:`govern.evidence.log_check.verified`."""
        from govern.evidence.log_check import verified

        return verified(self, trust)

    def _entry(self, rows: Rows, index: int) -> Entry:
        data = rows.record(index) if index >= 0 else None
        if data is None:
            raise InputError(f"{self.name}: no entry {index}", hint="see `govern log list`")
        return entry_at(index, data)

    def _checkpoint(self, rows: Rows, size: int) -> tuple[str, tuple[bytes, ...]]:
        """Return the signed note and the peaks at a size; the peaks must lead to the signed root."""
        found = rows.checkpoint(size)
        try:
            signed, joined = found or ("", "")
            peaks = tuple(bytes.fromhex(p) for p in joined.split())
            stated = note.read(signed)
            whole = (stated.size, stated.root) == (size, merkle.peaks_root(peaks))
        except (ValueError, InputError):
            whole = False
        if not whole:
            raise InputError(
                f"{self.name}: the checkpoint of size {size} is damaged", hint="run `govern log verify`; restore a copy"
            )
        return signed, peaks


def _time(last: Entry | None, server: datetime | None) -> datetime:
    """Return the time of the next entry: never before the last one, and by a clock that is not far off.

    Raises:
        InputError: this machine's clock is behind the last entry, or away from the server's, by more than the
            tolerance.
    """
    own = datetime.now(UTC)
    if server is not None and abs(own - server) > CLOCK_TOLERANCE:
        raise InputError(
            f"this machine's clock says {own:%Y-%m-%d %H:%M:%S} UTC, the database server's "
            f"{server.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            hint="set the clock that is wrong",
        )
    if last is not None and last.moment - own > CLOCK_TOLERANCE:
        raise InputError(
            f"this machine's clock says {own:%Y-%m-%d %H:%M:%S} UTC, and the log's last entry ({last.kind} by "
            f"{last.actor!r}) is from {last.time}: the clock was moved back, or was ahead when that was logged",
            hint="set the clock right; nothing was logged",
        )
    return own if last is None else max(own, last.moment)


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
