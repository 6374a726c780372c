"""The gate: policy, findings, waivers and a date to a decision. Pure: no I/O, no clock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from govern.policy.model import Policy
from govern.types import Decision, Finding, Insufficient, Outcome, Severity, Verdict, Waiver

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
_PASSING = {Outcome.PASS, Outcome.NOT_APPLICABLE}


def holds(operator: str, value: float, bound: float) -> bool:
    """Whether ``value OPERATOR bound`` holds."""
    return _OPERATORS[operator](value, bound)


def decide(policy: Policy, findings: Sequence[Finding], *, waivers: Iterable[Waiver] = (), today: date) -> Decision:
    """Return the decision. Whatever is missing, crashed, skipped or underpowered blocks.

    A blocking finding is let by in two ways only: its rule says ``insufficient: limit`` and it is
    inconclusive with an interval that reaches the bound (it then is a limitation of use), or a waiver
    covers it that has not expired and that somebody other than its owner approved. Besides, every
    rule of the policy must have been measured and every mandatory family be covered: a missing
    result can never score.
    """
    blocking, limitations, warnings, waived = [], [], [], []
    valid = {w.finding for w in waivers if w.owner != w.approver and date.fromisoformat(w.expires) >= today}
    for finding in findings:
        if finding.outcome in _PASSING:
            continue
        if finding.severity is Severity.WARN:
            warnings.append(finding.id)
        elif _may_limit(policy, finding):
            limitations.append(finding.id)
        elif finding.id in valid:
            waived.append(finding.id)
        else:
            blocking.append(finding.id)
    reasons = _incomplete(policy, findings)
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


def _incomplete(policy: Policy, findings: Sequence[Finding]) -> list[str]:
    """Return what keeps the findings from covering the policy exactly."""
    rules = {r.id: r for r in policy.checks}
    measured = {f.rule for f in findings}
    reasons = [f"rule {r} was not measured" for r in rules if r not in measured]
    reasons += [f"finding {f.id} answers no rule of the policy" for f in findings if f.rule not in rules]
    for finding in findings:
        rule = rules.get(finding.rule)
        if rule and (finding.check, finding.severity, finding.insufficient) != (
            rule.check,
            rule.severity,
            rule.insufficient,
        ):
            reasons.append(f"finding {finding.id} was not judged by its rule")
    ids = [f.id for f in findings]
    reasons += [f"finding {i} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    reasons += [f"no blocking check in the mandatory family {f}" for f in policy.missing_families()]
    return reasons
