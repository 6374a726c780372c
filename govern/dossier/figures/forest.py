"""Forest plot of the groups of a rule: estimate and interval of each, beside n, events and the criterion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from govern.dossier.figures.canvas import BLACK, BLUE, FULL, GREY, ORANGE, VERMILLION, Figure, listed, sheet
from govern.dossier.findings import Row, Rule
from govern.dossier.numbers import bounds
from govern.dossier.printable import short
from govern.types import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows of one plot: what fits on a page with its caption.
_MOST = 32
_LINE = 5.0  # mm
_LOOKS = {
    Outcome.PASS: ("o", BLUE, BLUE),
    Outcome.FAIL: ("X", VERMILLION, VERMILLION),
    Outcome.INCONCLUSIVE: ("D", ORANGE, "white"),
}
_OTHER = ("s", GREY, "white")


def draw(rule: Rule) -> Iterator[Figure]:
    """Draw the groups of a rule, at least two of which have an estimate; long lists on several sheets."""
    rows = [r for r in rule.rows if r.slice]
    measured = [r for r in rows if r.finding.measurement and r.finding.measurement.estimate is not None]
    if len(measured) < 2:
        return
    sheets = [rows[i : i + _MOST] for i in range(0, len(rows), _MOST)]
    limits = _limits(measured)
    for number, part in enumerate(sheets, start=1):
        yield _sheet(rule, part, limits, f" (part {number} of {len(sheets)})" if len(sheets) > 1 else "")


def _sheet(rule: Rule, rows: Sequence[Row], limits: tuple[float, float], part: str) -> Figure:
    with sheet(FULL, 19 + _LINE * len(rows)) as paper:
        axes = paper.axes
        for position, row in enumerate(reversed(rows)):
            _group(axes, position, row)
        _criterion(axes, rows)
        positions = list(range(len(rows)))
        axes.set_yticks(positions, [short(r.slice, 36) for r in reversed(rows)])
        axes.tick_params(axis="y", length=0)
        axes.set(xlim=limits, ylim=(-0.7, len(rows) - 0.3), xlabel=f"{short(rule.title, 70)}, 95 % interval")
        _columns(axes, rows)
        _legend(axes, rows)
    said = [f"{short(r.slice, 36)} {r.estimate} ({r.interval}), {r.word}" for r in rows]
    methods = "; ".join(rule.methods)
    return Figure(
        source=paper.source,
        width=FULL,
        alt=f"Forest plot of {rule.title}{part}, criterion {rule.criterion}: {listed(said, _MOST)}.",
        caption=f"{rule.title} by group{part}: estimate and 95 % interval of each group, with n and events. "
        f"Dashed: the criterion ({rule.criterion}). {methods}.",
        finding=f"{rule.id}[…]",
    )


def _group(axes: Axes, position: int, row: Row) -> None:
    measured = row.finding.measurement
    if measured is None or measured.estimate is None:
        return
    marker, edge, face = _LOOKS.get(row.finding.outcome, _OTHER)
    if measured.lower is not None and measured.upper is not None:
        axes.plot([measured.lower, measured.upper], [position, position], color=edge, linewidth=1.2)
    axes.plot(
        [measured.estimate], [position], marker, color=edge, markerfacecolor=face, markersize=5, markeredgewidth=1.1
    )


def _criterion(axes: Axes, rows: Sequence[Row]) -> None:
    for _, value in bounds(rows[0].finding.criterion):
        axes.axvline(value, color=BLACK, linewidth=0.8, linestyle=(0, (4, 3)))


def _columns(axes: Axes, rows: Sequence[Row]) -> None:
    """Write n, events and outcome beside the plot, one line a group."""
    across = axes.get_yaxis_transform()
    for points, align, heading, text in (
        (36, "right", "n", [r.n for r in rows]),
        (72, "right", "events", [r.events for r in rows]),
        (80, "left", "outcome", [f"{r.mark} {r.word}" for r in rows]),
    ):
        place: dict[str, Any] = {"xycoords": across, "xytext": (points, 0), "textcoords": "offset points", "ha": align}
        axes.annotate(heading, (1, len(rows) - 0.35), va="bottom", color=GREY, **place)
        for position, value in enumerate(reversed(text)):
            axes.annotate(value, (1, position), va="center", **place)


def _legend(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.lines import Line2D

    present = dict.fromkeys(r.finding.outcome for r in rows if r.finding.outcome in _LOOKS)
    handles = [
        Line2D([], [], marker=m, color=e, markerfacecolor=f, linestyle="", markersize=5, label=o.value)
        for o in present
        for m, e, f in (_LOOKS[o],)
    ]
    if len(handles) > 1:
        axes.figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the range of the axis: all intervals and the criterion, with a margin; the same on every sheet."""
    values = [v for r in rows if (m := r.finding.measurement) for v in (m.lower, m.estimate, m.upper) if v is not None]
    values += [value for _, value in bounds(rows[0].finding.criterion)]
    low, high = min(values), max(values)
    margin = 0.04 * (high - low) or 0.1
    return low - margin, high + margin
