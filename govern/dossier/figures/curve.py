"""ROC and precision-recall curves: details ``{"roc": {"fpr", "tpr"}}`` and ``{"pr": {"recall", "precision"}}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from govern.dossier.figures.canvas import BLUE, GREY, HALF, Figure, sheet
from govern.dossier.findings import Row, Rule


def roc(rule: Rule, row: Row) -> Figure:
    """Draw sensitivity over 1 - specificity."""
    points = _details(row)["roc"]
    return _curve(
        rule,
        row,
        "ROC curve",
        (points["fpr"], points["tpr"]),
        ("1 − specificity", "Sensitivity"),  # noqa: RUF001 - a minus sign
        chance=([0, 1], [0, 1]),
    )


def precision_recall(rule: Rule, row: Row) -> Figure:
    """Draw precision over recall, with the event rate that chance would reach."""
    points = _details(row)["pr"]
    measured = row.finding.measurement
    rate = (measured.events or 0) / measured.n if measured and measured.n else 0.0
    return _curve(
        rule,
        row,
        "Precision-recall curve",
        (points["recall"], points["precision"]),
        ("Recall (sensitivity)", "Precision (PPV)"),
        chance=([0, 1], [rate, rate]),
    )


def _curve(
    rule: Rule,
    row: Row,
    what: str,
    points: tuple[Sequence[float], Sequence[float]],
    labels: tuple[str, str],
    *,
    chance: tuple[Sequence[float], Sequence[float]],
) -> Figure:
    with sheet(HALF, HALF * 0.92) as paper:
        axes = paper.axes
        axes.plot(*chance, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.plot(*points, color=BLUE)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=labels[0], ylabel=labels[1], aspect="equal")
        axes.text(
            0.97 if what.startswith("ROC") else 0.04,
            0.05,
            f"Area {row.estimate}\n95 % interval {row.interval}\nn {row.n}, events {row.events}",
            ha="right" if what.startswith("ROC") else "left",
            va="bottom",
            linespacing=1.4,
        )
    numbers = f"area {row.estimate} (95 % interval {row.interval}), n {row.n}, {row.events} events"
    return Figure(
        source=paper.source,
        width=HALF,
        alt=f"{what}: {numbers}. The dashed line is chance.",
        caption=f"{what}. {numbers[0].upper()}{numbers[1:]}; {row.method}. The dashed line is chance.",
        finding=row.id,
    )


def _details(row: Row) -> Mapping[str, Any]:
    return row.finding.measurement.details if row.finding.measurement else {}
