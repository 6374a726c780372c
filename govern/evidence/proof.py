"""Proof that an entry stands in today's log, and that today's log goes on from one that somebody holds a copy of.

A receipt proves an entry in the log as it was when the entry was made. A *proof* adds the newest signed
checkpoint, the entry's audit path to it (RFC 6962, section 2.1.1) and the consistency proof (section 2.1.2) from
an older checkpoint, such as the one in a dossier: one file, verified without the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError
from govern.evidence import facts, merkle, note
from govern.evidence.entry import timed
from govern.evidence.receipt import Receipt, check_receipt, hashes
from govern.evidence.recomputed import EXTENDS
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.log import Log
    from govern.signing.trust import Trust

SCHEMA = "govern/log-proof/1"
#: How a proof begins in canonical JSON, and how large it can be: two entries and their paths.
_BEGINS, _LIMIT_BYTES = b'{"inclusion":[', 8 << 20
NEWEST, WITHIN = "newest checkpoint", "entry is in the newest log"


@dataclass(frozen=True, kw_only=True)
class Since:
    """An older tree, and the consistency proof from it; all hex but the size."""

    size: int
    root: str
    proof: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A receipt, brought up to date.

    ``receipt`` says who made the entry, ``newest`` is the receipt of the log's last entry, ``inclusion`` leads from
    the entry to the newest root.
    """

    schema: str
    receipt: Receipt
    newest: Receipt
    inclusion: tuple[str, ...]
    since: Since


def prove(log: Log, index: int, *, since: note.Checkpoint | None = None) -> Proof:
    """Return the proof of an entry against the log as it is now; O(log^2 n) rows are read.

    Args:
        log: the log.
        index: the entry.
        since: the older checkpoint that the log is to be shown to extend; the entry's own by default.

    Raises:
        InputError: there is no such entry, the log is shorter than ``since``, or it is damaged.
        ServiceError: the database does not answer.
    """
    with log.store.reading() as rows:
        size = rows.size()
        receipt, newest = log.receipt_in(rows, index), log.receipt_in(rows, size - 1)
        old = since or note.read(receipt.checkpoint)
        if old.size > size:
            raise InputError(f"only {size} entries, and what is held is for {old.size}: the log was cut")
        subtree = log.subtree(rows)
        inclusion = merkle.inclusion_proof(index, size, subtree)
        consistency = merkle.consistency_proof(old.size, size, subtree)
    return Proof(
        schema=SCHEMA,
        receipt=receipt,
        newest=newest,
        inclusion=tuple(h.hex() for h in inclusion),
        since=Since(size=old.size, root=old.root.hex(), proof=tuple(h.hex() for h in consistency)),
    )


def is_proof(path: Path) -> bool:
    """Return whether a file begins as a proof does."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_BEGINS)) == _BEGINS and path.stat().st_size <= _LIMIT_BYTES
    except (OSError, ValueError):  # absent, or a name that no file can have
        return False


def read_proof(data: bytes) -> Proof:
    """Return a proof from its canonical JSON.

    Raises:
        InputError: it is malformed.
    """
    proof = facts.build(Proof, facts.parse(data, what="proof"), what="proof")
    if proof.schema != SCHEMA:
        raise InputError(f"a proof of the schema {proof.schema[:40]!r}; this version reads {SCHEMA}")
    timed(proof.receipt.entry, "receipt.entry")
    timed(proof.newest.entry, "newest.entry")
    return proof


def check_proof(proof: Proof, trust: Trust) -> list[Step]:
    """Return the steps: the receipt, the newest checkpoint, the entry in it, and that it extends the older one."""
    newest = check_receipt(proof.newest, trust)
    return [
        check_receipt(proof.receipt, trust),
        Step(name=NEWEST, ok=newest.ok, expected=newest.expected, found=newest.found),
        _step(
            WITHIN,
            f"entry {proof.receipt.index} in the log of {proof.newest.size} entries",
            lambda: _within(proof),
        ),
        _step(
            EXTENDS,
            f"the {proof.newest.size} entries go on from the {proof.since.size} with root {proof.since.root[:16]}",
            lambda: _extends(proof),
        ),
    ]


def _within(proof: Proof) -> str:
    old, new = note.read(proof.receipt.checkpoint), note.read(proof.newest.checkpoint)
    if old.origin != new.origin:
        raise InputError(f"the receipt is from {old.origin}, the newest checkpoint from {new.origin}")
    leaf = merkle.leaf_hash(proof.receipt.entry.record())
    if not merkle.verify_inclusion(proof.receipt.index, new.size, leaf, hashes(proof.inclusion), new.root):
        raise InputError("the entry does not lead to the newest root")
    return f"root {new.root.hex()}"


def _extends(proof: Proof) -> str:
    new = note.read(proof.newest.checkpoint)
    (old_root,) = hashes([proof.since.root])
    if not merkle.verify_consistency(proof.since.size, new.size, old_root, new.root, hashes(proof.since.proof)):
        raise InputError("the newest root does not go on from the older one: the log was rewritten")
    return f"{new.size - proof.since.size} entries were added since"


def _step(name: str, expected: str, part: Callable[[], str]) -> Step:
    try:
        return Step(name=name, ok=True, expected=expected, found=part())
    except GovernError as e:
        return Step(name=name, ok=False, expected=expected, found=e.message)
