"""``govern checks``: the reference of checks, from their docstrings."""

from __future__ import annotations

import click

from govern.cli.commands import Commands
from govern.cli.output import console


@click.group("checks", cls=Commands)
def checks() -> None:
    """Show which checks there are and what they measure."""


@checks.command("list")
def list_() -> None:
    """List every check with its first line."""
    from rich.table import Table

    from govern.checks import catalogue

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    table.add_column("measures")
    for name in catalogue.names():
        table.add_row(name, catalogue.load(name).doc["title"])
    console().print(table)


@checks.command("show")
@click.argument("check")
def show(check: str) -> None:
    """Show what CHECK, such as performance.auroc, measures, how, its limits, and what a policy may set."""
    from rich.table import Table

    from govern.checks import catalogue
    from govern.checks.inputs import INPUTS

    found = catalogue.load(check)
    screen = console()
    screen.print(f"[bold]{found.id}[/bold]  {found.doc['title']}\n")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for heading in ("why", "how", "limits", "fix", "see"):
        if heading in found.doc:
            table.add_row(heading, found.doc[heading])
    table.add_row("needs", "; ".join(f"{n}: {INPUTS[n]}" for n in found.inputs))
    table.add_row("params", ", ".join(f"{k}={v!r}" for k, v in found.params.items()) or "none")
    screen.print(table)
