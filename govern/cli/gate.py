"""``govern check`` and ``govern register``: the gate, and the gate with registration behind it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.output import Format, FormatOption, OutputOption, console, emit, progress, spare
from govern.types import Verdict

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

PolicyOption = Annotated[str | None, typer.Option("--policy", help="A policy file or pack; else the project's own.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("check")(check)
    app.command("register")(register)


def check(
    model: Annotated[str | None, typer.Option(help="A model's URI, such as runs:/ID/model.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="A vendor's recorded predictions.")] = None,
    vendor_version: Annotated[str | None, typer.Option(help="The version that the vendor declares.")] = None,
    policy: PolicyOption = None,
    how: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Run the gate: measure, judge, decide, sign the evidence. Nothing is registered."""
    from govern import project
    from govern.run import gate_run

    workspace = project.load()
    spare(output, predictions, policy, *workspace.inputs())
    with progress() as show:
        bundle = gate_run(
            workspace,
            model=model,
            predictions=predictions,
            vendor_version=vendor_version,
            policy=policy,
            progress=show,
        )
    _print(bundle, how, output)
    raise typer.Exit(_code(bundle))


def register(
    model_uri: Annotated[str, typer.Argument(help="A model's URI, such as runs:/ID/model.")],
    name: Annotated[str, typer.Option(help="The registered model's name.")],
    policy: PolicyOption = None,
    how: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Run the gate, and register the model in MLflow if and only if it allows it."""
    from govern import project
    from govern.register import gate_and_register

    workspace = project.load()
    spare(output, policy, *workspace.inputs())
    with progress() as show:
        bundle, version = gate_and_register(workspace, model_uri, name=name, policy=policy, progress=show)
    _print(bundle, how, output)
    if version is not None:
        console(stderr=how is not Format.TABLE).print(f"registered {version.name} version {version.version}")
    raise typer.Exit(_code(bundle))


def _print(bundle: Bundle, how: Format, output: Path | None) -> None:
    from govern.cli.verdict import verdict_table
    from govern.formats.cases import of_findings
    from govern.formats.contract import decision_json

    record = bundle.record
    emit(
        how,
        output,
        title=f"{record.decision.verdict.value}: {record.system['name']} under {record.policy['id']}",
        cases=lambda: of_findings(record.findings, record.decision),
        contract=lambda: decision_json(bundle),
        table=lambda: verdict_table(bundle),
    )


def _code(bundle: Bundle) -> int:
    return 0 if bundle.record.decision.verdict is Verdict.ALLOW else 1
