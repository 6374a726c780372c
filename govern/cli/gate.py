"""``govern check`` and ``govern register``: the gate, and the gate with registration behind it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import FILE
from govern.cli.output import Format, console, emit, format_option, output_option, progress, spare
from govern.types import Verdict

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

policy_option = click.option("--policy", help="A policy file or pack; else the project's own.")


@click.command("check")
@click.option("--model", help="A model's URI, such as runs:/ID/model.")
@click.option("--predictions", type=FILE, help="A vendor's recorded predictions.")
@click.option("--vendor-version", help="The version that the vendor declares.")
@policy_option
@format_option
@output_option
def check(
    model: str | None,
    predictions: Path | None,
    vendor_version: str | None,
    policy: str | None,
    how: Format,
    output: Path | None,
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
    sys.exit(_code(bundle))


@click.command("register")
@click.argument("model_uri")
@click.option("--name", required=True, help="The registered model's name.")
@policy_option
@format_option
@output_option
def register(model_uri: str, name: str, policy: str | None, how: Format, output: Path | None) -> None:
    """Run the gate, and register the model in MLflow if and only if it allows it.

    MODEL_URI is a model's address, such as runs:/ID/model.
    """
    from govern import project
    from govern.register import gate_and_register

    workspace = project.load()
    spare(output, policy, *workspace.inputs())
    with progress() as show:
        bundle, version = gate_and_register(workspace, model_uri, name=name, policy=policy, progress=show)
    _print(bundle, how, output)
    if version is not None:
        console(stderr=how is not Format.TABLE).print(f"registered {version.name} version {version.version}")
    sys.exit(_code(bundle))


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
