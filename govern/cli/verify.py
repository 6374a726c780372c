"""``govern verify``: anything signed, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.output import Format, FormatOption, OutputOption, emit, progress, spare
from govern.types import Step

if TYPE_CHECKING:
    from rich.console import Group


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("verify")(verify)


def verify(
    target: Annotated[str, typer.Argument(help="A PDF, an evidence folder, NAME/VERSION, or `log`.")],
    trust: Annotated[
        Path | None, typer.Option(help="The root certificate to trust: a PEM file, or a folder of them.")
    ] = None,
    how: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Verify a dossier, evidence, a model version or the log, offline; say which step failed."""
    from govern import project
    from govern import verify as verifier
    from govern.formats.cases import of_steps
    from govern.formats.contract import steps_json
    from govern.signing.roots import personal_trust
    from govern.signing.trust import Trust

    # The project that one stands in is trusted, and what this person trusts; never a root that came with the target.
    here = project.find(Path.cwd())
    workspace = None if here is None else project.load(here)
    spare(output, target, trust, *(workspace.inputs() if workspace else ()))
    own = [workspace.trust] if workspace else []
    trusted = Trust.only(trust) if trust is not None else Trust.of(*own, personal_trust())
    with progress() as show:
        show(f"verifying {target}")
        steps = verifier.verify(target, workspace, trust=trusted)
    emit(
        how,
        output,
        title=f"verification of {target}",
        cases=lambda: of_steps(steps),
        contract=lambda: steps_json(steps),
        table=lambda: _table(target, steps, assessed=workspace is not None),
    )
    raise typer.Exit(0 if steps_json(steps)["ok"] else 1)


def _table(target: str, steps: Sequence[Step], *, assessed: bool) -> Group:
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
