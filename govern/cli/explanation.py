"""A policy in plain words, rule by rule, for whoever must agree to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from govern.checks import catalogue
from govern.types import Criterion, Insufficient, Severity

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from govern.policy.model import Policy, Rule

_ON = {
    "lower": "the lower end of its 95 % interval",
    "upper": "the upper end of its 95 % interval",
    "estimate": "the measured value itself",
}
_IS = {">=": "at least", "<=": "at most", ">": "above", "<": "below", "==": "exactly"}


def explanation(policy: Policy) -> Group:
    """Return the policy as text: its rules by family, then what else it asks for."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(policy.title, style="bold"),
        Text(f"{policy.id} {policy.version}, {policy.task} outcome"),
        Text(f"sha256 {policy.sha256}"),
        *(Text(line) for line in _data(policy)),
    ]
    rules = sorted(policy.checks, key=lambda r: r.family)
    for family, members in groupby(rules, key=lambda r: r.family):
        parts.append(Text(f"\n{family.upper()}", style="bold"))
        parts += [_rule(rule) for rule in members]
    parts.append(Text("\nBESIDES", style="bold"))
    parts += [Text(line) for line in _besides(policy)]
    return Group(*parts)


def _rule(rule: Rule) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, title=Text(rule.id, style="bold"), title_justify="left")
    table.add_column(style="dim", no_wrap=True, min_width=9)
    table.add_column()
    for name, text in _lines(rule):
        table.add_row(f"  {name}", Text(text))
    return table


def _lines(rule: Rule) -> Iterator[tuple[str, str]]:
    check = catalogue.load(rule.check)
    where = ", ".join(f"{k} {_value(v)}" for k, v in rule.params.items())
    yield "measures", f"{check.doc['title']} ({rule.check}{', ' + where if where else ''})"
    yield "for", _whom(rule, compared=check.grouped)
    yield "must hold", " and ".join(_criterion(c) for c in rule.accept.criteria)
    if rule.min_events and check.inputs and {"scores", "classes", "values", "survival", "groups"} & set(check.inputs):
        yield (
            "rests on",
            f"at least {rule.min_events} patients (of the rarer kind, where two are compared), else no verdict",
        )
    if rule.after:
        yield "after", f"{', '.join(rule.after)} passed; else it does not count as met"
    yield "because", rule.because.strip() or "no reason is given"
    yield "if it fails", _failed(rule)
    yield "if unsure", _unsure(rule)


def _whom(rule: Rule, *, compared: bool) -> str:
    if not rule.by:
        return "everybody in the test set"
    who = ", ".join(rule.by)
    return f"each group of {who}, against all others" if compared else f"each group of {who}, by itself"


def _criterion(c: Criterion) -> str:
    return f"{_ON[c.on]} is {_IS[c.operator]} {c.bound:g}"


def _failed(rule: Rule) -> str:
    if rule.severity is Severity.WARN:
        return "a warning; registration is not stopped"
    return "registration is refused"


def _unsure(rule: Rule) -> str:
    if rule.severity is Severity.WARN:
        return "a warning too; never a pass"
    if rule.insufficient is Insufficient.LIMIT:
        return (
            "a stated limitation of use, on the dossier's first page; refused all the same where the whole interval "
            "lies on the wrong side"
        )
    return "registration is refused: not shown is not passed"


def _data(policy: Policy) -> Iterator[str]:
    for role, needed in policy.data.items():
        yield f"{role} data: at least {needed.min_rows:,} rows, {needed.min_events:,} of them with the rarer outcome"


def _besides(policy: Policy) -> Iterator[str]:
    yield f"must be declared in govern.yaml: {', '.join(policy.documentation.required) or 'nothing'}"
    yield f"must sign before promotion: {', '.join(a.role.value for a in policy.approvals) or 'nobody'}"
    yield f"evidence admits and promotes for {policy.evidence.valid_days} days after its decision"
    outcomes = ", ".join(policy.waivers.outcomes).replace("_", " ") or "nothing"
    yield f"a waiver may cover: {outcomes}; for {policy.waivers.max_days} days at most"
    for family, reason in policy.not_applicable.items():
        yield f"{family} does not apply: {reason.reason} ({reason.person})"
    yield "whatever crashes, is missing or was not measured is refused"


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
