"""A measurement judged by the criteria of a rule: pass, fail, inconclusive or error. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from itertools import pairwise

from govern.policy.model import Rule
from govern.types import Criterion, Finding, Measurement, Outcome

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
#: Below this support a verdict stands, and is flagged as thin.
_THIN = 100
#: Rounding of the last digits may part an estimate from a bound that it equals.
_ROUNDING = 1e-9


def holds(operator: str, value: float, bound: float) -> bool:
    """Whether ``value OPERATOR bound`` holds."""
    return _OPERATORS[operator](value, bound)


def judge(measured: Measurement, rule: Rule) -> tuple[Outcome, str]:
    """Return outcome and message of a measurement under a rule.

    ``error``: the numbers contradict each other. ``pass``: every criterion holds. ``fail``: the
    estimate itself violates one, and chance alone does not explain it (``null`` lies outside the interval, or
    there is none). ``inconclusive``: too little evidence, be it fewer than ``min_events``, an interval that does
    not exclude the bound although the estimate meets it, or one that holds ``null`` although it does not.
    """
    if wrong := _contradiction(measured):
        return Outcome.ERROR, wrong
    if not measured.sufficient or measured.estimate is None:
        return Outcome.INCONCLUSIVE, measured.message or "too little evidence for an estimate"
    if measured.support is not None and measured.support < rule.min_events:
        return Outcome.INCONCLUSIVE, _join(
            f"too little evidence: {measured.support} where {rule.min_events} are needed", measured.message
        )
    missed = [c for c in rule.accept.criteria if not _met(c, measured)]
    if not missed:
        thin = measured.support is not None and measured.support < _THIN
        return Outcome.PASS, _join(f"thin evidence ({measured.support})" if thin else "", measured.message)
    violated = [c for c in missed if not holds(c.operator, measured.estimate, c.bound)]
    if violated:
        text = f"{_number(measured.estimate)} where {violated[0].operator} {violated[0].bound:g} is required"
        if not _by_chance(measured):
            return Outcome.FAIL, _join(text, measured.message)
        limits = f"{_number(measured.lower)} to {_number(measured.upper)}"
        text += f", but chance alone may explain it: the interval {limits} holds {measured.null:g}"
        return Outcome.INCONCLUSIVE, _join(text, measured.message)
    bound = missed[0]
    return Outcome.INCONCLUSIVE, _join(
        f"not shown: {_number(measured.estimate)} meets {bound.operator} {bound.bound:g}, "
        f"its {bound.on} bound {_number(getattr(measured, bound.on))} does not",
        measured.message,
    )


def unmet(rule: Rule, findings: Iterable[Finding]) -> list[str]:
    """Return the rules before this one, in a hierarchy of endpoints, of which not every finding passes.

    In a fixed sequence each endpoint is tested at the full level, and only if all before it were met; so no
    level is split (Maurer, Hothorn and Lehmacher 1995; FDA, Multiple Endpoints in Clinical Trials, 2022).
    """
    outcomes: dict[str, list[Outcome]] = {name: [] for name in rule.after}
    for finding in findings:
        if finding.rule in outcomes:
            outcomes[finding.rule].append(finding.outcome)
    return [name for name, found in outcomes.items() if not found or set(found) != {Outcome.PASS}]


def _contradiction(measured: Measurement) -> str:
    """Return what is wrong with the numbers themselves: not finite, or an estimate outside its interval."""
    numbers = [n for n in (measured.lower, measured.estimate, measured.upper) if n is not None]
    if not all(math.isfinite(n) for n in numbers):
        return f"the check gave a number that is not finite: {numbers}"
    if any(a > b + _ROUNDING for a, b in pairwise(numbers)):
        return f"the check gave an estimate outside its interval: {numbers}"
    return ""


def _by_chance(measured: Measurement) -> bool:
    """Whether the interval holds the value that means no effect; not where either is unknown."""
    null, lower, upper = measured.null, measured.lower, measured.upper
    return null is not None and lower is not None and upper is not None and lower <= null <= upper


def _met(criterion: Criterion, measured: Measurement) -> bool:
    """Whether a criterion holds; a bound that was not measured meets nothing."""
    value = getattr(measured, criterion.on)
    return value is not None and holds(criterion.operator, value, criterion.bound)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}" if abs(value) < 1e-3 else f"{value:.3f}"


def _join(*parts: str) -> str:
    return "; ".join(p for p in parts if p)
