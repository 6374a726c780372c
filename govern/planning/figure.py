"""Power against size, a panel for each rule: the figure of a study protocol."""

from __future__ import annotations

import base64
import io
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from govern import files
from govern.errors import PolicyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from govern.planning.need import Need, Plan

#: Panels in a line, and the height of one in mm.
_COLUMNS, _HEIGHT = 3, 46.0
#: Lines that are told apart without colour.
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (3, 1)), (0, (1, 3)))


def save(plan: Plan, path: Path) -> None:
    """Write the figure as SVG or PNG, by the name of the file.

    Raises:
        PolicyError: another kind of file, or nothing was planned that could be drawn.
        InputError: the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise PolicyError(f"--figure {path}: the name of an SVG or PNG file was expected", hint="such as plan.svg")
    panels = _panels(plan)
    if not panels:
        raise PolicyError("no rule of the policy has a curve to draw", hint="leave out --figure")
    files.replace(path, draw(plan, panels, png=kind == ".png"))


def draw(plan: Plan, panels: dict[str, list[Need]], *, png: bool) -> bytes:
    """Return the drawing of needs by rule; its bytes are the same for equal plans."""
    from govern.dossier.figures.canvas import FULL, sheet

    lines = -(-len(panels) // _COLUMNS)
    with sheet(FULL, lines * _HEIGHT) as paper:
        paper.drawing.clear()
        grid = paper.drawing.subplots(lines, _COLUMNS, squeeze=False, sharey=True)
        for axes, (rule, needs) in zip(grid.flat, panels.items(), strict=False):
            _panel(axes, rule, needs, plan.study.power)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_axis_off()
        for axes in grid[:, 0]:
            axes.set_ylabel("Power")
        picture = io.BytesIO()
        if png:
            paper.drawing.savefig(picture, format="png", dpi=300, metadata={"Software": None})
    return picture.getvalue() if png else base64.b64decode(paper.source.partition(",")[2])


def _panels(plan: Plan) -> dict[str, list[Need]]:
    """Return the needs with a curve, by rule and attribute; groups that share a curve are one line."""
    found: dict[str, list[Need]] = {}
    for need in plan.needs:
        drawn = found.setdefault(need.rule, [])
        if len(need.curve) > 1 and all(need.curve != other.curve for other in drawn):
            drawn.append(need)
    return {
        rule if attribute == () else f"{rule}, by {' and '.join(attribute)}": list(needs)
        for rule, drawn in found.items()
        for attribute, needs in groupby(drawn, key=lambda n: tuple(n.slice) if len(drawn) > 1 else ())
    }


def _panel(axes: Axes, title: str, needs: list[Need], goal: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from govern.dossier.figures.canvas import BLACK, GREY

    shown = needs[: len(_DASHES)]
    for need, dashes in zip(shown, _DASHES, strict=False):
        sizes, powers = zip(*need.curve, strict=True)
        label = ", ".join(need.slice.values()) if len(needs) > 1 else None
        axes.plot(sizes, powers, color=BLACK, linestyle=dashes, linewidth=1.0, label=label)
        if need.error is not None:
            axes.plot(sizes, powers, color=BLACK, linestyle="", marker="o", markersize=2)
    axes.axhline(goal, color=GREY, linewidth=0.6)
    axes.set_xscale("log")
    smallest, largest = min(n.curve[0][0] for n in needs), max(n.curve[-1][0] for n in needs)
    axes.set_xlim(smallest / (12 if len(needs) > 1 else 1), largest * 1.1)  # room for the names of groups
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(LogLocator(numticks=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, place: f"{size:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title(f"{title}\n{needs[0].criterion}", fontsize=7, loc="left")
    left = len(needs) - len(shown)
    axes.set_xlabel(needs[0].unit + (f" ({left} more groups not drawn)" if left else ""), fontsize=7)
    axes.tick_params(labelsize=6)
    if len(needs) > 1:
        axes.legend(fontsize=6, loc="upper left", handlelength=2.6, borderaxespad=0.2, bbox_to_anchor=(0.0, 0.76))
