"""``govern init``, ``govern doctor`` and ``govern demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from govern.cli.commands import FILE
from govern.cli.output import console, progress


@click.command("demo")
@click.argument("folder", type=FILE, default="govern-demo")
def demo(folder: Path) -> None:
    """Play the whole story on real patients, offline: refused, registered, signed, tampered with.

    FOLDER is where it is played: by default govern-demo.
    """
    from govern import demo as story

    sys.exit(story.run(folder, console()))


@click.command("init")
@click.argument("folder", type=FILE, default=".")
@click.option("--pack", default="clinical-decision-support", help="The policy pack to start from.")
def init(folder: Path, pack: str) -> None:
    """Make a folder a govern project: git, DVC, govern.yaml, a policy, a development key, MLflow.

    FOLDER is the project's folder: by default this one.
    """
    from govern.initialise import initialise, next_steps

    with progress() as show:
        show(f"setting up {folder}")
        done = initialise(folder.resolve(), pack=pack)
    screen = console()
    for line in done or ["everything was there already"]:
        screen.print(f"  {line}", markup=False)
    screen.print("next:", *next_steps(folder.resolve()), sep="\n  ", markup=False)


@click.command("doctor")
def doctor() -> None:
    """Show what is installed and what is missing, with the command that mends it; mends nothing."""
    from rich.table import Table
    from rich.text import Text

    from govern.doctor import examine

    items = examine(Path.cwd())
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for item in items:
        mark = Text("ok", style="green") if item.ok else Text("MISSING", style="bold red")
        text = Text(item.found)
        if not item.ok and item.mend:
            text.append(f"\n{item.mend}", style="bold")
        table.add_row(mark, item.name, text)
    console().print(table)
    sys.exit(0 if all(i.ok for i in items) else 3)
