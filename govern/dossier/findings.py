"""Findings as a reader meets them: by family, rule and slice, each number as text beside its finding id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govern.checks import catalogue
from govern.dossier.numbers import NONE, count, criterion, interval, number, readable
from govern.errors import GovernError
from govern.types import Finding, Outcome, Record, Severity

#: Outcome -> the sign before its word. Signs differ in shape, so that nothing rests on colour.
MARKS: Mapping[Outcome, str] = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.INCONCLUSIVE: "◇",
    Outcome.NOT_AVAILABLE: "○",
    Outcome.ERROR: "!",
    Outcome.NOT_APPLICABLE: "–",  # noqa: RUF001
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One finding, all numbers as text. ``anchor`` is its place in the document, safe in any address."""

    anchor: str
    id: str
    slice: str
    outcome: str
    word: str
    mark: str
    #: What it did to the decision: ``blocks``, ``limitation``, ``warning``, ``waived`` or nothing.
    effect: str
    n: str
    events: str
    estimate: str
    interval: str
    method: str
    criterion: str
    message: str
    finding: Finding

    @property
    def summary(self) -> str:
        """Estimate, interval and n in one phrase; empty where nothing was measured."""
        if self.estimate == NONE:
            return f"n {self.n}" if self.n != NONE else ""
        interval = f" ({self.interval})" if self.interval != NONE else ""
        return f"{self.estimate}{interval}, n {self.n}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the policy with its findings and the docstring of its check."""

    id: str
    check: str
    family: str
    title: str
    criterion: str
    severity: str
    insufficient: str
    min_events: str
    because: str
    params: tuple[tuple[str, str], ...]
    by: tuple[str, ...]
    controls: tuple[str, ...]
    fix: str
    rows: tuple[Row, ...]

    @property
    def grouped(self) -> bool:
        """Whether it looks at groups."""
        return bool(self.by) or any(r.slice for r in self.rows)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of its findings, each once."""
        return tuple(dict.fromkeys(r.method for r in self.rows if r.method != NONE))

    @property
    def open(self) -> tuple[Row, ...]:
        """Its findings that are no pass."""
        return tuple(r for r in self.rows if r.outcome != Outcome.PASS.value)


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a check works: the paragraphs of its docstring, empty where it is not known to this installation."""

    check: str
    title: str
    parts: tuple[tuple[str, str], ...]


def rules(record: Record) -> tuple[Rule, ...]:
    """Return the rules of the policy in its order, then those of findings that answer no rule."""
    rows: dict[str, list[Row]] = {}
    first: dict[str, Finding] = {}
    effects = _effects(record)
    for position, finding in enumerate(record.findings):
        rows.setdefault(finding.rule, []).append(_row(position, finding, effects.get(finding.id, "")))
        first.setdefault(finding.rule, finding)
    known: dict[str, Mapping[str, Any]] = {str(r["id"]): r for r in record.policy.get("checks", ())}
    return tuple(_rule(i, known.get(i, {}), first.get(i), rows.get(i, [])) for i in dict.fromkeys([*known, *rows]))


def methods(found: Iterable[Rule]) -> tuple[Method, ...]:
    """Return how each check of the rules works, once, by id."""
    return tuple(_method(check) for check in sorted({r.check for r in found}))


def counts(record: Record) -> tuple[tuple[str, str, int], ...]:
    """Return (outcome, its word, how many findings) for every outcome, in a fixed order."""
    found = Counter(f.outcome for f in record.findings)
    return tuple((o.value, word(o), found[o]) for o in MARKS)


def word(outcome: Outcome) -> str:
    """Return the outcome as words: ``not available``."""
    return outcome.value.replace("_", " ")


def _effects(record: Record) -> dict[str, str]:
    decided = record.decision
    named = {
        "blocks": decided.blocking,
        "limitation": decided.limitations,
        "warning": decided.warnings,
        "waived": decided.waived,
    }
    return {finding: effect for effect, ids in named.items() for finding in ids}


def _row(position: int, finding: Finding, effect: str) -> Row:
    measured = finding.measurement
    return Row(
        anchor=f"finding-{position}",
        id=finding.id,
        slice=", ".join(f"{k} = {v}" for k, v in finding.slice.items()),
        outcome=finding.outcome.value,
        word=word(finding.outcome),
        mark=MARKS[finding.outcome],
        effect=effect,
        n=count(measured.n) if measured else NONE,
        events=count(measured.events) if measured else NONE,
        estimate=number(measured.estimate) if measured else NONE,
        interval=interval(measured.lower, measured.upper) if measured else NONE,
        method=(measured.method if measured else "") or NONE,
        criterion=criterion(finding.criterion),
        message=readable(finding.message),
        finding=finding,
    )


def _rule(identifier: str, declared: Mapping[str, Any], finding: Finding | None, rows: Sequence[Row]) -> Rule:
    check = str(declared.get("check") or (finding.check if finding else ""))
    accepted = declared.get("accept") or {}
    stated = " and ".join(f"{on} {accepted[on]}" for on in ("lower", "upper", "estimate") if accepted.get(on))
    severity = declared.get("severity") or (finding.severity.value if finding else Severity.BLOCK.value)
    return Rule(
        id=identifier,
        check=check,
        family=check.partition(".")[0],
        title=_doc(check).get("title") or check,
        criterion=criterion(finding.criterion if finding else stated),
        severity=str(severity),
        insufficient=str(declared.get("insufficient", "block")),
        min_events=count(declared.get("min_events")),
        because=str(declared.get("because", "")),
        params=tuple((str(k), _param(v)) for k, v in (declared.get("params") or {}).items()),
        by=tuple(declared.get("by") or ()),
        controls=tuple(declared.get("controls") or ()),
        fix=finding.fix if finding else "",
        rows=tuple(rows),
    )


def _param(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _method(check: str) -> Method:
    doc = _doc(check)
    return Method(
        check=check,
        title=doc.get("title") or check,
        parts=tuple((h.capitalize(), doc[h]) for h in ("why", "how", "limits", "see") if doc.get(h)),
    )


def _doc(check: str) -> Mapping[str, str]:
    """Return the check's docstring; nothing where this installation does not have the check."""
    try:
        return catalogue.load(check).doc
    except (GovernError, ImportError):
        return {}
