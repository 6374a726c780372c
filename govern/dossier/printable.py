"""What the bundled fonts can print. Everything else is written as its code point.

A character that the fonts do not hold would be drawn by whatever font a machine happens to have, so
that the same evidence would give different pages; and invisible or direction-changing characters
let a name look like another. ``[U+1F600]`` is the same everywhere, and hides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from govern.resources import shared

#: A word that is cut off is dropped when less than this many letters of it are left.
_WORD = 20
FONT = "shared/fonts/Inter-Regular.ttf"


def printable(text: str) -> str:
    """Return ``text`` with each character that the fonts do not hold, or that is invisible, as ``[U+…]``."""
    return _outside().sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def short(text: str, limit: int) -> str:
    """Return one printable line of at most ``limit`` characters, cut with an ellipsis."""
    line = printable(" ".join(text.split()))
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    words, _, part = cut.rpartition(" ")
    return f"{words if words and len(part) < _WORD else cut}…"


@cache
def _outside() -> re.Pattern[str]:
    from fontTools.ttLib import TTFont

    with TTFont(shared("report_templates") / FONT, lazy=True) as font:
        held = font.getBestCmap()
    shown = {c for c in held if unicodedata.category(chr(c)) not in {"Cf", "Cc", "Zl", "Zp"}} | {0x09, 0x0A, 0x0D}
    return re.compile(f"[^{''.join(re.escape(chr(c)) for c in sorted(shown))}]")
