"""A Markdown table, for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Sequence

from govern.formats.cases import Case, Level

_MARKS = {Level.ERROR: "✗", Level.WARNING: "!", Level.NOTE: "·", Level.PASS: "✓"}


def markdown(title: str, cases: Sequence[Case]) -> str:
    """Return a heading and a table of all cases, what matters most first."""
    order = list(_MARKS)
    rows = sorted(cases, key=lambda c: order.index(c.level))
    lines = [f"## {title}", "", "| | what | outcome | measured | required | message |", "|---|---|---|---|---|---|"]
    for c in rows:
        cells = (_MARKS[c.level], "`" + c.name.replace("`", "'") + "`", c.outcome, c.measured, c.required, c.message)
        lines.append("| " + " | ".join(_cell(x) for x in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
