"""The receipt that proves one entry of the log offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError
from govern.evidence import facts, merkle, note
from govern.evidence.entry import KEYS, Entry, timed
from govern.types import Step

if TYPE_CHECKING:
    from govern.signing.trust import Trust

__all__ = ["STEP", "Entry", "Receipt", "check_receipt", "read_receipt"]

STEP = "log inclusion"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that an entry stands in a log: its audit path to a signed checkpoint.

    ``root`` and ``proof`` are hex; ``checkpoint`` is a signed note; ``signer`` the PEM chain of who signed it.
    """

    index: int
    size: int
    root: str
    proof: tuple[str, ...]
    checkpoint: str
    entry: Entry
    signer: str


def read_receipt(data: bytes) -> Receipt:
    """Return a receipt from its canonical JSON.

    Raises:
        InputError: it is malformed.
    """
    receipt = facts.build(Receipt, facts.parse(data, what="receipt"), what="receipt")
    timed(receipt.entry, "receipt.entry")
    return receipt


def check_receipt(receipt: Receipt, trust: Trust) -> Step:
    """Return the step that says whether a receipt holds by itself: entry, path, checkpoint, signature, trust."""
    expected = f"entry {receipt.index} in the signed log of {receipt.size} entries with root {receipt.root[:16]}"
    try:
        found = _check(receipt, trust)
    except GovernError as e:
        return Step(name=STEP, ok=False, expected=expected, found=e.message)
    return Step(name=STEP, ok=True, expected=expected, found=found)


def _check(receipt: Receipt, trust: Trust) -> str:
    from govern.signing.certificate import common_name, fingerprint, public_key, signer_chain

    entry = receipt.entry
    chain = signer_chain(receipt.signer.encode())
    checkpoint = note.verify(receipt.checkpoint, public_key(chain[0]))
    if (checkpoint.size, checkpoint.root.hex()) != (receipt.size, receipt.root):
        raise InputError(
            f"the signed checkpoint is of {checkpoint.size} entries with root {checkpoint.root.hex()[:16]}"
        )
    leaf = merkle.leaf_hash(entry.record())
    if entry.leaf_sha256 != leaf.hex() or entry.index != receipt.index:
        raise InputError("the entry is not the one that was logged")
    if not merkle.verify_inclusion(receipt.index, receipt.size, leaf, hashes(receipt.proof), checkpoint.root):
        raise InputError("the entry does not lead to the signed root")
    if (entry.signer, entry.actor) != (fingerprint(chain[0]), common_name(chain[0])):
        raise InputError(f"the entry is by {entry.actor!r}, the checkpoint was signed by {common_name(chain[0])!r}")
    trusted = trust.step("", chain, moment=entry.moment, clock="time of the log entry", authority=entry.kind == KEYS)
    if not trusted.ok:
        raise InputError(trusted.found)
    return f"{entry.kind} by {entry.actor!r} at {entry.time}, in {checkpoint.origin}"


def hashes(proof: Sequence[str]) -> list[bytes]:
    """Return the hashes of a proof from their hex.

    Raises:
        InputError: it is not plain hex.
    """
    try:
        siblings = [bytes.fromhex(p) for p in proof]
    except ValueError:
        raise InputError("the audit path is not hex") from None
    if [s.hex() for s in siblings] != list(proof):
        raise InputError("the audit path is not plain hex")
    return siblings
