"""An entry of the log as somebody's electronic signature: who it was, in which role, and whether it counts.

An electronic signature in the sense of 21 CFR Part 11 is such an entry: printed name, date and time and
meaning are in it (11.50), the checkpoint that its actor signed covers it, and it names by SHA-256 what it is
about, so that it cannot be carried to another record (11.70).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, PolicyError, SigningError
from govern.evidence import note
from govern.evidence.receipt import Receipt, check_receipt
from govern.gate import same_name
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.evidence.receipt import Entry
    from govern.signing.trust import Trust


def must_sign(chain: Sequence[Certificate], roles: Iterable[Signatory], trust: Trust, *, now: datetime) -> None:
    """Return if the certificate may sign in one of the roles at ``now``.

    Raises:
        SigningError: it may not: expired, revoked, under no trusted root, or without the role.
    """
    step = trust.step("", chain, moment=now, clock="now", roles=roles)
    if not step.ok:
        raise SigningError(step.found, hint="`govern keys list` shows who may sign in which role")


def signed_by(receipt: Receipt, roles: Iterable[Signatory], trust: Trust) -> tuple[Certificate, ...]:
    """Return the chain of who signed an entry, who held one of the roles at that time.

    Raises:
        InputError: the receipt does not hold, or its signer held none of them.
    """
    from govern.signing.certificate import read_chain

    held = check_receipt(receipt, trust)
    if not held.ok:
        raise InputError(held.found)
    chain = read_chain(receipt.signer.encode())
    step = trust.step("", chain, moment=receipt.entry.moment, clock="time of the log entry", roles=roles)
    if not step.ok:
        raise InputError(step.found)
    return chain


def same_person(one: Certificate, other: Certificate) -> bool:
    """Whether two certificates are one person's: the same certificate, the same key or the same printed name."""
    from govern.signing.certificate import common_name

    return one.public_key() == other.public_key() or same_name(common_name(one), common_name(other))


def is_author(person: Certificate, bundle: Bundle) -> bool:
    """Whether a certificate is that of who signed the evidence, or entered its decision in the log."""
    from govern.evidence.bundle import SIGNER
    from govern.signing.certificate import read_chain

    chains = [bundle.files[SIGNER], *([bundle.receipt.signer.encode()] if bundle.receipt else [])]
    return any(same_person(person, read_chain(pem)[0]) for pem in chains)


def decided(log: Log, evidence: str, name: str | None, trust: Trust) -> Receipt:
    """Return the receipt of the newest decision about evidence that an author entered in the log.

    A gate run on the same inputs decides about the same evidence: that renews what has expired.

    Raises:
        InputError: there is none.
    """
    why = "the log has no decision about it"
    for entry in reversed(log.find("decision", evidence=evidence, name=name)):
        receipt = log.receipt(entry.index)
        try:
            signed_by(receipt, (Signatory.AUTHOR,), trust)
        except InputError as e:
            why = e.message
            continue
        return receipt
    raise InputError(f"evidence {evidence[:12]}: {why}", hint="run the gate again")


def one_log(receipts: Iterable[Receipt]) -> bool:
    """Whether receipts are of one log."""
    return len({note.read(r.checkpoint).origin for r in receipts}) < 2


def signing_time(last: Entry | None) -> datetime:
    """Return the time, which is not before the log's last entry (``None``: it has none).

    What has expired would be valid again for somebody whose clock is moved back.

    Raises:
        SigningError: the clock is behind the log by more than two clocks may differ.
    """
    from govern.signing.trust import CLOCK_TOLERANCE

    now = datetime.now(UTC)
    if last is None:
        return now
    if last.moment > now + CLOCK_TOLERANCE:
        raise SigningError(
            f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, and entry {last.index} of the log was made "
            f"at {last.moment:%Y-%m-%d %H:%M:%S}",
            hint="set the clock right",
        )
    return max(now, last.moment)


def words(text: str, what: str, *, least: int = 1, most: int = 500) -> str:
    """Return text that a person gave, without spaces around it.

    Raises:
        PolicyError: it is too short, too long, or cannot be printed on one line.
    """
    plain = text.strip()
    if not least <= len(plain) <= most or not plain.isprintable():
        raise PolicyError(
            f"{what}: {plain[:40]!r} has {len(plain)} characters", hint=f"{least} to {most} characters on one line"
        )
    return plain


def index_of(body: Mapping[str, Any], key: str) -> int:
    """Return a whole number in an entry's body; -1, which is no entry's, where it is something else."""
    value = body.get(key)
    return value if type(value) is int else -1
