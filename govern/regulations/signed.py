"""What named persons signed, as far as it travels with the evidence: statement, freeze of the plan, approvals.

That a signature holds and its signer had the right is for ``govern verify`` to say; here it is told what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.regulations.answer import Answer
from govern.regulations.model import Kind, Signature, State

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.receipt import Entry


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The last word of each role: approvals and rejections by role."""

    approved: Mapping[str, Entry]
    rejected: Mapping[str, Entry]


def standing(bundle: Bundle) -> Standing:
    """Return how the roles stand by the receipts that travel with the evidence.

    Raises:
        InputError: the receipts are malformed.
    """
    from govern.evidence.bundle import APPROVALS
    from govern.lifecycle.approvals import APPROVAL, read_attached

    data = bundle.files.get(APPROVALS)
    receipts = [] if data is None else read_attached(data)
    last = {str(r.entry.body.get("role")): r.entry for r in sorted(receipts, key=lambda r: r.index)}
    return Standing(
        approved={role: e for role, e in last.items() if e.kind == APPROVAL},
        rejected={role: e for role, e in last.items() if e.kind != APPROVAL},
    )


def answer(need: Signature, bundle: Bundle) -> Answer:
    """Return what is known of a signature.

    Raises:
        InputError: what travels with the evidence is malformed.
    """
    state, why = _state(need, bundle)
    return Answer(kind=Kind.SIGNED, need=need.id, title=need.title, state=state, why=why)


def _state(need: Signature, bundle: Bundle) -> tuple[State, str]:
    if need.not_available:
        return State.NOT_RUN, need.not_available
    if need.by == "author":
        return State.SIGNED, _author(bundle)
    if need.by == "freeze":
        return _freeze(bundle)
    return _approval(need.role, bundle)


def _author(bundle: Bundle) -> str:
    from govern.evidence.bundle import SIGNER
    from govern.signing.certificate import common_name, is_development, read_chain

    certificate = read_chain(bundle.files[SIGNER])[0]
    mark = ", with a DEVELOPMENT key that proves no person" if is_development(certificate) else ""
    return f"Signed by {common_name(certificate)}{mark}."


def _freeze(bundle: Bundle) -> tuple[State, str]:
    from govern import looks

    order = None if bundle.receipt is None else looks.read(bundle.receipt.entry)
    if order is None:
        return State.NOT_RUN, "The order of events is not recorded with the evidence."
    if order.frozen is None:
        return State.NOT_RUN, "The plan was not frozen before the test data were looked at."
    if not order.freshly:
        return (
            State.FAIL,
            f"The plan was frozen at {order.frozen.time}, after the test data had been looked at "
            f"at {order.first.time}.",
        )
    return State.SIGNED, f"Frozen by {order.frozen.actor} at {order.frozen.time} (log entry {order.frozen.index})."


def _approval(role: str, bundle: Bundle) -> tuple[State, str]:
    stands = standing(bundle)
    if role == "any":
        approved, rejected = tuple(stands.approved.values()), tuple(stands.rejected.values())
    else:
        approved = tuple(e for r, e in stands.approved.items() if r == role)
        rejected = tuple(e for r, e in stands.rejected.items() if r == role)
    if rejected:
        return State.FAIL, f"Rejected by {_told(rejected[0])}."
    if approved:
        return State.SIGNED, f"Signed by {_told(approved[0])}."
    return State.NOT_RUN, "Nobody has signed it." if role == "any" else f"Nobody has signed it in the role {role}."


def _told(entry: Entry) -> str:
    meaning = str(entry.body.get("meaning") or "")
    return f"{entry.actor} as {entry.body.get('role')} at {entry.time}: {meaning} (log entry {entry.index})"
