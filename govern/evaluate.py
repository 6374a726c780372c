"""Policy and inputs to findings: call each check, for each group, and judge what it measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from govern.canonical import plain
from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.errors import GovernError, PolicyError, UnavailableError
from govern.judge import judge
from govern.policy.model import Policy, Rule
from govern.types import Finding, Measurement, Outcome

if TYPE_CHECKING:
    from govern.inputs import Inputs

#: Digits that are kept of a measurement: the last ones differ between processors.
_DIGITS = 12


def evaluate(
    policy: Policy, inputs: Inputs, *, progress: Callable[[str], None] = lambda rule: None
) -> tuple[Finding, ...]:
    """Return the findings of every rule, in the order of the policy.

    A check that raises gives an ``error`` finding, and one whose input is not there a
    ``not_available`` finding: neither passes. ``progress`` is called with each rule's id.

    Raises:
        PolicyError: a parameter of a rule is out of its range.
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
    if by is not None and not check.grouped:
        if not check.sliceable:
            raise PolicyError(f"{check.id} measures more than rows of the test set", hint="measure it without groups")
        return [_of_group(check, inputs, by, name, mask, params) for name, mask in inputs.slices(by)]
    result = check.function(**{name: inputs.get(name, by) for name in check.inputs}, **params)
    measured = [_rounded(m) for m in (result if isinstance(result, list) else [result])]
    if by is not None and [m.slice.get(by) for m in measured] != list(inputs.groups(by).names):
        raise GovernError(f"{check.id} did not measure each group of {by} once")
    return measured


def _measured(rule: Rule, check: Check, inputs: Inputs) -> Iterator[Finding]:
    everybody: list[str | None] = [None]
    for by in rule.by or everybody:
        try:
            measurements = measure(check, inputs, by=by, **rule.params)
            if not measurements:
                raise GovernError("the check measured nothing")
        except UnavailableError as e:
            yield _finding(rule, check, Outcome.NOT_AVAILABLE, e.message, slice=_all_of(by), fix=e.hint)
        except PolicyError as e:  # a parameter out of its range is a mistake of the policy, not of the model
            raise PolicyError(f"rule {rule.id}: {e.message}", hint=e.hint) from None
        except GovernError as e:
            yield _finding(rule, check, Outcome.ERROR, e.message, slice=_all_of(by), fix=e.hint)
        except (Exception, SystemExit) as e:  # a crashed check is an error finding, whatever it crashed of
            yield _finding(rule, check, Outcome.ERROR, f"the check crashed: {type(e).__name__}: {e}", slice=_all_of(by))
        else:
            for measured in measurements:
                outcome, message = judge(measured, rule)
                yield _finding(rule, check, outcome, message, slice=dict(measured.slice), measurement=measured)


def _of_group(check: Check, inputs: Inputs, by: str, name: str, mask: Any, params: dict[str, Any]) -> Measurement:
    scores = inputs.get("scores").where(mask)
    arguments = {n: scores if n == "scores" else inputs.get(n) for n in check.inputs}
    measured: Measurement = check.function(**arguments, **params)
    return dataclasses.replace(_rounded(measured), slice={by: name})


def _rounded(measured: Measurement) -> Measurement:
    """Return a measurement whose numbers are equal wherever they are computed."""
    numbers = {name: _round(getattr(measured, name)) for name in ("estimate", "lower", "upper", "details")}
    return dataclasses.replace(measured, **numbers)


def _round(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {k: _round(v) for k, v in value.items()}
    return [_round(v) for v in value] if isinstance(value, list) else value


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
        criterion=str(rule.accept),
        message=message,
        slice=slice,
        controls=tuple(rule.controls),
        measurement=measurement,
        fix=fix or check.doc.get("fix", ""),
    )


def _all_of(by: str | None) -> dict[str, str]:
    return {} if by is None else {by: "(all)"}
