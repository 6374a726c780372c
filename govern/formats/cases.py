"""Results as a flat list of cases, the common ground of JUnit, SARIF and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from govern.causes import Cause, causes
from govern.types import Decision, Finding, Outcome, Step


class Level(StrEnum):
    """How much a case matters to whoever reads the report."""

    PASS = "pass"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of a report: what it is about, how it went, and what to do."""

    name: str
    group: str
    level: Level
    outcome: str
    message: str
    fix: str = ""
    measured: str = ""
    required: str = ""


def of_findings(findings: Sequence[Finding], decision: Decision) -> list[Case]:
    """Return a case for each finding, one for each cause that stops several rules, and one for each other reason."""
    shared = causes(findings)
    cases = [_of_cause(cause, decision) for cause in dict.fromkeys(shared.values())]
    cases += [
        Case(
            name=f.id,
            group=f.check,
            level=_level(f, decision),
            outcome=f.outcome.value,
            message=f.message,
            fix=f.fix,
            measured=interval(f.measurement),
            required=f.criterion,
        )
        for f in findings
        if f.id not in shared
    ]
    return cases + [
        Case(name=reason, group="gate", level=Level.ERROR, outcome="error", message=reason)
        for reason in decision.reasons
    ]


def of_measurements(measured: Sequence[dict[str, Any]]) -> list[Case]:
    """Return a case for each measurement in its JSON form."""
    return [
        Case(
            name=f"{m['check']}{slice_text(m['slice'])}",
            group=m["check"],
            level=Level.WARNING if m["outcome"] else Level.NOTE,
            outcome=m["outcome"] or "measured",
            message=m["message"],
            measured=_bounds(m["estimate"], m["lower"], m["upper"]),
        )
        for m in measured
    ]


def of_steps(steps: Sequence[Step]) -> list[Case]:
    """Return a case for each step of a verification."""
    return [
        Case(
            name=s.name,
            group="verify",
            level=Level.PASS if s.ok else Level.ERROR,
            outcome="ok" if s.ok else "failed",
            message="" if s.ok else f"expected {s.expected}; found {s.found}",
            measured=s.found,
            required=s.expected,
        )
        for s in steps
    ]


def interval(measured: Any) -> str:
    """Return ``0.731 [0.702, 0.758]``, as exact as three decimals, or a dash."""
    return "-" if measured is None else _bounds(measured.estimate, measured.lower, measured.upper)


def slice_text(slice_: Any) -> str:
    """Return ``[sex=female]``, or nothing for everybody."""
    return f"[{','.join(f'{k}={v}' for k, v in slice_.items())}]" if slice_ else ""


def _of_cause(cause: Cause, decision: Decision) -> Case:
    levels = [_level(f, decision) for f in cause.findings]
    return Case(
        name=f"{cause.rules[0]} and {len(cause.rules) - 1} more",
        group="gate",
        level=Level.ERROR if Level.ERROR in levels else Level.WARNING,
        outcome=cause.outcome.value,
        message=f"{cause.message}; {cause}",
        fix=cause.fix,
    )


def _bounds(estimate: float | None, lower: float | None, upper: float | None) -> str:
    if estimate is None:
        return "-"
    if lower is None or upper is None or lower == estimate == upper:
        return _short(estimate)
    return f"{_short(estimate)} [{_short(lower)}, {_short(upper)}]"


def _short(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3f}" if abs(value) >= 1e-3 else f"{value:.1e}"


def _level(finding: Finding, decision: Decision) -> Level:
    if finding.id in decision.blocking:
        return Level.ERROR
    return Level.PASS if finding.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE) else Level.WARNING
