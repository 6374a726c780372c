"""``govern log``: everything that was decided, in the order it was decided."""

from __future__ import annotations

import typer

from govern.cli.output import console


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    commands = typer.Typer(help="Read and verify the append-only log.", no_args_is_help=True)
    commands.command("list")(list_)
    commands.command("verify")(verify)
    app.add_typer(commands, name="log")


def list_() -> None:
    """List the entries: index, time, what it was, who made it."""
    from rich.table import Table
    from rich.text import Text

    from govern import project
    from govern.evidence.log import Log

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("what")
    table.add_column("by")
    for entry in Log(project.load().log).entries():
        what = ", ".join(f"{k} {_short(v)}" for k, v in entry.body.items() if v is not None)
        table.add_row(str(entry.index), entry.time, entry.kind, Text(what), Text(entry.actor))
    console().print(table)


def verify() -> None:
    """Recompute every leaf and root, and check every checkpoint's signature and every receipt."""
    from govern.cli.verify import verify as verify_target

    verify_target("log")


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
