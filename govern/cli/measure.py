"""``govern measure``: one check on one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli.output import Format, FormatOption, OutputOption, console, emit, progress, spare
from govern.errors import PolicyError

if TYPE_CHECKING:
    from rich.table import Table

    from govern.looks import Looks


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("measure")(measure)


def measure(
    check: Annotated[str, typer.Argument(help="A check's id; `govern checks list` shows them.")],
    data: Annotated[Path, typer.Option(help="A CSV, Parquet or Arrow file.")],
    label: Annotated[str, typer.Option(help="Column of the reference standard: 0 or 1, a class, a number.")] = "",
    score: Annotated[str | None, typer.Option(help="Column of the prediction: a risk from 0 to 1, a class...")] = None,
    by: Annotated[str, typer.Option(help="Columns of groups: sex,race or sex*race for intersections.")] = "",
    patient_id: Annotated[str | None, typer.Option(help="Column that says whose row it is.")] = None,
    positive: Annotated[str | None, typer.Option(help="The label that is the event, if not 0/1.")] = None,
    equivocal: Annotated[str, typer.Option(help="Labels that are no answer: counted both ways.")] = "",
    features: Annotated[str, typer.Option(help="The model's inputs; else all other columns.")] = "",
    comparator: Annotated[str | None, typer.Option(help="Column of another model's or a person's risk.")] = None,
    probability: Annotated[list[str] | None, typer.Option(help="CLASS=COL, once a class, in their order.")] = None,
    lower: Annotated[str | None, typer.Option(help="Column of the lower end of a predicted interval.")] = None,
    upper: Annotated[str | None, typer.Option(help="Column of the upper end of a predicted interval.")] = None,
    follow_up: Annotated[str | None, typer.Option(help="Column of the time to the event or to censoring.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row was recorded.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="A parameter of the check, NAME=VALUE.")] = None,
    reference: Annotated[Path | None, typer.Option(help="Reference data, for drift and overlap.")] = None,
    how: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Measure one check on a data file; nothing is judged, signed or kept."""
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
                probabilities=_pairs(probability or []),
                lower=lower,
                upper=upper,
                follow_up=follow_up,
                time=time,
            ),
            by=_listed(by),
            reference=reference,
            params=param or [],
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


def _pairs(texts: list[str]) -> dict[str, str]:
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
