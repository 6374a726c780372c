"""``govern plan``: before a study, how many patients and events each criterion needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import FILE, Word
from govern.cli.output import console, output_option, progress, spare

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from govern.planning.assumptions import Study
    from govern.planning.need import Plan
    from govern.policy import Policy


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@click.command("plan")
@click.option("--policy", help="A policy file or pack; else the project's own.")
@click.option("--prevalence", type=float, help="Share of patients with the event.")
@click.option("--power", default=0.8, help="Probability that a criterion is met.")
@click.option("--expect", multiple=True, help="True value of a rule or group, RULE=VALUE, or a YAML file of them.")
@click.option("--group", multiple=True, help="Shares, such as sex=female:0.5,male:0.5.")
@click.option("--auroc", type=float, help="Area of the score model, if no rule states it.")
@click.option("--design-effect", default=1.0, help="Inflation for patients with several rows.")
@click.option("--replicates", default=200, help="Replicates of each simulation.")
@click.option("--figure", type=FILE, help="Draw power against size, SVG or PNG.")
@click.option("--format", "how", type=Word(PlanFormat), default="table", help="How to print the plan.")
@output_option
def plan(
    policy: str | None,
    prevalence: float | None,
    power: float,
    expect: tuple[str, ...],
    group: tuple[str, ...],
    auroc: float | None,
    design_effect: float,
    replicates: int,
    figure: Path | None,
    how: PlanFormat,
    output: Path | None,
) -> None:
    """Say how many patients and events each criterion of a policy needs, for everybody and each group."""
    from govern import files, project
    from govern.planning.figure import save
    from govern.planning.make import plan as make
    from govern.policy import load_policy, policy_of

    workspace = project.load() if policy is None or project.find(Path.cwd()) else None
    for target in (output, figure):
        spare(target, policy, *(workspace.inputs() if workspace else ()))
    found = policy_of(workspace, policy) if workspace else load_policy(policy or "", whole=False)
    with progress() as show:
        study = _study(found, prevalence, power, expect, group, auroc, design_effect, replicates)
        made = make(found, study, progress=show)
        if figure is not None:
            show("drawing")
            save(made, figure)
    text = _text(made, how)
    if output is not None:
        files.replace(output, text.encode())
    else:
        sys.stdout.write(text)


def _study(
    policy: Policy,
    prevalence: float | None,
    power: float,
    expect: Sequence[str],
    group: Sequence[str],
    auroc: float | None,
    design_effect: float,
    replicates: int,
) -> Study:
    """Return the assumptions: stated first, then what the project declares, then defaults."""
    from govern import project
    from govern.planning.assumptions import STATED, Assumed, Study, read_expected, read_groups
    from govern.planning.declared import Declared, declared

    groups = read_groups(group)
    attributes = {by for rule in policy.checks for by in rule.by}
    known = Declared()
    if project.find(Path.cwd()) is not None:
        missing = prevalence is None or bool(attributes - set(groups))
        known = declared(project.load(), attributes, counted=missing and policy.task == "binary")
    stated = None if prevalence is None else Assumed(value=prevalence, source=STATED)
    return Study(
        prevalence=stated or known.prevalence or Study().prevalence,
        auroc=None if auroc is None else Assumed(value=auroc, source=STATED),
        groups={**known.groups, **groups},
        expected=read_expected(expect),
        power=power,
        design_effect=design_effect,
        replicates=replicates,
        features=known.features,
        reference_rows=known.reference_rows,
        test_rows=known.test_rows,
    )


def _text(plan: Plan, how: PlanFormat) -> str:
    from govern.planning import report

    if how is PlanFormat.JSON:
        return json.dumps(report.as_json(plan), indent=2, ensure_ascii=False) + "\n"
    if how is PlanFormat.MARKDOWN:
        return report.markdown(plan)
    screen = console()
    with screen.capture() as captured:
        screen.print(_table(plan))
    return captured.get()


def _table(plan: Plan) -> Group:
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from govern.planning import report

    policy = plan.policy
    assumed = Table.grid(padding=(0, 2))
    for what, value, source in plan.assumptions:
        assumed.add_row(f"  {what}", Text(f"{value} ({source})"))
    rest: list[RenderableType] = [Padding(Text(text), (0, 0, 0, 2)) for text in report.not_planned(plan)]
    return Group(
        Text(policy.title, style="bold"),
        Text(f"{policy.id} {policy.version}, power {plan.study.power:.0%}\n"),
        Text("assumed", style="bold"),
        assumed,
        Text(""),
        _line("for whom", "assumed", "needed in the group", "rows in all", "power", style="bold"),
        *_needs(plan),
        Text("a + b: events + non-events; *: a default, say yours by --expect; #: min_events\n"),
        *(Text(text, style="bold") for text in report.totals(plan)),
        Text(report.ALONE, style="dim"),
        *([Text("\nnot planned", style="bold"), *rest] if rest else []),
    )


def _needs(plan: Plan) -> Iterator[RenderableType]:
    """Yield a line for each rule, and below it one for each group."""
    from rich.padding import Padding
    from rich.text import Text

    from govern.planning import report
    from govern.planning.need import NOT_PLANNED, PLANNED

    before = ""
    for need in plan.needs:
        if need.outcome == NOT_PLANNED:
            continue
        if need.rule != before:
            yield Text(need.rule, style="bold").append(f"  {need.criterion}", style="not bold dim")
            before = need.rule
        if need.outcome != PLANNED:
            yield Padding(Text(f"{report.whom(need)}: {report.counted(need)}", style="red"), (0, 0, 0, 2))
            continue
        assumed = "" if need.assumed is None else f"{need.assumed.value:.3g}"
        mark = " *" if need.assumed is not None and need.assumed.source.startswith("default") else ""
        floor = " #" if need.message else ""
        rows = "" if need.rows is None else f"{need.rows:,}"
        yield _line(report.whom(need), assumed + mark, report.counted(need) + floor, rows, report.power(need))


def _line(whom: str, *cells: str, style: str = "") -> Table:
    """Return one line in columns of fixed width, 80 together."""
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    table.add_column(width=26)
    table.add_column(width=8)
    table.add_column(width=19)
    table.add_column(width=11, justify="right")
    table.add_column(width=11, justify="right")
    table.add_row(f"  {whom}", *cells, style=style)
    return table
