"""The table of a gate run, to be read in ten seconds: what blocked, by how much, for whom, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from govern import looks
from govern.causes import Cause, causes
from govern.formats.cases import interval
from govern.types import Finding, Verdict

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from govern.evidence.bundle import Bundle


def verdict_table(bundle: Bundle) -> Group:
    """Return the decision, the findings that made it so, and one line for all the rest."""
    from rich.console import Group
    from rich.text import Text

    record = bundle.record
    decision = record.decision
    allowed = decision.verdict is Verdict.ALLOW
    findings = {f.id: f for f in record.findings}
    head = Text("ALLOWED" if allowed else "DENIED", style="bold green" if allowed else "bold red")
    head.append(f"  {record.registered_name or record.system['name']}", style="bold default")
    head.append(f"  under {record.policy['id']} {record.policy['version']}", style="not bold default")
    parts: list[RenderableType] = [head]
    stopped = causes(record.findings)
    parts.extend(Text(f"\n{cause.message}\n  {cause}") for cause in dict.fromkeys(stopped.values()))
    for title, ids, style in (
        ("blocks", decision.blocking, "red"),
        ("limits the use (too little evidence)", decision.limitations, "yellow"),
        ("waived", decision.waived, "yellow"),
        ("warns", decision.warnings, "yellow"),
    ):
        if ids:
            of_causes = sum(i in stopped for i in ids)
            count = f"{len(ids)}, {of_causes} of them by the causes above" if of_causes else f"{len(ids)}"
            parts.append(_section(f"{title} ({count})", [findings[i] for i in ids if i not in stopped], style))
    parts.extend(Text(f"  {reason}", style="red") for reason in decision.reasons)
    if decision.blocking:
        parts.append(_what_to_do([findings[i] for i in decision.blocking], stopped))
    shown = {*decision.blocking, *decision.limitations, *decision.waived, *decision.warnings}
    order = None if bundle.receipt is None else looks.read(bundle.receipt.entry)
    parts.extend(Text(f"\n{sentence}", style="yellow") for sentence in (order.sentences() if order else []))
    parts.append(Text(f"\n{len(findings) - len(shown)} of {len(findings)} findings pass"))
    parts.append(Text(f"evidence {bundle.sha256[:16]}  {_near(bundle)}", style="dim"))
    return Group(*parts)


def _section(title: str, findings: list[Finding], style: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", title_justify="left", title_style=f"bold {style}")
    table.title = f"\n{title}"
    table.show_header = bool(findings)
    table.add_column("rule", no_wrap=True)
    table.add_column("for whom")
    table.add_column("measured [95 %]", no_wrap=True)
    table.add_column("required")
    table.add_column("n (events)", justify="right")
    for f in findings:
        who = ", ".join(f"{k} {v}" for k, v in f.slice.items()) or "everybody"
        counts = "" if f.measurement is None else f"{f.measurement.n:,}"
        if f.measurement is not None and f.measurement.events is not None:
            counts += f" ({f.measurement.events:,})"
        measured = interval(f.measurement) if f.measurement is not None else f.outcome.value
        table.add_row(Text(f.rule), Text(who), measured.replace("[", "\\["), f.criterion, counts)
    return table


def _what_to_do(findings: Iterable[Finding], stopped: Mapping[str, Cause]) -> Table:
    """Return one piece of advice for each rule that blocks, with what was found; for what stops several, once."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, title_justify="left", title_style="bold")
    table.title = "\nwhat to do"
    table.add_column(no_wrap=True)
    table.add_column()
    seen: set[str] = set()
    for f in findings:
        cause = stopped.get(f.id)
        what, known = (f.rule, f.rule) if cause is None else (f"{len(cause.rules)} rules", cause.message)
        if known not in seen:
            seen.add(known)
            table.add_row(Text(what), Text(f"{f.message}. {f.fix}" if f.fix else f.message))
    return table


def _near(bundle: Bundle) -> str:
    """Return the evidence folder relative to the current one where that is shorter."""
    from pathlib import Path

    if bundle.path is None:
        return ""
    try:
        return str(bundle.path.relative_to(Path.cwd()).parent) + "/" + bundle.sha256[:8] + "..."
    except ValueError:
        return str(bundle.path)
