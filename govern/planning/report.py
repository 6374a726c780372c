"""A plan as JSON and as Markdown for a study protocol."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from govern.canonical import plain
from govern.planning.need import NOT_PLANNED, PLANNED

if TYPE_CHECKING:
    from govern.planning.need import Need, Plan

ALONE = (
    "Each criterion alone has at least this power; that all of them hold at once is less likely. "
    "Rows are those among which the counts are reached with 95 % probability."
)


def as_json(plan: Plan) -> dict[str, Any]:
    """Return what ``govern plan --format json`` prints; ``curve`` holds points [size in ``unit``, power]."""
    study = plan.study
    return {
        "schema": "govern/plan/1",
        "policy": {"id": plan.policy.id, "version": plan.policy.version, "sha256": plan.policy.sha256},
        "power": study.power,
        "design_effect": study.design_effect,
        "assumptions": [{"what": what, "value": value, "source": source} for what, value, source in plan.assumptions],
        "needs": [plain(need) for need in plan.needs],
        "rows": {"to_pass": plain(plan.to_pass), "for_everyone": plain(plan.for_everyone)},
        "test_rows": study.test_rows or None,
        "never": [n.name for n in plan.never],
        "short": [n.name for n in plan.short],
    }


def markdown(plan: Plan) -> str:
    """Return the plan as a section of a study protocol."""
    lines = [
        f"# Sample size: {plan.policy.title}",
        "",
        f"Policy {plan.policy.id} {plan.policy.version}, sha256 `{plan.policy.sha256}`. Power "
        f"{plan.study.power:.0%} of the decision rule that the gate applies. {ALONE}",
        "",
        "## Assumptions",
        "",
        "| what | value | source |",
        "|---|---|---|",
        *(_row(*parts) for parts in plan.assumptions),
        "",
        "## Needs",
        "",
        "| rule | for whom | must hold | assumed | needed of it (events + non-events) | rows in all | power | method |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(*_cells(n)) for n in plan.needs if n.outcome != NOT_PLANNED),
        "",
        *totals(plan),
        "",
        "## Not planned",
        "",
        *(f"- {text}" for text in not_planned(plan)),
    ]
    return "\n".join(lines) + "\n"


def totals(plan: Plan) -> Iterator[str]:
    """Yield what the study needs as a whole, in sentences."""
    to_pass, everyone = plan.to_pass, plan.for_everyone
    yield f"To pass what blocks: {to_pass.rows:,} rows" + (f" ({to_pass.driver} needs most)." if to_pass.rows else ".")
    if everyone.rows > to_pass.rows:
        yield f"To decide every group and every warning too: {everyone.rows:,} rows ({everyone.driver} needs most)."
    if plan.never:
        yield "Never, under these assumptions: " + ", ".join(n.name for n in plan.never) + "."
    if plan.study.test_rows:
        short = ", ".join(n.name for n in plan.short) or "nothing"
        yield f"The declared test set of {plan.study.test_rows:,} rows is too small for: {short}."


def not_planned(plan: Plan) -> Iterator[str]:
    """Yield each reason why there is no size, with the rules that it holds for."""
    rest = sorted((n for n in plan.needs if n.outcome == NOT_PLANNED), key=lambda n: n.message)
    for reason, needs in groupby(rest, key=lambda n: n.message):
        yield f"{', '.join(dict.fromkeys(n.rule for n in needs))}: {reason}"


def counted(need: Need) -> str:
    """Return ``112 events``, or ``196 + 456`` for events and non-events, or why there is no such number."""
    if need.outcome != PLANNED or need.counts is None:
        return f"{need.outcome}: {need.message}"
    if len(need.counts) == 2:
        return " + ".join(f"{n:,}" for n in need.counts.values())
    return ", ".join(f"{n:,} {name}" for name, n in need.counts.items())


def power(need: Need) -> str:
    """Return the power with its Monte-Carlo error, if it has one; a dash where there is none."""
    if need.power is None:
        return "-"
    return f"{need.power:.2f}" + (f" ± {need.error:.2f}" if need.error else "")


def whom(need: Need) -> str:
    """Return ``race black (15 %)``, or ``everybody``."""
    if not need.slice:
        return "everybody"
    who = ", ".join(f"{k} {v}" for k, v in need.slice.items())
    return who if need.share is None else f"{who} ({need.share:.1%})"


def _cells(need: Need) -> tuple[str, ...]:
    assumed = "-" if need.assumed is None else f"{need.assumed.value:.3g} ({need.assumed.source})"
    rows = "-" if need.rows is None else f"{need.rows:,}"
    note = f"{need.method}; {need.message}" if need.message and need.outcome == PLANNED else need.method
    return need.rule, whom(need), need.criterion, assumed, counted(need), rows, power(need), note or "-"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
