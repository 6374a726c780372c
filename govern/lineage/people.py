"""Who approved, rejected and waived: each signature judged by itself, as it is before a promotion."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from govern.errors import GovernError
from govern.lineage import history
from govern.lineage.graph import SHORT, Growing, Kind, Node
from govern.lineage.history import History
from govern.types import Waiver

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.lifecycle.approvals import Standing


def signed(grown: Growing, known: History, bundle: Bundle) -> str:
    """Add the approvals and rejections of the version; return what keeps it from promotion, empty if nothing."""
    from govern.lifecycle import approvals

    entries = [*known.about(approvals.APPROVAL, approvals.REJECTION)]
    try:
        found = [known.receipt(e) for e in entries]
        stands: Standing | None = approvals.read(found, bundle, known.name, known.version, known.trust)
        fault = ""
    except GovernError as e:
        stands, fault = None, e.message
    for entry in entries:
        rejected = entry.kind == approvals.REJECTION
        kind = Kind.REJECTION if rejected else Kind.APPROVAL
        proof, ok = _judged(entry.index, stands, fault)
        what = f"{entry.kind} as {entry.body.get('role')} ({entry.body.get('meaning')})"
        verb = "rejects" if rejected else "approves"
        history.add(grown, known, entry, grown.root.id, verb, proof, ok, what=what, kind=kind)
    if stands is None:
        return fault
    lacks = [f"no approval as {r.value}" for r in stands.missing]
    return "; ".join([*lacks, *(f"rejected by {r}" for r in stands.rejections)])


def _judged(index: int, stands: Standing | None, fault: str) -> tuple[str, bool]:
    if stands is None:
        return fault, False
    why = dict(stands.void).get(index)
    if why is not None:
        return f"it does not count: {why}", False
    role = next((r.value for r, s in stands.approvals.items() if s.entry.index == index), None)
    if role is not None:
        return f"its signer held the role {role} then, and is not the author", True
    if index in {r.entry.index for r in stands.rejections}:
        return "its signer held the role then; it stands, and blocks promotion", True
    return "it held when it was made; a later entry in the same role took its place", True


def waived(grown: Growing, known: History, bundle: Bundle) -> None:
    """Add the waivers that the evidence rests on, each with the entries of its owner and of its approver."""
    from govern.lifecycle import waivers

    entries = {e.index: e for e in known.entries}
    for waiver in bundle.record.waivers:
        about = f"{waiver.finding}: owner {waiver.owner}, approved by {waiver.approver}, until {waiver.expires}"
        proof, ok = _holds(known, bundle, waiver)
        digest = str(waiver.proposal.get("entry", {}).get("leaf_sha256", "")) or None
        node = Node(
            id=f"waiver:{waiver.finding}:{(digest or '')[:SHORT]}",
            kind=Kind.WAIVER,
            label=f"waiver of {about}",
            digest=digest,
            facts={"reason": waiver.reason, "expires": waiver.expires},
        )
        grown.add(node, f"evidence:{known.evidence}", "excuses a finding in", proof, ok)
        if not ok:
            continue
        for receipt, verb in zip(waivers.receipts([waiver]), ("proposes", "approves"), strict=True):
            history.add(grown, known, entries[receipt.index], node.id, verb, "the log has this entry", True)


def _holds(known: History, bundle: Bundle, waiver: Waiver) -> tuple[str, bool]:
    """Return what proves a waiver, and whether it holds: by its receipts, and in the log as it is now."""
    from govern.lifecycle import waivers

    alone = dataclasses.replace(bundle, record=dataclasses.replace(bundle.record, waivers=(waiver,)))
    step = waivers.step(alone, known.trust)
    if not step.ok:
        return step.found, False
    try:
        lost = next((d for d in known.log.differences(waivers.receipts([waiver])) if d), "")
    except GovernError as e:
        lost = e.message
    return lost or "signed by its owner and by another person with the role, before the decision", not lost
