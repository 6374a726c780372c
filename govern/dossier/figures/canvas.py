"""The paper that figures are drawn on: one palette, one type, vector output that is the same every time."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from govern.resources import shared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Okabe and Ito's palette (2008): told apart by colour-blind readers, and in grey by lightness.
BLUE, VERMILLION, ORANGE, SKY, BLACK, GREY = "#0072B2", "#D55E00", "#E69F00", "#56B4E9", "#1A1A1A", "#767676"

#: Width of the text block in mm; both A4 and US Letter hold it.
FULL = 168.0
HALF = 82.0
_MM = 25.4
_STYLE: Any = {  # matplotlib types each key
    "font.family": "Inter",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.edgecolor": BLACK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,  # a name may hold a dollar sign
    "axes.unicode_minus": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "govern",
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing as an SVG address, with what it says in words and the numbers that it was drawn from."""

    source: str
    width: float
    alt: str
    caption: str
    finding: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Sheet:
    """One drawing with one pair of axes; after the ``with`` block ``source`` holds it as a ``data:`` address."""

    def __init__(self, drawing: Drawing, axes: Axes) -> None:
        self.drawing = drawing
        self.axes = axes
        self.source = ""


@contextmanager
def sheet(width: float, height: float) -> Iterator[Sheet]:
    """Give a sheet of ``width`` x ``height`` mm."""
    import matplotlib
    from matplotlib.figure import Figure as Drawing

    _fonts()
    with matplotlib.rc_context(_STYLE):
        drawing = Drawing(figsize=(width / _MM, height / _MM), layout="constrained")
        made = Sheet(drawing, drawing.subplots())
        yield made
        out = io.BytesIO()
        drawing.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    made.source = "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def listed(parts: Sequence[str], limit: int = 12) -> str:
    """Return parts as one sentence part; how many were left out is said."""
    left = len(parts) - limit
    return "; ".join(parts[:limit]) + (f"; and {left} more" if left > 0 else "")


@cache
def _fonts() -> None:
    from matplotlib.font_manager import fontManager

    for path in sorted((shared("report_templates") / "shared/fonts").glob("*.ttf")):
        fontManager.addfont(path)
