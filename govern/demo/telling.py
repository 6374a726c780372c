"""Findings in plain words and short tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern.demo.stage import claim
from govern.errors import GovernError
from govern.types import Finding, Step

if TYPE_CHECKING:
    from rich.table import Table

    from govern.evidence.bundle import Bundle


def table(findings: Sequence[Finding]) -> Table:
    """Return rule, measured value with its interval, and what was required, a row each."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("  rule", "measured \\[95 %]", "required"):
        table.add_column(title, no_wrap=title != "required")
    for f in findings:
        table.add_row(f"  {f.rule}", interval(f).replace("[", "\\["), f.criterion)
    return table


def interval(finding: Finding) -> str:
    """Return the estimate with its 95 % interval, or the outcome where nothing was measured."""
    m = finding.measurement
    if m is None or m.estimate is None:
        return finding.outcome.value
    bounds = "" if m.lower is None or m.upper is None else f" [{m.lower:.3f}, {m.upper:.3f}]"
    return f"{m.estimate:.3f}{bounds}"


def estimate(finding: Finding) -> float:
    """Return the estimate.

    Raises:
        GovernError: nothing was measured.
    """
    if finding.measurement is None or finding.measurement.estimate is None:
        raise GovernError(f"{finding.id} was not measured")
    return finding.measurement.estimate


def softened(risk: float, slope: float) -> float:
    """Return the risk that a stated risk stands for under a calibration slope (intercept 0)."""
    odds: float = (risk / (1 - risk)) ** slope
    return odds / (1 + odds)


def limited(bundle: Bundle) -> str:
    """Return the groups to which a limitation applies, with the number of their test patients."""
    found = {f.id: f for f in bundle.record.findings}
    limited = {tuple(found[i].slice.items()) for i in bundle.record.decision.limitations if found[i].slice}
    sizes = dict.fromkeys(sorted(limited), 0)
    for f in found.values():
        group = tuple(f.slice.items())
        if group in sizes and f.measurement is not None:
            sizes[group] = max(sizes[group], f.measurement.n)
    return "; ".join(f"{', '.join(f'{k} {v}' for k, v in group)}: {n} patients" for group, n in sizes.items())


def false_alarms(finding: Finding) -> str:
    """Return the warning about unequal false alarms in plain words, from what was measured."""
    details = finding.measurement.details if finding.measurement is not None else {}
    claim(details.get("rate") == "false positive rate", "the warning is about false alarms")
    return (
        f"One to read: of black patients who survive {details['group_rate']:.0%} are marked, of all others "
        f"{details['rest_rate']:.0%} ({finding.id}, a warning because those who die are found equally often)."
    )


def first_failure(steps: Sequence[Step]) -> str:
    """Return which step failed and what it found, or nothing."""
    failed = next((s for s in steps if not s.ok), None)
    return "" if failed is None else f" (it failed at {failed.name!r}: {failed.found})"
