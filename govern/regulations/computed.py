"""What was measured: a probe's question to an answer from the evidence's findings and record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.regulations.answer import Answer, combined
from govern.regulations.model import Kind, Probe, State
from govern.regulations.record import ITEMS, groups_of
from govern.types import Finding, Outcome, Record

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

_STATES = {
    Outcome.PASS: State.PASS,
    Outcome.FAIL: State.FAIL,
    Outcome.INCONCLUSIVE: State.INCONCLUSIVE,
    Outcome.NOT_APPLICABLE: State.NOT_APPLICABLE,
    Outcome.NOT_AVAILABLE: State.NOT_RUN,
    Outcome.ERROR: State.NOT_RUN,
}
_SAID = {
    State.FAIL: "do not meet their criterion",
    State.INCONCLUSIVE: "could not be shown either way",
    State.NOT_RUN: "were not measured",
}
#: A state, its sentence, and the findings that say so.
_Part = tuple[State, str, tuple[str, ...]]


def answer(probe: Probe, bundle: Bundle, stale: str = "") -> Answer:
    """Return what the evidence says of a probe; ``stale`` is why none of it speaks of the present, empty if it does.

    Raises:
        InputError: what travels with the evidence is malformed.
    """
    state, why, findings = _answered(probe, bundle)
    if stale and state is not State.NOT_RUN:
        state, why = State.STALE, f"{stale} It was: {state.value}."
    return Answer(
        kind=Kind.COMPUTED,
        need=probe.id,
        title=probe.title,
        state=state,
        why=why,
        findings=findings,
        misses=probe.misses,
    )


def _answered(probe: Probe, bundle: Bundle) -> _Part:
    if probe.not_available:
        return State.NOT_RUN, probe.not_available, ()
    parts: list[_Part] = [_measured(probe, bundle.record)] if probe.checks or probe.families else []
    lacks = [lack for item in probe.record if (lack := ITEMS[item](bundle)) is not None]
    parts += [(lack.state, lack.why, ()) for lack in lacks]
    if probe.record and not lacks:
        parts.append((State.PASS, f"The evidence holds it: {', '.join(probe.record)}.", ()))
    state = combined(part[0] for part in parts)
    return next(part for part in parts if part[0] is state)


def _measured(probe: Probe, record: Record) -> _Part:
    rules = [r for r in record.policy.get("checks") or () if _asks(probe, r["check"]) and (not probe.by or r.get("by"))]
    found = [f for f in record.findings if _asks(probe, f.check) and _of_group(probe, f)]
    unmeasured = [str(r["id"]) for r in rules if not any(f.rule == r["id"] for f in found)]
    if probe.by and "any" not in probe.by:  # a rule by other groups does not answer
        unmeasured = []
    if not found:
        if said := _declared_away(probe, record):
            return State.NOT_APPLICABLE, said, ()
        whom = f" by {' or '.join(probe.by)}" if probe.by and "any" not in probe.by else " by group" if probe.by else ""
        return State.NOT_RUN, f"No rule of the policy measures it{whom}.", ()
    parts = [_of_state(state, found, record) for state in dict.fromkeys(_STATES[f.outcome] for f in found)]
    if unmeasured:
        parts.append((State.NOT_RUN, f"The rule {', '.join(unmeasured)} was not measured.", ()))
    state = combined(part[0] for part in parts)
    return next(part for part in parts if part[0] is state)


def _asks(probe: Probe, check: str) -> bool:
    return check in probe.checks or check.partition(".")[0] in probe.families


def _of_group(probe: Probe, finding: Finding) -> bool:
    """Whether a finding is about those whom the probe asks for; ``sex*race`` is about both."""
    if not probe.by:
        return True
    groups = groups_of(finding)
    return bool(groups) and ("any" in probe.by or bool(groups & set(probe.by)))


def _of_state(state: State, found: Sequence[Finding], record: Record) -> _Part:
    mine = [f for f in found if _STATES[f.outcome] is state]
    ids = tuple(f.id for f in mine)
    if state is State.PASS:
        whose = "its" if len(mine) == 1 else "their"
        return state, f"{_count(len(mine))} of {_rules(mine)} met {whose} criterion.", ids
    if state is State.NOT_APPLICABLE:
        said = _declared_away_families(sorted({f.family for f in mine}), record)
        return state, said or mine[0].message, ids
    waived = [i for i in ids if i in record.decision.waived]
    first = mine[0]
    if len(mine) == 1:
        why = f"{first.id}: {first.message.rstrip('.')}."
    else:
        why = f"{len(mine)} of {len(found)} findings {_SAID[state]}, first {first.id}: {first.message.rstrip('.')}."
    return state, f"{why}{f' Waived: {len(waived)} of {len(mine)}.' if waived else ''}", ids


def _count(n: int) -> str:
    return f"{n} finding{'' if n == 1 else 's'}"


def _rules(found: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(f.rule for f in found))
    return f"the rule {names[0]}" if len(names) == 1 else f"{len(names)} rules"


def _declared_away(probe: Probe, record: Record) -> str:
    """Return why the policy declares every family of the probe not applicable; empty where it does not."""
    return _declared_away_families(sorted({*probe.families, *(c.partition(".")[0] for c in probe.checks)}), record)


def _declared_away_families(families: Sequence[str], record: Record) -> str:
    said: Any = record.policy.get("not_applicable") or {}
    if not families or not all(f in said for f in families):
        return ""
    return (
        "; ".join(f"{f}: {str(said[f].get('reason')).rstrip('.')} (said by {said[f].get('person')})" for f in families)
        + "."
    )
