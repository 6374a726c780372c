"""Policy and inputs to findings: call each check, for each group, and judge what it measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from govern.canonical import plain
from govern.checks import catalogue
from govern.checks.catalogue import Check
from govern.checks.inputs import ROWS
from govern.checks.parameters import require
from govern.errors import GovernError, PolicyError, UnavailableError
from govern.judge import judge, unmet
from govern.policy.model import Policy, Rule
from govern.types import READING, Finding, Measurement, Outcome

if TYPE_CHECKING:
    from govern.aside import Aside
    from govern.inputs import Inputs

#: Families that measure the worst case for rejected inputs.
_DECISIONS = ("performance", "bias")
#: Digits that are kept of a measurement: the last ones differ between processors.
_DIGITS = 12


def evaluate(
    policy: Policy,
    inputs: Inputs,
    *,
    aside: Aside | None = None,
    keep: Callable[[bytes, str], str] | None = None,
    progress: Callable[[str], None] = lambda rule: None,
) -> tuple[Finding, ...]:
    """Return the findings of every rule, in the order of the policy.

    A check that raises gives an ``error`` finding, and one whose input is not there a ``not_available`` finding, or
    ``not_applicable`` where the policy says so of its family. ``progress`` is called with each rule's id. Checks
    whose libraries take long to import are measured in ``aside`` meanwhile, where there is one; what they have to
    show besides, a page of HTML, is given to ``keep``, and its digest stands in the details.

    Raises:
        PolicyError: a parameter of a rule is out of its range; nothing is measured then.
    """
    for rule in policy.checks:
        _require(rule)
    started = {} if aside is None else _started(policy, inputs, aside, keep)
    found = {}
    for rule in sorted(policy.checks, key=lambda r: r.id in started):
        progress(rule.id)
        found[rule.id] = list(_measured(rule, inputs, policy.not_applicable, started.get(rule.id)))
    findings: list[Finding] = []
    for rule in policy.checks:
        before = unmet(rule, findings)
        findings.extend(_untested(finding, before) for finding in found[rule.id])
    return tuple(findings)


def _started(
    policy: Policy, inputs: Inputs, aside: Aside, keep: Callable[[bytes, str], str] | None
) -> dict[str, Callable[[], list[Measurement]]]:
    """Have checks measured beside, and return for each rule what waits for its measurements."""
    started: dict[str, Callable[[], list[Measurement]]] = {}
    for rule in policy.checks:
        check = catalogue.load(rule.check)
        if check.beside and not rule.by and inputs.small(check.inputs):
            arguments = inputs.arguments(check.inputs, None)
            module, name = check.function.__module__, check.function.__name__
            measured = aside.call(module, name, **arguments, **rule.params)
            page = (
                None
                if keep is None or not check.shows
                else aside.call(module, catalogue.REPORT, **arguments, **rule.params)
            )
            started[rule.id] = partial(_waited, measured, page, keep)
    return started


def _waited(
    measured: Callable[[], Any], page: Callable[[], bytes | None] | None, keep: Callable[[bytes, str], str] | None
) -> list[Measurement]:
    """Wait for what a check measured beside, and for its page, which is kept."""
    found = _listed(measured())
    shown = None if page is None else page()
    if shown is None or keep is None:
        return found
    report = {"sha256": keep(shown, ".html"), "bytes": len(shown)}
    return [dataclasses.replace(m, details={**m.details, "report": report}) for m in found]


def measure(check: Check, inputs: Inputs, *, by: str | None = None, **params: Any) -> list[Measurement]:
    """Return what a check measures: of everybody, or with ``by`` of each group of that attribute.

    A check that asks for ``groups`` compares them itself; any other is called once for each group. Where the
    reference standard is equivocal or inputs were rejected, rows are read in more than one way, and each reading
    is measured: it is the key ``reading`` of the slice.

    Raises:
        PolicyError: a parameter is unknown, of another type or out of its range.
        UnavailableError: an input that the check asks for is not there.
        GovernError: the data is not fit to be measured.
    """
    require(check.id, check.parameters, params)
    if by is not None and not (check.grouped or check.sliceable):
        raise PolicyError(f"{check.id} measures more than rows of the test set", hint="measure it without groups")
    if not ROWS & set(check.inputs):
        return _read(check, inputs, by, params)
    return [
        dataclasses.replace(m, slice={**m.slice, **({READING: name} if name else {})})
        for name, reading in inputs.readings
        # Scores that stand for rejected inputs are no model's: they count in decisions, not in what risks mean.
        if check.family in _DECISIONS or not (reading.reading and reading.reading.worst)
        for m in _read(check, reading, by, params)
    ]


def _read(check: Check, inputs: Inputs, by: str | None, params: dict[str, Any]) -> list[Measurement]:
    flags = params.get("threshold", check.params["threshold"]) if check.only_flags else None
    if by is not None and not check.grouped:
        return [
            dataclasses.replace(_rounded(check.function(**arguments, **params)), slice={by: name})
            for name, arguments in inputs.slices(check.inputs, by, flags=flags)
        ]
    measured = _listed(check.function(**inputs.arguments(check.inputs, by, flags=flags), **params))
    if by is not None and [m.slice.get(by) for m in measured] != list(inputs.groups(by).names):
        raise GovernError(f"{check.id} did not measure each group of {by} once")
    return measured


def _listed(result: Measurement | list[Measurement]) -> list[Measurement]:
    return [_rounded(m) for m in (result if isinstance(result, list) else [result])]


def _untested(finding: Finding, before: list[str]) -> Finding:
    """Return a finding that passes as one that does not count, where the hierarchy does not reach its rule."""
    if not before or finding.outcome is not Outcome.PASS:
        return finding
    message = f"not tested: {', '.join(before)} comes first in the hierarchy and did not pass"
    return dataclasses.replace(finding, outcome=Outcome.INCONCLUSIVE, message=f"{message}; {finding.message}")


def _measured(
    rule: Rule, inputs: Inputs, declared: Container[str], started: Callable[[], list[Measurement]] | None = None
) -> Iterator[Finding]:
    check = catalogue.load(rule.check)
    everybody: list[str | None] = [None]
    for by in rule.by or everybody:
        try:
            measurements = started() if started else measure(check, inputs, by=by, **rule.params)
            if not measurements:
                raise GovernError("the check measured nothing")
        except UnavailableError as e:
            # What the policy declares to be not applicable need not be there; what is there is judged all the same.
            outcome = Outcome.NOT_APPLICABLE if rule.family in declared else Outcome.NOT_AVAILABLE
            yield _finding(rule, check, outcome, e.message, slice=_all_of(by), fix=e.hint)
        except PolicyError as e:  # a name that the data do not have is a mistake of the policy, not of the model
            raise PolicyError(f"rule {rule.id}: {e.message}", hint=e.hint) from None
        except GovernError as e:
            yield _finding(rule, check, Outcome.ERROR, e.message, slice=_all_of(by), fix=e.hint)
        except (Exception, SystemExit) as e:  # a crashed check is an error finding, whatever it crashed of
            yield _finding(rule, check, Outcome.ERROR, f"the check crashed: {type(e).__name__}: {e}", slice=_all_of(by))
        else:
            for measured in measurements:
                outcome, message = judge(measured, rule)
                yield _finding(rule, check, outcome, message, slice=dict(measured.slice), measurement=measured)


def _require(rule: Rule) -> None:
    check = catalogue.load(rule.check)
    try:
        require(check.id, check.parameters, rule.params)
    except PolicyError as e:
        raise PolicyError(f"rule {rule.id}: {e.message}", hint=e.hint) from None


def _rounded(measured: Measurement) -> Measurement:
    """Return a measurement whose numbers are equal wherever they are computed."""
    numbers = {name: _round(plain(getattr(measured, name))) for name in ("estimate", "lower", "upper", "details")}
    return dataclasses.replace(measured, **numbers)


def _round(value: Any) -> Any:
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
