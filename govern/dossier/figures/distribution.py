"""Distribution of scores then and now: details ``{"bins": [{"lower", "upper", "reference", "current"}]}``."""

from __future__ import annotations

from govern.dossier.figures.canvas import BLUE, FULL, GREY, Figure, sheet
from govern.dossier.findings import Row, Rule
from govern.dossier.numbers import interval, number


def draw(rule: Rule, row: Row) -> Figure:
    """Draw the share of rows in each bin: the reference filled, the current data as a line with points."""
    measured = row.finding.measurement
    bins = measured.details["bins"] if measured else ()
    positions = list(range(len(bins)))
    with sheet(FULL, 52) as paper:
        axes = paper.axes
        axes.bar(positions, [b["reference"] or 0 for b in bins], width=0.8, color="#CFCFCF", label="reference")
        axes.plot(positions, [b["current"] or 0 for b in bins], "o-", color=BLUE, markersize=3.5, label="current")
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.set_xticks(positions, [f"{number(b['lower'])}–\n{number(b['upper'])}" for b in bins])  # noqa: RUF001
        axes.set(xlabel="Predicted risk", ylabel="Share of rows")
        axes.figure.legend(loc="outside upper right", ncols=2)
    said = "; ".join(
        f"{interval(b['lower'], b['upper'])}: {number(b['reference'])} then, {number(b['current'])} now" for b in bins
    )
    return Figure(
        source=paper.source,
        width=FULL,
        alt=f"Distribution of predicted risk, reference against current: {said}.",
        caption=f"Distribution of predicted risk in the reference data (bars) and in the current data (points); "
        f"{rule.title} {row.estimate} (95 % interval {row.interval}), n {row.n}; {row.method}.",
        finding=row.id,
    )
