"""``govern measure``: one check on one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.commands import FILE
from govern.cli.output import Format, console, emit, format_option, output_option, progress, spare
from govern.errors import PolicyError

if TYPE_CHECKING:
    from rich.table import Table

    from govern.looks import Looks


@click.command("measure")
@click.argument("check")
@click.option("--data", type=FILE, required=True, help="A CSV, Parquet or Arrow file.")
@click.option("--label", default="", help="Column of the reference standard: 0 or 1, a class, a number.")
@click.option("--score", help="Column of the prediction: a risk from 0 to 1, a class...")
@click.option("--by", default="", help="Columns of groups: sex,race or sex*race for intersections.")
@click.option("--patient-id", help="Column that says whose row it is.")
@click.option("--positive", help="The label that is the event, if not 0/1.")
@click.option("--equivocal", default="", help="Labels that are no answer: counted both ways.")
@click.option("--features", default="", help="The model's inputs; else all other columns.")
@click.option("--comparator", help="Column of another model's or a person's risk.")
@click.option("--probability", multiple=True, help="CLASS=COL, once a class, in their order.")
@click.option("--lower", help="Column of the lower end of a predicted interval.")
@click.option("--upper", help="Column of the upper end of a predicted interval.")
@click.option("--follow-up", help="Column of the time to the event or to censoring.")
@click.option("--time", help="Column that says when a row was recorded.")
@click.option("--param", multiple=True, help="A parameter of the check, NAME=VALUE.")
@click.option("--reference", type=FILE, help="Reference data, for drift and overlap.")
@format_option
@output_option
def measure(
    check: str,
    data: Path,
    label: str,
    score: str | None,
    by: str,
    patient_id: str | None,
    positive: str | None,
    equivocal: str,
    features: str,
    comparator: str | None,
    probability: tuple[str, ...],
    lower: str | None,
    upper: str | None,
    follow_up: str | None,
    time: str | None,
    param: tuple[str, ...],
    reference: Path | None,
    how: Format,
    output: Path | None,
) -> None:
    """Measure one CHECK on a data file; nothing is judged, signed or kept. `govern checks list` shows the checks."""
    from govern.formats.cases import of_measurements
    from govern.formats.contract import measurement_json
    from govern.measure import measure_file
    from govern.project import Data

    spare(output, data, reference)
    look = _look(data, check, f"{label} {score} {positive} {by}")
    with progress() as show:
        show(f"measuring {check}")
        measured = measure_file(
            check,
            data=data,
            columns=Data(
                label=label,
                score=score,
                patient_id=patient_id,
                positive=positive,
                equivocal=[*_listed(equivocal)],
                features=_listed(features),
                comparator=comparator,
                probabilities=_pairs(probability),
                lower=lower,
                upper=upper,
                follow_up=follow_up,
                time=time,
            ),
            by=_listed(by),
            reference=reference,
            params=param,
        )
    items = [measurement_json(check, m) for m in measured]
    emit(
        how,
        output,
        title=f"{check} on {data.name}",
        cases=lambda: of_measurements(items),
        contract=lambda: items,
        table=lambda: _table(items),
    )
    if look is not None:
        console(stderr=True).print(f"look {look.number} at this locked test set, entered in the log", markup=False)


def _look(data: Path, check: str, columns: str) -> Looks | None:
    """Count a look where the file is the locked test set of the project that one stands in, or that it lies in."""
    from govern import project
    from govern.looks import look_at_file

    root = project.find(Path.cwd()) or project.find(data.resolve().parent)
    if root is None or not data.is_file():
        return None
    return look_at_file(project.load(root), data, scores=columns, command=f"measure {check}")


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if wrong := [left for left, _, right in pairs if not left or not right]:
        raise PolicyError(f"--probability {wrong[0]}: CLASS=COLUMN was expected", hint="such as --probability mild=p1")
    return {left: right for left, _, right in pairs}


def _table(items: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    from govern.formats.cases import of_measurements

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("for whom")
    table.add_column("estimate [95 % interval]", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("events", justify="right")
    table.add_column("note")
    for item, case in zip(items, of_measurements(items), strict=True):
        who = ", ".join(f"{k} {v}" for k, v in item["slice"].items()) or "everybody"
        note = f"{item['outcome']}: {item['message']}" if item["outcome"] else item["message"] or item["method"]
        events = "" if item["events"] is None else f"{item['events']:,}"
        table.add_row(who, case.measured, f"{item['n']:,}", events, note)
    return table
