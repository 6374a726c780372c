"""``govern coverage``: which clauses of a regulation evidence, declared facts and signatures answer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import FILE, Word
from govern.cli.output import console, spare
from govern.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.text import Text

    from govern.evidence.bundle import Bundle
    from govern.project import Workspace
    from govern.regulations.coverage import Coverage, Covered, Current
    from govern.regulations.model import State

_COLOURS = {
    "pass": "green",
    "fail": "red",
    "inconclusive": "yellow",
    "not_run": "red",
    "declared": "",
    "signed": "green",
    "not_applicable": "dim",
    "stale": "red",
}


class Form(StrEnum):
    """How the matrix is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@click.command("coverage")
@click.argument("source")
@click.option("--regulation", required=True, help="eu, us, fda, eu-ai-act, mdr ...: a region or one regulation.")
@click.option("--profile", help="For what kind of system; else as declared.")
@click.option("--state", "states", multiple=True, help="Only clauses in this state (may be repeated).")
@click.option("--clause", help="Only this clause, with each thing that it needs.")
@click.option("--format", "how", type=Word(Form), default="table", help="How to print it.")
@click.option("--output", type=FILE, help="Write it to this file instead.")
def coverage(
    source: str,
    regulation: str,
    profile: str | None,
    states: tuple[str, ...],
    clause: str | None,
    how: Form,
    output: Path | None,
) -> None:
    """Show the state of each clause of a regulation: what was measured, declared and signed for it.

    SOURCE is NAME/VERSION, or an evidence folder or its SHA-256. A clause that fails, was not run or is stale
    stops a release, and the exit code is then 1.
    """
    from govern import files, project
    from govern.approve import with_approvals
    from govern.regulations.catalogue import load
    from govern.regulations.coverage import coverage as covered
    from govern.regulations.named import instruments
    from govern.target import find_bundle

    catalogue = load()
    region, wanted = instruments(catalogue, regulation)
    _known(states, clause, catalogue.clauses)
    workspace = project.load()
    spare(output, *workspace.inputs())
    bundle = with_approvals(workspace, find_bundle(workspace, source), source)
    found = covered(
        bundle,
        region,
        profile,
        instruments=wanted,
        today=datetime.now(UTC).date(),
        current=_current(workspace, bundle),
    )
    shown = tuple(
        c
        for c in found.covered
        if (not states or c.state.value in states) and (clause is None or c.clause.id == clause)
    )
    if clause is not None and not shown:
        raise PolicyError(
            f"{clause} is no clause of {regulation} in the profile {found.profile.id} in such a state",
            hint="leave --state or --profile out, or name another --regulation",
        )
    if output is None and how is Form.TABLE:
        for part in _table(found, shown, full=clause is not None):
            console().print(part)
    else:
        text = _text(found, shown, how, full=clause is not None)
        if output is None:
            sys.stdout.write(text)
        else:
            files.replace(output, text.encode())
    if found.blocking():
        raise SystemExit(1)


def _known(states: tuple[str, ...], clause: str | None, clauses: object) -> None:
    """Refuse words that are none before evidence is read.

    Raises:
        PolicyError: a state or the clause is unknown.
    """
    from govern.strict_yaml import nearest

    for state in states:
        if state not in _COLOURS:
            raise PolicyError(f"unknown state {state!r}", hint=nearest(state, _COLOURS))
    if clause is not None and clause not in (known := dict(clauses)):  # type: ignore[call-overload]
        raise PolicyError(f"unknown clause {clause!r}", hint=nearest(clause, known))


def _current(workspace: Workspace, bundle: Bundle) -> Current:
    """Return what the project holds today: the declared facts, and the policy of that name."""
    from govern.policy import policy_of
    from govern.regulations.coverage import Current, facts_digest

    policy = policy_of(workspace)
    return Current(
        policy=policy.sha256 if policy.id == bundle.record.policy.get("id") else None,
        facts=facts_digest(workspace.project.system.model_dump(mode="json")),
    )


def _table(found: Coverage, shown: tuple[Covered, ...], *, full: bool) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    yield Text(f"{found.profile.title} ({found.profile.id}, {found.chosen})", style="bold")
    if found.profile.warning:
        yield Text(f"! {found.profile.warning}", style="yellow")
    told = ", ".join(f"{n} {_word(s.value)}" for s, n in found.counts().items() if n)
    yield Text(f"{len(found.covered)} clauses: {told}. {found.outside} are outside the profile.")
    for instrument in found.instruments:
        mine = [c for c in shown if c.clause.instrument == instrument.id]
        if not mine:
            continue
        label = f" ({instrument.label})" if instrument.label else ""
        yield Text(f"\n{instrument.title}{label}", style="bold")
        yield Text(f"{instrument.version}; read on {instrument.read_on:%Y-%m-%d}", style="dim")
        for group, title in instrument.groups.items():
            rows = [c for c in mine if c.clause.group == group]
            if not rows:
                continue
            yield Text(f"\n{title}", style="italic")
            table = Table(box=None, show_header=False, pad_edge=False)
            table.add_column(no_wrap=True)
            table.add_column(ratio=1)
            for row in rows:
                since = f" from {row.applies_from:%Y-%m-%d}" if row.applies_from else ""
                words = Text.assemble((row.clause.citation, "bold"), (f" {row.clause.id}{since}", "dim"), "\n", row.why)
                table.add_row(_state(row.state), words)
            yield table
            if full:
                yield Padding(_needs(rows[0]), (1, 0, 0, 2))
    blocking = len(found.blocking())
    end = "1 clause stops a release" if blocking == 1 else f"{blocking or 'No'} clauses stop a release"
    yield Text(f"\n{end}.", style="bold")


def _needs(row: Covered) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1)
    table.add_row("clause", row.clause.id)
    table.add_row("asks", row.clause.requirement)
    table.add_row("read", row.clause.confirmed)
    for answer in row.answers:
        text = Text.assemble(_state(answer.state), f" {answer.title}: {answer.why}")
        table.add_row(answer.kind.value, text)
        for miss in [answer.misses] if answer.misses else []:
            table.add_row("open", miss)
    return table


def _text(found: Coverage, shown: tuple[Covered, ...], how: Form, *, full: bool) -> str:
    if how is Form.JSON:
        from govern.regulations.contract import coverage_json

        return json.dumps(coverage_json(found, shown), indent=2, ensure_ascii=False) + "\n"
    if how is Form.MARKDOWN:
        from govern.regulations.markdown import markdown

        return markdown(found, shown)
    screen = console()
    with screen.capture() as captured:
        for part in _table(found, shown, full=full):
            screen.print(part)
    return captured.get()


def _state(state: State) -> Text:
    from rich.text import Text

    from govern.regulations.model import SIGNS

    return Text(f"{SIGNS[state]} {_word(state)}", style=_COLOURS[state.value])


def _word(state: str) -> str:
    return state.replace("_", " ")
