"""Coverage as Markdown: counts of each instrument, then its clauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from govern.regulations.coverage import Coverage, Covered
from govern.regulations.model import State


def counts(coverage: Coverage) -> str:
    """Return a table of the clauses of each instrument by state."""
    names = [s.value.replace("_", " ") for s in State]
    lines = [f"| | clauses | {' | '.join(names)} |", f"|---|{'---:|' * (len(names) + 1)}"]
    for instrument in coverage.instruments:
        found = Counter(c.state for c in coverage.of(instrument.id))
        label = f" ({instrument.label})" if instrument.label else ""
        cells = [str(found.total()), *(str(found[s] or "") for s in State)]
        if found.total():
            lines.append(f"| {_cell(instrument.title)}{label} | {' | '.join(cells)} |")
    total = [str(len(coverage.covered)), *(str(n or "") for n in coverage.counts().values())]
    return "\n".join([*lines, f"| all | {' | '.join(total)} |"]) + "\n"


def markdown(coverage: Coverage, shown: Sequence[Covered]) -> str:
    """Return a heading, the counts, and a table of the clauses that are shown."""
    head = (
        f"## {coverage.profile.title} ({coverage.profile.id})\n\n"
        f"{len(coverage.covered)} clauses, of which {len(coverage.blocking())} stop a release; "
        f"{coverage.outside} are outside the profile.\n"
    )
    lines = ["| clause | state | why | open |", "|---|---|---|---|"]
    for c in shown:
        cells = (c.clause.cited, c.state.value.replace("_", " "), c.why, " ".join(c.misses))
        lines.append("| " + " | ".join(_cell(x) for x in cells) + " |")
    warning = f"\n> {coverage.profile.warning}\n" if coverage.profile.warning else ""
    return head + warning + "\n" + counts(coverage) + "\n" + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
