"""How long evidence is good for: counted from its decision in the log, as its policy says."""

from __future__ import annotations

from datetime import datetime, timedelta

from govern.errors import GovernError
from govern.gate import decide_again
from govern.policy import from_json
from govern.types import Record, Step

CURRENT, DECIDED = "evidence is current", "decision as of today"


def until(record: Record, decided: datetime) -> datetime:
    """Return the moment (UTC) from which evidence that was decided at ``decided`` admits and promotes nothing.

    Raises:
        PolicyError: the recorded policy cannot be read.
    """
    return decided + timedelta(days=from_json(record.policy).evidence.valid_days)


def told(record: Record, decided: datetime, now: datetime) -> Step:
    """Return the step that tells when evidence expires or has expired.

    It is ok either way: evidence that grew old is still what was signed, and an auditor opens it years later.
    """
    step = current(record, decided, now)
    return Step(name=step.name, ok=True, expected=step.expected, found=step.found)


def current(record: Record, decided: datetime, now: datetime) -> Step:
    """Return the step that says whether evidence may still admit and promote."""
    expected = "a decision in the log that is not older than the policy allows"
    try:
        end = until(record, decided)
    except GovernError as e:
        return Step(name=CURRENT, ok=False, expected=expected, found=e.message)
    day = f"{end:%Y-%m-%d %H:%M} UTC"
    found = (
        f"expires on {day}"
        if now < end
        else f"expired on {day}: it admits and promotes nothing until the gate is run again"
    )
    return Step(name=CURRENT, ok=now < end, expected=expected, found=found)


def decided_now(record: Record, now: datetime) -> Step:
    """Return the step that says whether the decision would be the same today: a waiver may have expired since."""
    expected = f"{record.decision.verdict.value}, as it was decided"
    try:
        again = decide_again(record, today=now.date())
    except GovernError as e:
        return Step(name=DECIDED, ok=False, expected=expected, found=e.message)
    lapsed = [w.finding for w in record.waivers if w.finding in again.blocking]
    found = (
        f"{again.verdict.value}: {', '.join((*again.blocking, *again.reasons))}"
        if again.blocking or again.reasons
        else again.verdict.value
    )
    if lapsed:
        found += f" (the waiver of {', '.join(lapsed)} has expired)"
    return Step(name=DECIDED, ok=again == record.decision, expected=expected, found=found)
