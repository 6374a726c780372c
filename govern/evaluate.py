"""Policy and inputs to findings: call each check, for each group, and judge what it measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.errors import GovernError, UnavailableError
from govern.gate import holds
from govern.policy.model import Policy, Rule
from govern.types import Criterion, Finding, Measurement, Outcome

if TYPE_CHECKING:
    from govern.inputs import Inputs

#: Below this support a verdict stands, and is flagged as thin.
_THIN = 100


def evaluate(
    policy: Policy, inputs: Inputs, *, progress: Callable[[str], None] = lambda rule: None
) -> tuple[Finding, ...]:
    """Return the findings of every rule, in the order of the policy.

    A check that raises gives an ``error`` finding, and one whose input is not there a
    ``not_available`` finding: neither passes. ``progress`` is called with each rule's id.
    """
    findings: list[Finding] = []
    for rule in policy.checks:
        progress(rule.id)
        findings.extend(_measured(rule, catalogue.load(rule.check), inputs))
    return tuple(findings)


def measure(check: Check, inputs: Inputs, *, by: str | None = None, **params: Any) -> list[Measurement]:
    """Return what a check measures: of everybody, or with ``by`` of each group of that attribute.

    A check that asks for ``groups`` compares them itself; any other is called once for each group.

    Raises:
        UnavailableError: an input that the check asks for is not there.
        GovernError: the data is not fit to be measured.
    """
    if by is None or check.grouped:
        result = check.function(**{name: inputs.get(name, by) for name in check.inputs}, **params)
        return result if isinstance(result, list) else [result]
    return [_of_group(check, inputs, by, name, mask, params) for name, mask in inputs.slices(by)]


def judge(measured: Measurement, rule: Rule) -> tuple[Outcome, str]:
    """Return outcome and message of a measurement under a rule.

    ``pass``: every criterion holds. ``fail``: the estimate itself violates one. ``inconclusive``: too
    little evidence, either fewer than ``min_events`` or an interval that does not exclude the bound
    although the estimate meets it.
    """
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
        return Outcome.FAIL, _join(text, measured.message)
    bound = missed[0]
    return Outcome.INCONCLUSIVE, _join(
        f"not shown: {_number(measured.estimate)} meets {bound.operator} {bound.bound:g}, "
        f"its {bound.on} bound {_number(getattr(measured, bound.on))} does not",
        measured.message,
    )


def _measured(rule: Rule, check: Check, inputs: Inputs) -> Iterator[Finding]:
    everybody: list[str | None] = [None]
    for by in rule.by or everybody:
        try:
            measurements = measure(check, inputs, by=by, **rule.params)
            if not measurements:
                raise GovernError("the check measured nothing")
        except UnavailableError as e:
            yield _finding(rule, check, Outcome.NOT_AVAILABLE, e.message, slice=_all_of(by), fix=e.hint)
        except GovernError as e:
            yield _finding(rule, check, Outcome.ERROR, e.message, slice=_all_of(by), fix=e.hint)
        except Exception as e:  # a crashed check is an error finding, whatever it crashed of
            yield _finding(rule, check, Outcome.ERROR, f"the check crashed: {type(e).__name__}: {e}", slice=_all_of(by))
        else:
            for measured in measurements:
                outcome, message = judge(measured, rule)
                yield _finding(rule, check, outcome, message, slice=dict(measured.slice), measurement=measured)


def _of_group(check: Check, inputs: Inputs, by: str, name: str, mask: Any, params: dict[str, Any]) -> Measurement:
    import dataclasses

    scores = inputs.get("scores").where(mask)
    arguments = {n: scores if n == "scores" else inputs.get(n) for n in check.inputs}
    measured: Measurement = check.function(**arguments, **params)
    return dataclasses.replace(measured, slice={by: name})


def _finding(
    rule: Rule,
    check: Check,
    outcome: Outcome,
    message: str,
    *,
    slice: dict[str, str],  # noqa: A002 - the field's name
    measurement: Measurement | None = None,
    fix: str = "",
) -> Finding:
    where = ",".join(f"{k}={v}" for k, v in slice.items())
    return Finding(
        id=f"{rule.id}[{where}]" if where else rule.id,
        rule=rule.id,
        check=check.id,
        family=check.family,
        outcome=outcome,
        severity=rule.severity,
        insufficient=rule.insufficient,
        criterion=" and ".join(str(c) for c in rule.accept.criteria),
        message=message,
        slice=slice,
        controls=tuple(rule.controls),
        measurement=measurement,
        fix=fix or check.doc.get("fix", ""),
    )


def _met(criterion: Criterion, measured: Measurement) -> bool:
    """Whether a criterion holds; a bound that was not measured meets nothing."""
    value = getattr(measured, criterion.on)
    return value is not None and holds(criterion.operator, value, criterion.bound)


def _all_of(by: str | None) -> dict[str, str]:
    return {} if by is None else {by: "(all)"}


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}" if abs(value) < 1e-3 else f"{value:.3f}"


def _join(*parts: str) -> str:
    return "; ".join(p for p in parts if p)
