"""``govern init``, ``govern doctor`` and ``govern demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from govern.cli.output import console, progress


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("demo")(demo)
    app.command("init")(init)
    app.command("doctor")(doctor)


def demo(folder: Annotated[Path, typer.Argument(help="Where to play it.")] = Path("govern-demo")) -> None:
    """Play the whole story on real patients, offline: refused, registered, signed, tampered with."""
    from govern import demo as story

    raise typer.Exit(story.run(folder, console()))


def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    pack: Annotated[str, typer.Option(help="The policy pack to start from.")] = "clinical-decision-support",
) -> None:
    """Make a folder a govern project: git, DVC, govern.yaml, a policy, a development key, MLflow."""
    from govern.initialise import initialise

    with progress() as show:
        show(f"setting up {folder}")
        done = initialise(folder.resolve(), pack=pack)
    screen = console()
    for line in done or ["everything was there already"]:
        screen.print(f"  {line}", markup=False)
    screen.print(
        "next: fill in govern.yaml, then\n"
        "  govern data snapshot data/test.csv --role test   (and train, reference)\n"
        "  govern register MODEL_URI --name NAME",
        markup=False,
    )


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
    raise typer.Exit(0 if all(i.ok for i in items) else 3)
