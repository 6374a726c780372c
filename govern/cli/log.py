"""``govern log``: everything that was decided, in the order it was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from govern.cli.commands import Commands
from govern.cli.output import console

if TYPE_CHECKING:
    from govern.evidence.receipt import Entry


@click.group("log", cls=Commands)
def log() -> None:
    """Read and verify the append-only log."""


@log.command("list")
def list_() -> None:
    """List the entries: index, time, what it was, who made it."""
    from rich.table import Table
    from rich.text import Text

    from govern.evidence.log import Log
    from govern.folder import enclosing

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("what")
    table.add_column("by")
    for entry in Log(enclosing().log).entries():
        what = ", ".join(_said(entry, k, v) for k, v in entry.body.items() if v is not None)
        table.add_row(str(entry.index), entry.time, entry.kind, Text(what), Text(entry.actor))
    console().print(table)


@log.command("verify")
def verify() -> None:
    """Recompute every leaf and root, and check every checkpoint's signature and every receipt."""
    from govern.cli.verify import run

    run("log")


def _said(entry: Entry, name: str, value: object) -> str:
    """Return one fact of an entry in words: digests short, the order of events as a sentence."""
    from govern import looks

    if name == "order" and (order := looks.read(entry)) is not None:
        return "; ".join([f"look {order.number}", *order.sentences()])
    if isinstance(value, dict):
        return f"{name}: " + (", ".join(f"{k} {_short(v)}" for k, v in value.items()) or "none")
    return f"{name} {_short(value)}"


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
