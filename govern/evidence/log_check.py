"""Recompute a whole log from its rows and say in named steps what holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from govern.errors import GovernError, InputError, ServiceError
from govern.evidence import merkle, note
from govern.evidence.entry import KEYS, Entry, read_record
from govern.evidence.signatures import Signatures
from govern.signing.trust import CLOCK_TOLERANCE
from govern.types import Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.log import Log
    from govern.signing.trust import Trust

ENTRIES, ROOTS, SIGNATURES, TRUST = "log entries", "log roots", "log signatures", "log signers are trusted"
_EXPECTED = {
    ENTRIES: "every entry is whole, in its place, no earlier than those before it, and has its checkpoint",
    ROOTS: "the root recomputed from the entries equals every signed checkpoint",
    SIGNATURES: "every checkpoint was signed by the actor of its entry, and no certificate is kept of anybody else",
    TRUST: "every signer is under a trusted root, at the time of each entry",
}


class Source(Protocol):
    """Where rows come from: a store's transaction, or an exported file."""

    def size(self) -> int:
        """Return the stated size."""

    def entries(self, since: int = 0) -> Iterator[tuple[int, str]]:
        """Yield position and record."""

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, str, str | None]]:
        """Yield size, note and, where they are kept, peaks."""

    def certificates(self) -> Iterable[tuple[str, str]]:
        """Yield fingerprint and PEM chain."""


class Readable(Protocol):
    """What gives a source: a store, or an exported file."""

    def reading(self) -> AbstractContextManager[Any]:
        """Give one state of the rows."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The entries of a log that verified, as they were then: whatever became of the rows since."""

    entries: tuple[Entry, ...]
    root: str

    def find(self, kind: str | None = None, **body_equals: Any) -> list[Entry]:
        """Return the entries of a kind whose body holds all the given values, in order."""
        return [e for e in self.entries if e.says(kind, body_equals)]


def check_log(log: Log, trust: Trust) -> list[Step]:
    """Return four steps: entries, roots, signatures, trust in the signers.

    The root is recomputed from the entries at every size and compared with the checkpoint that was
    signed then, which is stronger than a consistency proof between two checkpoints.
    """
    return passed(log.store).steps(trust)


#: The last log that this process verified, by name.
_held: dict[str, Pass] = {}
_lock = threading.Lock()


def verified(log: Log, trust: Trust) -> Verified:
    """Return the entries of a log that verifies, going on where this process stopped the last time.

    What was verified before is in memory and is not read again; the log must still have the same signed
    checkpoint at that size, and every later root builds on it, so nothing is believed that was not verified.
    Whoever decides by the entries returned decides by what was verified, not by what is read afterwards.

    Raises:
        InputError: it does not verify, is absent, or is no longer the log that was verified before.
        ServiceError: the database does not answer.
    """
    with _lock:
        so_far = _held.pop(log.name, None)  # kept again only if it held
        if so_far is not None:
            with log.store.reading() as rows:
                found = rows.checkpoint(len(so_far.log))
                if found is None or found[0] != so_far.signed:
                    raise InputError(
                        f"{log.name}: the log was cut or rewritten since {len(so_far.log)} entries of it were verified",
                        hint="run `govern log verify`; restore a copy",
                    )
                so_far.go_on(rows)
        else:
            with log.store.reading() as rows:
                so_far = Pass()
                so_far.go_on(rows)
        broken = next((s for s in so_far.steps(trust) if not s.ok), None)
        if broken is not None:
            raise InputError(f"the log does not verify ({broken.name}: {broken.found})", hint="run `govern log verify`")
        _held.clear()
        _held[log.name] = so_far
        return Verified(entries=tuple(so_far.log), root=so_far.root)


def passed(source: Readable) -> Pass:
    """Return what one pass over the rows of a store or an exported file found.

    Raises:
        ServiceError: another process holds the log, or its database does not answer: that says nothing about the log.
    """
    run = Pass()
    try:
        with source.reading() as rows:
            run.go_on(rows)
    except ServiceError:
        raise
    except GovernError as e:
        run.faults.setdefault(ENTRIES, e.message)
    return run


