"""Recompute a whole log from its rows and say in named steps what holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError
from govern.evidence import merkle, note
from govern.evidence.receipt import Entry, read_record
from govern.types import Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.log import Log
    from govern.signing.trust import Trust

ENTRIES, ROOTS, SIGNATURES, TRUST = "log entries", "log roots", "log signatures", "log signers are trusted"
_EXPECTED = {
    ENTRIES: "every entry is whole, in its place, and has its checkpoint",
    ROOTS: "the root recomputed from the entries equals every signed checkpoint",
    SIGNATURES: "every checkpoint was signed by the actor of its entry",
    TRUST: "every signer is under a trusted root, at the time of each entry",
}


def check_log(log: Log, trust: Trust) -> list[Step]:
    """Return four steps: entries, roots, signatures, trust in the signers.

    The root is recomputed from the entries at every size and compared with the checkpoint that was
    signed then, which is stronger than a consistency proof between two checkpoints.
    """
    steps: list[Step] = []
    run = _Run(log, trust)
    for name, part in ((ENTRIES, run.entries), (ROOTS, run.roots), (SIGNATURES, run.signatures), (TRUST, run.trust)):
        failed = next((s.name for s in steps if not s.ok), None)
        if failed:
            found, ok = f"not reached: {failed}", False
        else:
            try:
                found, ok = part(), True
            except GovernError as e:
                found, ok = e.message, False
        steps.append(Step(name=name, ok=ok, expected=_EXPECTED[name], found=found))
    return steps


class _Run:
    """One pass over the rows; each part says what it found, or raises a GovernError that does."""

    def __init__(self, log: Log, trusted: Trust) -> None:
        self.source, self.trusted = log, trusted
        self.log: list[Entry] = []
        self.notes: list[str] = []
        self.chains: dict[str, tuple[Certificate, ...]] = {}

    def entries(self) -> str:
        self.rows = self.source.rows()
        for index, (position, data) in enumerate(self.rows.entries):
            entry = read_record(str(data).encode(), what=f"entry {position}")
            if (position, entry.index) != (index, index):
                raise InputError(f"entry {entry.index} stands at {position}, where {index} was expected")
            self.log.append(entry)
        for size, (found, signed, _) in enumerate(self.rows.checkpoints, start=1):
            if found != size:
                raise InputError(f"the checkpoint of size {size} is missing")
            self.notes.append(str(signed))
        if not self.log:
            raise InputError("the log is empty")
        if len(self.log) != len(self.notes):
            raise InputError(f"{len(self.log)} entries and {len(self.notes)} checkpoints: a tail was cut or added")
        return f"{len(self.log)} entries"

    def roots(self) -> str:
        peaks: tuple[bytes, ...] = ()
        origin = note.read(self.notes[0]).origin
        stored = [str(row[2]) for row in self.rows.checkpoints]
        for index, entry in enumerate(self.log):
            peaks = merkle.add(peaks, index, bytes.fromhex(entry.leaf_sha256))
            signed = note.read(self.notes[index])
            expected = note.Checkpoint(origin=origin, size=index + 1, root=merkle.peaks_root(peaks))
            if signed != expected or stored[index] != " ".join(p.hex() for p in peaks):
                raise InputError(f"entry {index} ({entry.kind} at {entry.time}) or one before it was changed")
        return f"{len(self.log)} roots, the last {merkle.peaks_root(peaks).hex()}"

    def signatures(self) -> str:
        from govern.signing.certificate import common_name, fingerprint, public_key, read_chain

        for sha256, pem in self.rows.certificates:
            chain = read_chain(str(pem).encode())
            if fingerprint(chain[0]) != sha256:
                raise InputError(f"the certificate kept as {str(sha256)[:16]} is another one")
            self.chains[str(sha256)] = chain
        for entry, signed in zip(self.log, self.notes, strict=True):
            chain_of = self.chains.get(entry.signer)
            if chain_of is None:
                raise InputError(f"entry {entry.index}: the certificate {entry.signer[:16]} of its signer is missing")
            note.verify(signed, public_key(chain_of[0]))
            if entry.actor != common_name(chain_of[0]):
                raise InputError(f"entry {entry.index} is by {entry.actor!r}, signed by {common_name(chain_of[0])!r}")
        return f"{len(self.notes)} signatures by {len(self.chains)} signers"

    def trust(self) -> str:
        for signer, chain in self.chains.items():
            moments = [e.moment for e in self.log if e.signer == signer]
            for moment in {min(moments), max(moments)} if moments else ():
                step = self.trusted.step(TRUST, chain, moment=moment, clock="time of the log entry")
                if not step.ok:
                    raise InputError(step.found)
        return f"{len(self.chains)} signers"
