"""``govern verify``: anything signed, step by step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from govern.cli.commands import FILE
from govern.cli.output import Format, emit, format_option, output_option, progress, spare
from govern.types import Step

if TYPE_CHECKING:
    from rich.console import Group

    from govern.project import Workspace
    from govern.signing.trust import Trust


@click.command("verify")
@click.argument("target")
@click.option("--trust", type=FILE, help="The root certificate to trust: a PEM file, or a folder of them.")
@format_option
@output_option
def verify(target: str, trust: Path | None, how: Format, output: Path | None) -> None:
    """Verify a dossier, evidence, a model version or the log, offline; say which step failed.

    TARGET is a PDF, an evidence folder, NAME/VERSION, `log` or `registry`.
    """
    run(target, trust, how, output)


def run(target: str, trust: Path | None = None, how: Format = Format.TABLE, output: Path | None = None) -> None:
    """Verify a target, print the steps, and end the process."""
    from govern import project
    from govern import verify as verifier
    from govern.signing.pades import offline

    here = project.find(Path.cwd())
    workspace = None if here is None else project.load(here)
    spare(output, target, trust, *(workspace.inputs() if workspace else ()))
    if target.lower().endswith(".pdf"):
        offline.load()
    with progress() as show:
        show(f"verifying {target}")
        steps = verifier.verify(target, workspace, trust=trusted(trust, workspace))
    report(how, output, f"verification of {target}", target, steps, assessed=workspace is not None)


def report(
    how: Format, output: Path | None, title: str, target: str, steps: Sequence[Step], *, assessed: bool = True
) -> NoReturn:
    """Print steps in a format and end the process: 0 if all hold, else 1; ``assessed`` as for :func:`table_of`."""
    from govern.formats.cases import of_steps
    from govern.formats.contract import steps_json

    emit(
        how,
        output,
        title=title,
        cases=lambda: of_steps(steps),
        contract=lambda: steps_json(steps),
        table=lambda: table_of(target, steps, assessed=assessed),
    )
    sys.exit(0 if steps_json(steps)["ok"] else 1)


def trusted(given: Path | None, workspace: Workspace | None) -> Trust:
    """Return whom to believe: who was named, else this project's roots and this person's own.

    A root that came with what is verified is never among them.
    """
    from govern.signing.roots import personal_trust
    from govern.signing.trust import Trust

    if given is not None:
        return Trust.only(given)
    return Trust.of(*([workspace.trust] if workspace else []), personal_trust())


def table_of(target: str, steps: Sequence[Step], *, assessed: bool) -> Group:
    """Return the verdict and the steps for a terminal; ``assessed`` says whether a project was at hand."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    failed = [s for s in steps if not s.ok]
    verdict = "VERIFIED" if steps and not failed else "NOT VERIFIED"
    head = Text(verdict, style="bold red" if failed or not steps else "bold green").append(
        f"  {target}", "not bold default"
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(overflow="fold")
    for step in steps:
        mark = Text("ok", style="green") if step.ok else Text("FAILED", style="bold red")
        text = Text(step.found) if step.ok else Text(f"expected {step.expected}\nfound    {step.found}")
        table.add_row(mark, Text(step.name), text)
    rest = Text("" if assessed else "not assessed, since there is no project here: data, model, the whole log", "dim")
    return Group(head, table, rest)