class Pass:
    """One pass over the rows, in order; the first fault of each step is kept. It can go on where it stopped."""

    def __init__(self) -> None:
        self.log: list[Entry] = []
        self.peaks: tuple[bytes, ...] = ()
        self.origin = ""
        #: The newest note.
        self.signed = ""
        self.faults: dict[str, str] = {}
        self._latest: datetime | None = None
        self._behind = 0
        self._chains: dict[str, tuple[Certificate, ...]] = {}
        #: Signer -> common name, key ID, public key (DER).
        self._signers: dict[str, tuple[str, bytes, bytes]] = {}
        #: Signer -> first and last time of an entry.
        self._moments: dict[str, tuple[datetime, datetime]] = {}
        #: Signers of more than changes of keys, which a root must not be.
        self._people: set[str] = set()

    def go_on(self, rows: Source) -> None:
        """Read the rows after those that were read before."""
        since = len(self.log)
        with Signatures(rows.size() - since) as signatures:
            self._try(SIGNATURES, self._certificates, rows)
            for entry, checkpoint in zip_longest(rows.entries(since), rows.checkpoints(since)):
                self._try(ENTRIES, self._entry, entry, checkpoint)
                if ENTRIES in self.faults:
                    return
                _, signed, peaks = checkpoint
                self._try(ROOTS, self._root, signed, peaks)
                self._try(SIGNATURES, self._signature, signatures)
            if not self.log:
                self.faults[ENTRIES] = "the log is empty"
            self._try(SIGNATURES, self._used)
            if not self.faults:
                self._try(SIGNATURES, signatures.verify)

    @property
    def root(self) -> str:
        """The root of all entries that were read, in hex."""
        return merkle.peaks_root(self.peaks).hex()

    def steps(self, trust: Trust) -> list[Step]:
        """Return the four steps; what follows one that failed is not reached."""
        steps: list[Step] = []
        for name in _EXPECTED:
            failed = next((s.name for s in steps if not s.ok), None)
            fault = f"not reached: {failed}" if failed else self.faults.get(name, "")
            if not fault and name == TRUST:
                fault = self._untrusted(trust)
            steps.append(Step(name=name, ok=not fault, expected=_EXPECTED[name], found=fault or self._found(name)))
        return steps

    def _try(self, step: str, part: Callable[..., None], *arguments: Any) -> None:
        if step not in self.faults:
            try:
                part(*arguments)
            except GovernError as e:
                self.faults[step] = e.message

    def _entry(self, row: tuple[int, str] | None, checkpoint: tuple[int, str, str | None] | None) -> None:
        index = len(self.log)
        if checkpoint is not None and checkpoint[0] != index + 1:
            raise InputError(f"the checkpoint of size {index + 1} is missing")
        if row is not None and row[0] != index:
            raise InputError(f"an entry stands at {row[0]}, where {index} was expected")
        if row is None or checkpoint is None:
            what = "checkpoints" if row is None else "entries"
            raise InputError(f"there are more {what} than {index}: a tail was cut or added")
        try:
            data = row[1].encode()
        except UnicodeEncodeError:
            raise InputError(f"entry {index}: not text that govern wrote") from None
        entry = read_record(data, what=f"entry {index}")
        if entry.index != index:
            raise InputError(f"entry {entry.index} stands at {index}, where {index} was expected")
        moment = entry.moment
        if self._latest is not None and moment < self._latest:
            self._behind += 1
            if self._latest - moment > CLOCK_TOLERANCE:
                raise InputError(
                    f"entry {index} ({entry.kind} by {entry.actor!r}) is from {entry.time}, and one before it from "
                    f"{self._latest:%Y-%m-%d %H:%M:%S} UTC: a clock was moved back"
                )
        self._latest = moment if self._latest is None else max(moment, self._latest)
        first, last = self._moments.get(entry.signer, (moment, moment))
        self._moments[entry.signer] = min(first, moment), max(last, moment)
        if entry.kind != KEYS:
            self._people.add(entry.signer)
        self.log.append(entry)

    def _root(self, signed: str, peaks: str | None) -> None:
        entry = self.log[-1]
        self.peaks = merkle.add(self.peaks, entry.index, bytes.fromhex(entry.leaf_sha256))
        self.origin = self.origin or note.read(signed).origin
        stated = note.Checkpoint(origin=self.origin, size=entry.index + 1, root=merkle.peaks_root(self.peaks))
        try:
            self._key_id, self._der = note.signature_of(signed, stated)
        except InputError:
            peaks = "not this checkpoint"
        if peaks not in (None, " ".join([p.hex() for p in self.peaks])):
            raise InputError(f"entry {entry.index} ({entry.kind} at {entry.time}) or one before it was changed")
        self.signed, self._text = signed, stated.text().encode()

    def _certificates(self, rows: Source) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        from govern.signing.certificate import common_name, fingerprint, public_key, signer_chain

        before = ""
        for sha256, pem in rows.certificates():
            if sha256 <= before:
                raise InputError(f"the certificate {sha256[:16]} stands twice, or out of order")
            before = sha256
            if sha256 in self._chains:
                continue
            chain = signer_chain(pem.encode())
            if fingerprint(chain[0]) != sha256:
                raise InputError(f"the certificate kept as {sha256[:16]} is another one")
            key = public_key(chain[0])
            der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self._chains[sha256] = chain
            self._signers[sha256] = common_name(chain[0]), note.key_id(key), der

    def _used(self) -> None:
        for sha256, (name, _, _) in self._signers.items():
            if sha256 not in self._moments:
                raise InputError(f"the certificate {sha256[:16]} of {name!r} is kept, who signed nothing")

    def _signature(self, signatures: Signatures) -> None:
        if ROOTS in self.faults:
            return
        entry = self.log[-1]
        signer = self._signers.get(entry.signer)
        if signer is None:
            raise InputError(f"entry {entry.index}: the certificate {entry.signer[:16]} of its signer is missing")
        name, key_id, der = signer
        if key_id != self._key_id:
            raise InputError(f"entry {entry.index}: {note.OTHER_KEY}")
        if entry.actor != name:
            raise InputError(f"entry {entry.index} is by {entry.actor!r}, signed by {name!r}")
        signatures.add(entry.index, der, self._text, self._der)

    def _untrusted(self, trust: Trust) -> str:
        for signer, moments in self._moments.items():
            for moment in sorted(set(moments)):
                step = trust.step(
                    TRUST,
                    self._chains[signer],
                    moment=moment,
                    clock="time of the log entry",
                    authority=signer not in self._people,
                )
                if not step.ok:
                    return step.found
        return ""

    def _found(self, name: str) -> str:
        if name == ENTRIES:
            skew = f", {self._behind} of them earlier than one before, by less than {CLOCK_TOLERANCE}"
            return f"{len(self.log)} entries{skew if self._behind else ''}"
        if name == ROOTS:
            return f"{len(self.log)} roots, the last {self.root}"
        if name == SIGNATURES:
            return f"{len(self.log)} signatures by {len(self._moments)} signers"
        return f"{len(self._moments)} signers"
