"""The gate: policy, findings, waivers and a date to a decision. Pure: no I/O, no clock."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from govern.judge import holds, judge, unmet
from govern.policy import from_json
from govern.policy.model import Policy, Rule
from govern.types import (
    MANDATORY_FAMILIES,
    Decision,
    Finding,
    Insufficient,
    Outcome,
    Record,
    Severity,
    Verdict,
    Waiver,
)

_PASSING = {Outcome.PASS, Outcome.NOT_APPLICABLE}


def decide(
    policy: Policy,
    findings: Sequence[Finding],
    *,
    waivers: Iterable[Waiver] = (),
    name: str | None = None,
    today: date,
) -> Decision:
    """Return the decision. Whatever is missing, crashed, skipped or underpowered blocks.

    A blocking finding is let by in two ways only: its rule says ``insufficient: limit`` and it is
    inconclusive with an interval that reaches the bound (it then is a limitation of use), or a waiver
    covers it: of this policy and registered name, for this very outcome, which the policy lets be waived,
    not expired, and approved by somebody other than its owner. Besides, the findings must cover the
    policy exactly, each judged as its rule says, and every mandatory family must have a blocking
    finding that passes or is waived: a missing result can never score.
    """
    blocking, limitations, warnings, waived = [], [], [], []
    covered = {(w.finding, w.outcome) for w in waivers if _in_force(w, policy, name, today)}
    for finding in findings:
        if finding.outcome in _PASSING:
            continue
        if finding.severity is Severity.WARN:
            warnings.append(finding.id)
        elif _may_limit(policy, finding):
            limitations.append(finding.id)
        elif (finding.id, finding.outcome) in covered:
            waived.append(finding.id)
        else:
            blocking.append(finding.id)
    reasons = [*_incomplete(policy, findings), *_uncovered(policy, findings, {*blocking, *waived})]
    return Decision(
        verdict=Verdict.DENY if blocking or reasons else Verdict.ALLOW,
        blocking=tuple(blocking),
        limitations=tuple(limitations),
        warnings=tuple(warnings),
        waived=tuple(waived),
        reasons=tuple(reasons),
    )


def _may_limit(policy: Policy, finding: Finding) -> bool:
    """Whether too little evidence may become a limitation: not where all of it points to failure."""
    if finding.outcome is not Outcome.INCONCLUSIVE or finding.insufficient is not Insufficient.LIMIT:
        return False
    rule = next((r for r in policy.checks if r.id == finding.rule), None)
    measured = finding.measurement
    if rule is None or measured is None:
        return False
    if measured.lower is None or measured.upper is None:
        # Nothing could be measured: a limitation for want of patients only, not because of the scores.
        return measured.support is not None and measured.support < rule.min_events
    return all(
        holds(c.operator, measured.lower, c.bound) or holds(c.operator, measured.upper, c.bound)
        for c in rule.accept.criteria
    )


def decide_again(record: Record, *, today: date) -> Decision:
    """Return the decision that a record's own policy, findings and waivers give.

    Raises:
        PolicyError: the recorded policy is not what its digest says.
    """
    return decide(
        from_json(record.policy),
        record.findings,
        waivers=record.waivers,
        name=record.registered_name,
        today=today,
    )


def same_name(one: str, other: str) -> bool:
    """Whether two printed names are one person's: case, width and spaces tell nobody apart."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _incomplete(policy: Policy, findings: Sequence[Finding]) -> list[str]:
    """Return what keeps the findings from covering the policy exactly."""
    rules = {r.id: r for r in policy.checks}
    reasons = []
    for rule in policy.checks:
        slices = [f.slice for f in findings if f.rule == rule.id]
        missing = [by for by in rule.by if not any(by in s for s in slices)]
        if not slices or missing:
            reasons.append(f"rule {rule.id} was not measured" + (f" by {', '.join(missing)}" if missing else ""))
    for finding in findings:
        if finding.rule not in rules:
            reasons.append(f"finding {finding.id} answers no rule of the policy")
        elif not _judged(finding, rules[finding.rule], policy, findings):
            reasons.append(f"finding {finding.id} was not judged by its rule")
    ids = [f.id for f in findings]
    reasons += [f"finding {i} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    return reasons


def _judged(finding: Finding, rule: Rule, policy: Policy, findings: Sequence[Finding]) -> bool:
    """Whether a finding is what its rule makes of its measurement."""
    stated = (finding.check, finding.family, finding.severity, finding.insufficient)
    if stated != (rule.check, rule.family, rule.severity, rule.insufficient):
        return False
    if finding.measurement is not None and dict(finding.measurement.slice) != dict(finding.slice):
        return False
    if finding.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE):
        if finding.measurement is None:
            return False
        outcome = judge(finding.measurement, rule)[0]
        if outcome is Outcome.PASS and unmet(rule, findings):
            outcome = Outcome.INCONCLUSIVE
        return outcome is finding.outcome
    return finding.outcome is not Outcome.NOT_APPLICABLE or rule.family in policy.not_applicable


def _uncovered(policy: Policy, findings: Sequence[Finding], settled: set[str]) -> list[str]:
    """Return the mandatory families of which nothing was shown: no blocking finding passes, blocks or is waived."""
    shown = {f.family for f in findings if f.severity is Severity.BLOCK and f.outcome is Outcome.PASS}
    shown |= {f.family for f in findings if f.id in settled}
    missing = [f for f in MANDATORY_FAMILIES if f not in shown and f not in policy.not_applicable]
    reasons = [f"no blocking finding passes in the mandatory family {f}" for f in missing]
    return reasons if reasons or shown else ["no blocking finding passes"]


def _in_force(waiver: Waiver, policy: Policy, name: str | None, today: date) -> bool:
    """Whether a waiver is in its scope, within what the policy allows, approved by another, and not expired."""
    if (waiver.policy, waiver.name) != (policy.id, name) or waiver.outcome not in policy.waivers.outcomes:
        return False
    try:
        return not same_name(waiver.owner, waiver.approver) and date.fromisoformat(waiver.expires) >= today
    except ValueError:
        return False
