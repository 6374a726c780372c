"""Waivers: a signed, expiring exception for one finding, proposed by its owner and approved by somebody else.

Two entries of the log make one: ``waiver``, signed by its owner, and ``waiver-approval``, which names the first
by index and leaf hash. Its scope is a finding (with its group), the outcome it has now, a policy's id and a
registered name. A waiver of an inconclusive finding does not cover the day it fails: that is a fact which nobody
has accepted. By default ``error`` and ``not_available`` cannot be waived (:class:`govern.policy.model.WaiverTerms`).

Who approves accepts a risk for patients, so it takes the role clinical, regulatory, quality or approver: a reviewer
comments, an author made the model. Neither the owner nor the author of the evidence can approve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.errors import GovernError, InputError, PolicyError
from govern.evidence import facts
from govern.evidence.receipt import Entry, Receipt
from govern.gate import same_name
from govern.lifecycle.entries import index_of, is_author, must_sign, one_log, same_person, signed_by, words
from govern.strict_yaml import nearest
from govern.types import Finding, Signatory, Step, Waiver

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.policy import Policy
    from govern.project import Workspace
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust

WAIVER, APPROVAL, STEP = "waiver", "waiver-approval", "waivers"
#: In which roles a waiver can be approved.
APPROVERS = (Signatory.APPROVER, Signatory.CLINICAL, Signatory.QUALITY, Signatory.REGULATORY)
_REASON = 10


def propose(
    workspace: Workspace,
    finding: str,
    *,
    reason: str,
    expires: str,
    name: str | None,
    policy: Policy,
    owner: Identity,
    trust: Trust,
    now: datetime,
) -> Receipt:
    """Enter a waiver in the log, signed by its owner, once; it covers nothing until somebody else approves it.

    Args:
        workspace: the project.
        finding: the id of a finding that blocks, or is waived, in the newest decision for this name and policy.
        reason: why, on one line.
        expires: its last day, ``YYYY-MM-DD``.
        name: the registered name; ``None`` for runs of ``govern check``.
        policy: the policy.
        owner: who answers for it; any role will do.
        trust: whom to believe.
        now: the time (UTC).

    Raises:
        PolicyError: there is no such finding, it does not block, the policy does not let it be waived, or reason or
            date are not usable.
        InputError: the evidence of the decision is damaged or missing.
        SigningError: the owner may not sign.
    """
    from govern.evidence.log import Log

    log = Log(workspace.log)
    found = _finding(workspace, log, finding, name, policy)
    body = {
        "finding": finding,
        "outcome": found.outcome.value,
        "policy": policy.id,
        "name": name,
        "reason": words(reason, "--reason", least=_REASON),
        "expires": _day(expires, policy, now).isoformat(),
        "owner": owner.name,
    }
    must_sign((owner.certificate, *owner.chain), Signatory, trust, now=now)
    known = log.find(WAIVER, **body)
    return log.receipt(known[-1].index) if known else log.append(WAIVER, body, identity=owner)


def approve(workspace: Workspace, index: int, *, approver: Identity, trust: Trust, now: datetime) -> Receipt:
    """Enter the approval of a waiver in the log.

    Raises:
        PolicyError: there is no such waiver, it has expired or is approved already, or the approver is its owner, or
            the author of what it is for.
        SigningError: the approver may not sign.
    """
    from govern.evidence.log import Log

    log = Log(workspace.log)
    entries = log.entries()
    proposed = next((e for e in entries if e.index == index and e.kind == WAIVER), None)
    if proposed is None:
        waiting = ", ".join(f"{e.index} ({e.body.get('finding')})" for e in _waiting(entries)) or "none"
        raise PolicyError(f"entry {index} of the log is no waiver", hint=f"waiting for approval: {waiting}")
    if (known := _approval_of(proposed, entries)) is not None:
        raise PolicyError(
            f"the waiver of entry {index} was approved by {known.actor} in entry {known.index}", hint="nothing to do"
        )
    if not _unexpired(proposed, now):
        raise PolicyError(
            f"the waiver of entry {index} expired on {proposed.body.get('expires')}", hint="propose a new one"
        )
    must_sign((approver.certificate, *approver.chain), APPROVERS, trust, now=now)
    receipt = log.receipt(index)
    owner = signed_by(receipt, Signatory, trust)
    if same_person(approver.certificate, owner[0]):
        raise PolicyError(
            f"{approver.name} owns this waiver and cannot approve it", hint="ask another person with such a role"
        )
    decided = _newest(workspace, log, proposed.body.get("name"), str(proposed.body.get("policy")))
    if decided is not None and is_author(approver.certificate, decided):
        raise PolicyError(
            f"{approver.name} is the author of what this waiver is for", hint="ask another person with such a role"
        )
    body = {"waiver": index, "waiver_sha256": proposed.leaf_sha256}
    return log.append(APPROVAL, body, identity=approver)


def valid(
    workspace: Workspace, policy: Policy, name: str | None, *, author: Certificate, trust: Trust, now: datetime
) -> tuple[Waiver, ...]:
    """Return the waivers in force for a name under a policy, one for each finding and outcome: the newest.

    Args:
        workspace: the project.
        policy: the policy.
        name: the registered name; ``None`` for runs of ``govern check``.
        author: who signs the evidence, and so cannot have approved.
        trust: whom to believe.
        now: the time (UTC); the last day of a waiver is still in force.
    """
    from govern.evidence.log import Log

    log = Log(workspace.log)
    entries = log.entries()
    found: dict[tuple[str, str], Waiver] = {}
    for proposed in entries:
        if proposed.kind != WAIVER or (proposed.body.get("policy"), proposed.body.get("name")) != (policy.id, name):
            continue
        approved = _approval_of(proposed, entries)
        if approved is None or not _unexpired(proposed, now):
            continue
        try:
            waiver = _waiver(log.receipt(proposed.index), log.receipt(approved.index))
            _check(waiver, trust)
            if same_person(author, signed_by(_receipt(waiver.approval), APPROVERS, trust)[0]):
                continue
        except GovernError:  # an entry that does not hold waives nothing
            continue
        found[waiver.finding, waiver.outcome] = waiver
    return tuple(found.values())


def step(bundle: Bundle, trust: Trust) -> Step:
    """Return the step that says whether the waivers in evidence were signed: offline, by their receipts.

    Both entries must hold, of the log that has the decision and before it, by an owner and by another person with
    the right to approve, who is not the author. Whether they had expired is in the decision, which is made again.
    """
    waivers = bundle.record.waivers
    expected = "each waiver signed by its owner, and approved by another person with the role"
    try:
        for waiver in waivers:
            _hold(waiver, bundle, trust)
    except GovernError as e:
        return Step(name=STEP, ok=False, expected=expected, found=e.message)
    found = [f"{w.finding}: owner {w.owner}, approved by {w.approver}, until {w.expires}" for w in waivers]
    return Step(name=STEP, ok=True, expected=expected, found="; ".join(found) or "none")


def receipts(waivers: Sequence[Waiver]) -> list[Receipt]:
    """Return the receipts of the entries that sign waivers.

    Raises:
        InputError: one is malformed.
    """
    return [_receipt(value) for w in waivers for value in (w.proposal, w.approval)]


def _hold(waiver: Waiver, bundle: Bundle, trust: Trust) -> None:
    record = bundle.record
    if (waiver.policy, waiver.name) != (record.policy.get("id"), record.registered_name):
        raise InputError(f"the waiver of {waiver.finding} is for {waiver.name!r} under {waiver.policy!r}")
    approver = _check(waiver, trust)
    approved = _receipt(waiver.approval)
    if is_author(approver, bundle):
        raise InputError(f"the waiver of {waiver.finding} was approved by the author, {waiver.approver!r}")
    decided = bundle.receipt
    if decided is not None and (approved.index > decided.index or not one_log([approved, decided])):
        raise InputError(f"the waiver of {waiver.finding} was not approved before the decision, in the same log")


def _check(waiver: Waiver, trust: Trust) -> Certificate:
    """Return who approved a waiver of which both entries hold and say what it says.

    Raises:
        InputError: they do not; the message names the finding.
    """
    proposed, approved = _receipt(waiver.proposal), _receipt(waiver.approval)
    try:
        owner = signed_by(proposed, Signatory, trust)[0]
        approver = signed_by(approved, APPROVERS, trust)[0]
    except GovernError as e:
        raise InputError(f"the waiver of {waiver.finding}: {e.message}") from None
    if _waiver(proposed, approved) != waiver or not one_log([proposed, approved]):
        raise InputError(f"the waiver of {waiver.finding} is not what its entries in the log say")
    if same_person(owner, approver):
        raise InputError(f"the waiver of {waiver.finding} was approved by its owner, {waiver.owner!r}")
    if not _unexpired(proposed.entry, approved.entry.moment):
        raise InputError(f"the waiver of {waiver.finding} was approved after it had expired")
    return approver


def _waiver(proposed: Receipt, approved: Receipt) -> Waiver:
    """Return the waiver that two entries make.

    Raises:
        InputError: they are no waiver and its approval.
    """
    entry, body = proposed.entry, proposed.entry.body
    about = {"waiver": proposed.index, "waiver_sha256": entry.leaf_sha256}
    if (entry.kind, approved.entry.kind, dict(approved.entry.body)) != (WAIVER, APPROVAL, about):
        raise InputError("these entries are no waiver and its approval")
    if not same_name(str(body.get("owner")), entry.actor):
        raise InputError(f"the waiver is owned by {body.get('owner')!r} and signed by {entry.actor!r}")
    stated = {
        **body,
        "approver": approved.entry.actor,
        "proposal": canonical.plain(proposed),
        "approval": canonical.plain(approved),
    }
    return facts.build(Waiver, stated, what="waiver")


def _receipt(value: Mapping[str, Any]) -> Receipt:
    from govern.evidence.receipt import read_receipt

    return read_receipt(canonical.dumps(value))


def _approval_of(proposed: Entry, entries: Sequence[Entry]) -> Entry | None:
    about = {"waiver": proposed.index, "waiver_sha256": proposed.leaf_sha256}
    return next((e for e in entries[proposed.index :] if e.kind == APPROVAL and dict(e.body) == about), None)


def _waiting(entries: Sequence[Entry]) -> list[Entry]:
    approved = {index_of(e.body, "waiver") for e in entries if e.kind == APPROVAL}
    return [e for e in entries if e.kind == WAIVER and e.index not in approved]


def _unexpired(proposed: Entry, now: datetime) -> bool:
    try:
        return date.fromisoformat(str(proposed.body.get("expires"))) >= now.date()
    except ValueError:
        return False


def _day(text: str, policy: Policy, now: datetime) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise PolicyError(f"--expires {text!r} is no date", hint=f"such as {now.date() + timedelta(days=90)}")
    latest = now.date() + timedelta(days=policy.waivers.max_days)
    if day < now.date():
        raise PolicyError(f"--expires {text} is past: today is {now:%Y-%m-%d}", hint="give the last day of the waiver")
    if day > latest:
        raise PolicyError(
            f"--expires {text}: the policy {policy.id} allows waivers of at most {policy.waivers.max_days} days",
            hint=f"give a day until {latest}, and propose it again then",
        )
    return day


def _finding(workspace: Workspace, log: Log, wanted: str, name: str | None, policy: Policy) -> Finding:
    """Return the finding in the newest decision, if a waiver can be for it."""
    decided = _newest(workspace, log, name, policy.id)
    what = f"the name {name!r}" if name else "`govern check` (no --name)"
    if decided is None:
        command = f"govern register MODEL_URI --name {name}" if name else "govern check"
        raise PolicyError(
            f"the gate has decided nothing for {what} under the policy {policy.id}", hint=f"run `{command}` first"
        )
    record = decided.record
    open_ids = (*record.decision.blocking, *record.decision.waived)
    found = next((f for f in record.findings if f.id == wanted), None)
    if found is None:
        raise PolicyError(
            f"evidence {decided.sha256[:12]}, the newest for {what}, has no finding {wanted!r}",
            hint=nearest(wanted, open_ids or [f.id for f in record.findings]),
        )
    if wanted not in open_ids:
        raise PolicyError(
            f"the finding {wanted!r} is {found.outcome.value} and blocks nothing",
            hint=f"what blocks: {', '.join(open_ids) or 'nothing'}",
        )
    if found.outcome not in policy.waivers.outcomes:
        raise PolicyError(
            f"the finding {wanted!r} is {found.outcome.value}, which the policy does not let be waived",
            hint=f"mend it; the policy lets {', '.join(policy.waivers.outcomes) or 'nothing'} be waived"
            + (f". {found.message}" if found.message else ""),
        )
    return found


def _newest(workspace: Workspace, log: Log, name: Any, policy_id: str) -> Bundle | None:
    """Return the evidence of the newest decision for a name under a policy.

    Raises:
        InputError: evidence is missing or damaged.
    """
    from govern.evidence import bundle

    for entry in reversed(log.find("decision", name=name)):
        sha256 = str(entry.body.get("evidence"))
        found = bundle.load(workspace.evidence / sha256)
        if found.record.policy.get("id") == policy_id:
            return found
    return None
