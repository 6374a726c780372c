"""``govern facts``: what people declare about the system, and what nobody has declared yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import Commands
from govern.cli.output import console
from govern.errors import GovernError, InputError

if TYPE_CHECKING:
    from govern.declared import Catalogue, Declared
    from govern.strict_yaml import Document


@click.group("facts", cls=Commands)
def facts() -> None:
    """List, check and write the declared facts about a system."""


@facts.command("list")
@click.option("--group", help="Only the facts of this group.")
def list_(group: str | None) -> None:
    """List the facts that a project may declare, with their questions."""
    from rich.table import Table

    from govern import declared

    catalogue = declared.load()
    for shown in catalogue.groups if group is None else (catalogue.group(group),):
        table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
        for name, wrap in ((shown.id, False), ("kind", False), (shown.title, True)):
            table.add_column(name, no_wrap=not wrap)
        for fact in shown.facts:
            table.add_row(fact.id, fact.kind, fact.ask)
        console().print(table, "", sep="\n")


@facts.command("lint")
@click.option("--group", help="Name the missing facts of this group, with their questions.")
@click.option("--regulation", help="Name the missing facts by clause: eu, us, fda, eu-ai-act ...")
@click.option("--profile", help="With --regulation: for what kind of system; else as declared.")
def lint(group: str | None, regulation: str | None, profile: str | None) -> None:
    """Check the declared facts: what is wrong, what to look at again, what is missing. Exit 2 if something is wrong."""
    from datetime import UTC, datetime

    from govern import declared
    from govern.declared.review import by_clause, doubts, missing

    catalogue = declared.load()
    wanted = None if group is None else catalogue.group(group)
    document, root, found = _read()
    asked = None if regulation is None else _asked(regulation, profile, found)
    unknown = _no_clauses(found)
    screen = console()

    def say(text: str) -> None:
        screen.print(text, markup=False, soft_wrap=True)

    for problem in found.problems:
        say(f"wrong: {problem.message}\n   do: {problem.hint}")
    for text in unknown:
        say(f"wrong: {text}")
    for doubt in doubts(found, catalogue, datetime.now(UTC).date()):
        say(f"look again: {doubt}")
    absent = [d for d in found.facts.values() if not d.applies]
    wrong = len(found.problems) + len(unknown)
    said = f"{len(found.facts) - len(absent)} of {len(catalogue.facts)} facts declared"
    say(f"{said}, {len(absent)} not applicable, {wrong or 'no'} mistakes found")
    if asked is not None:
        for clause, facts in by_clause(found, asked, catalogue).items():
            say(f"  {clause}: {', '.join(fact.id for fact in facts)}")
    elif wanted is not None:
        for fact in missing(found, wanted.facts):
            say(f"  {fact.id}: {fact.ask}")
    else:
        for line in _open_facts(catalogue, found, _required(document, root)):
            say(line)
    sys.exit(2 if wrong else 0)


@facts.command("edit")
@click.argument("group", required=False)
def edit(group: str | None) -> None:
    """Write a form with every missing fact of GROUP (else of all groups), and open it in $EDITOR at a terminal.

    What is declared already stays as it is.
    """
    from govern import declared
    from govern.declared import form

    catalogue = declared.load()
    document, root, found = _read()
    found.raise_problems()
    groups = catalogue.groups if group is None else (catalogue.group(group),)
    written = form.write(document, root, found, groups)
    for path, added in written.items():
        click.echo(f"{path.relative_to(root).as_posix()}: {added or 'no'} questions added")
    if not written:
        click.echo("no question is open")
    _in_editor(list(written))


def _read() -> tuple[Document, Path, Declared]:
    from govern import declared, strict_yaml
    from govern.folder import FILE, enclosing

    root = enclosing().root
    document = strict_yaml.read(root / FILE)
    return document, root, declared.read(document, root)


def _asked(regulation: str, profile: str | None, found: Declared) -> dict[str, tuple[str, ...]]:
    """Return the facts that each clause of a regulation asks for in a profile, by clause.

    Raises:
        PolicyError: the regulation or the profile is unknown.
    """
    from govern.regulations.catalogue import load
    from govern.regulations.coverage import choose
    from govern.regulations.named import instruments

    catalogue = load()
    region, names = instruments(catalogue, regulation)
    chosen, _ = choose(catalogue, region, profile, dict(found.as_system()))
    wanted = [catalogue.instruments[n] for n in names] or catalogue.region(region)
    clauses = (c for i in wanted for c in i.clauses if chosen.scope_of(c) and not chosen.exclusion(c))
    return {c.id: c.declared for c in clauses if c.declared}


def _no_clauses(found: Declared) -> list[str]:
    """Return a complaint for each name that is said not to apply and is neither a fact nor a clause."""
    from govern.regulations.catalogue import load
    from govern.strict_yaml import nearest

    if not found.clauses:
        return []
    clauses = load().clauses
    return [
        f"{said.place}: {name!r} is neither a fact nor a clause; {nearest(name, clauses)}"
        for name, said in found.clauses.items()
        if name not in clauses
    ]


def _required(document: Document, root: Path) -> list[str]:
    """Return the facts that the project's policy requires; none where the policy cannot be read."""
    from govern.policy import load_policy

    named = str(document.value.get("policy") or "")
    try:
        policy = load_policy(root / named if (root / named).is_file() else named, whole=False)
    except GovernError:
        return []
    return policy.documentation.required


def _open_facts(catalogue: Catalogue, found: Declared, required: Sequence[str]) -> Iterator[str]:
    """Give what is missing: what the policy requires, what every dossier asks for, and of the rest how much."""
    from govern.declared import CORE
    from govern.declared.review import missing

    first = missing(found, (catalogue.facts[name] for name in required if name in catalogue.facts))
    core = missing(found, (catalogue.facts[name] for name in CORE if name not in required))
    for what, some in (("required by the policy", first), ("asked for by every dossier", core)):
        if some:
            yield f"missing, {what}: {', '.join(fact.id for fact in some)}"
    for group in catalogue.groups:
        if left := missing(found, (f for f in group.facts if f not in first and f not in core)):
            yield f"  {group.id}: {len(left)} of {len(group.facts)} others not declared"


def _in_editor(paths: Sequence[Path]) -> None:
    """Open files in ``$EDITOR``, if there is one and a person sits at a terminal."""
    import shlex
    import subprocess

    editor = shlex.split(os.environ.get("EDITOR", ""))
    if not editor or not paths or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    try:
        subprocess.run([*editor, *map(str, paths)], check=False)  # noqa: S603 - the person's own editor
    except OSError as e:
        raise InputError(
            f"$EDITOR: {editor[0]} cannot be started: {e.strerror}", hint="open the file yourself"
        ) from None
