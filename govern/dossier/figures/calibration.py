"""Calibration plot: details ``{"bins": [{"predicted", "observed", "lower", "upper", "n", "events"}]}``."""

from __future__ import annotations

from govern.dossier.figures.canvas import BLUE, GREY, HALF, Figure, sheet
from govern.dossier.findings import Row, Rule
from govern.dossier.numbers import count, interval, number


def draw(rule: Rule, row: Row) -> Figure:
    """Draw observed frequency over mean predicted risk, with the interval of each bin."""
    measured = row.finding.measurement
    bins = [b for b in (measured.details["bins"] if measured else ()) if b.get("observed") is not None]
    x, y = [b["predicted"] for b in bins], [b["observed"] for b in bins]
    below = [max(0.0, b["observed"] - b["lower"]) for b in bins]
    above = [max(0.0, b["upper"] - b["observed"]) for b in bins]
    with sheet(HALF, HALF * 0.92) as paper:
        axes = paper.axes
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.errorbar(x, y, yerr=(below, above), fmt="o-", color=BLUE, markersize=3.5, elinewidth=0.9, capsize=2)
        axes.set(
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
            aspect="equal",
            xlabel="Mean predicted risk",
            ylabel="Observed frequency",
        )
        text = f"{rule.title} {row.estimate}\n95 % interval {row.interval}\nn {row.n}, events {row.events}"
        axes.text(0.03, 0.97, text, va="top", linespacing=1.4)
    said = "; ".join(f"predicted {number(b['predicted'])}, observed {number(b['observed'])}" for b in bins)
    return Figure(
        source=paper.source,
        width=HALF,
        alt=f"Calibration plot of {len(bins)} bins, n {row.n}, {row.events} events: {said}. "
        "The dashed line is perfect calibration.",
        caption=f"Calibration in {len(bins)} bins of equal size with 95 % Wilson intervals; n {row.n}, "
        f"{row.events} events; {row.method}. The dashed line is perfect calibration: points below it are risks "
        "that were predicted too high.",
        finding=row.id,
        columns=("Predicted", "Observed", "95 % interval", "n", "Events"),
        rows=tuple(
            (
                number(b["predicted"]),
                number(b["observed"]),
                interval(b["lower"], b["upper"]),
                count(b["n"]),
                count(b["events"]),
            )
            for b in bins
        ),
    )
