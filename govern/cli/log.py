"""``govern log``: everything that was decided, in the order it was decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli.output import Format, FormatOption, OutputOption, console, emit, progress, spare
from govern.errors import InputError, PolicyError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from govern.evidence.log import Entry, Log
    from govern.evidence.note import Checkpoint
    from govern.project import Workspace
    from govern.signing.trust import Trust
    from govern.types import Step

_SHORT = 12
SinceOption = Annotated[
    str | None,
    typer.Option(
        help="What you hold of an older log, which it must extend: SIZE:ROOT as a dossier prints them, or the path "
        "of a dossier, an evidence folder, a receipt, a proof or an exported log."
    ),
]
TrustOption = Annotated[
    Path | None, typer.Option("--trust", help="The root certificate to trust: a PEM file, or a folder of them.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    commands = typer.Typer(help="Read, verify, prove and export the append-only log.", no_args_is_help=True)
    commands.command("list")(list_)
    commands.command("verify")(verify)
    commands.command("prove")(prove)
    commands.command("export")(export)
    app.add_typer(commands, name="log")


def list_(
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind, such as `decision`.")] = None,
    how: FormatOption = Format.TABLE,
) -> None:
    """List the entries: index, time, what it was, who made it. `--format json` gives them whole."""
    from rich.table import Table

    from govern import canonical, project
    from govern.evidence.log import Log

    if how not in (Format.TABLE, Format.JSON):
        raise PolicyError(f"entries are not listed as {how.value}", hint="--format table, or json")
    entries = Log(project.load().log).find(kind)
    if how is Format.JSON:
        sys.stdout.write(json.dumps(canonical.plain(entries), indent=2, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("what")
    table.add_column("by")
    for entry in entries:
        what = ", ".join(f"{k} {_short(v)}" for k, v in entry.body.items() if v is not None)
        table.add_row(str(entry.index), entry.time, _shown(entry.kind), _shown(what), _shown(entry.actor))
    console().print(table)


def verify(
    since: SinceOption = None,
    file: Annotated[Path | None, typer.Option(help="An exported log to verify, instead of the project's.")] = None,
    trust: TrustOption = None,
    how: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Recompute every leaf and root, and check every checkpoint's signature and every receipt."""
    from govern import project
    from govern import verify as verifier
    from govern.evidence.export import check_export, read_header
    from govern.evidence.held import held_checkpoint
    from govern.evidence.log import Log

    here = project.find(Path.cwd())
    workspace = project.load(here) if here is not None else None
    spare(output, file, trust, since, *(workspace.inputs() if workspace else ()))
    held = None if since is None else held_checkpoint(since)
    if file is None and workspace is None:
        raise InputError("the log can only be looked up in a project", hint="change into its folder, or give --file")
    with progress() as show:
        show("verifying the log")
        if file is not None:
            steps = check_export(file, _trusted(trust, workspace), held=held)
            target = f"{file} ({read_header(file).size} entries)" if all(s.ok for s in steps) else str(file)
        else:
            assert workspace is not None  # noqa: S101 - said above
            steps = [*verifier.verify("log", workspace, trust=_trusted(trust, workspace))]
            steps += [] if held is None else [Log(workspace.log).extends(held)]
            target = "log"
    _report(how, output, target, steps)


def prove(
    entry: Annotated[str, typer.Argument(metavar="INDEX|EVIDENCE", help="An entry's number, or its evidence.")],
    since: SinceOption = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write the proof to this file (JSON).")] = None,
) -> None:
    """Prove that an entry stands in today's log, and that this log extends an older one; show the entry whole.

    The proof is one file, which `govern verify` verifies without the log.
    """
    from govern import canonical, files, project
    from govern.evidence import proof as proofs
    from govern.evidence.held import held_checkpoint
    from govern.evidence.log import Log

    workspace = project.load()
    spare(output, since, *workspace.inputs())
    log = Log(workspace.log)
    index = _index(log, entry)
    held: Checkpoint | None = None if since is None else held_checkpoint(since)
    steps = [] if held is None else [log.extends(held)]
    if all(s.ok for s in steps):
        proof = proofs.prove(log, index, since=held)
        console(stderr=True).print(_whole(proof.receipt.entry))
        steps = proofs.check_proof(proof, _trusted(None, workspace))
        if all(s.ok for s in steps) and output is not None:
            files.replace(output, canonical.dumps(proof))
    _report(Format.TABLE, None, f"entry {index}", steps)


def export(
    output: Annotated[Path, typer.Option("--output", help="The file to write (JSON lines).")],
) -> None:
    """Write the whole log to one file, which `govern log verify --file` verifies anywhere."""
    from govern import project
    from govern.evidence import export as exports
    from govern.evidence.log import Log

    workspace = project.load()
    spare(output, *workspace.inputs())
    header = exports.export(Log(workspace.log), output)
    console().print(_shown(f"{header.size} entries with root {header.root} are in {output}"), soft_wrap=True)


def _trusted(given: Path | None, workspace: Workspace | None) -> Trust:
    from govern.signing.roots import personal_trust
    from govern.signing.trust import Trust

    if given is not None:
        return Trust.only(given)
    return Trust.of(*([workspace.trust] if workspace else []), personal_trust())


def _report(how: Format, output: Path | None, target: str, steps: list[Step]) -> None:
    from govern.cli.verify import _table
    from govern.formats.cases import of_steps
    from govern.formats.contract import steps_json

    def table() -> RenderableType:
        return _table(target, steps, assessed=True)

    emit(
        how,
        output,
        title=f"verification of {target}",
        cases=lambda: of_steps(steps),
        contract=lambda: steps_json(steps),
        table=table,
    )
    raise typer.Exit(0 if steps_json(steps)["ok"] else 1)


def _index(log: Log, entry: str) -> int:
    """Return the number of the entry that a person names by it, or by the first digits of its evidence."""
    from govern.target import PREFIX

    if entry.isdecimal() and len(entry) < 8:
        return int(entry)
    if not PREFIX.fullmatch(entry):
        raise PolicyError(f"{entry!r} is neither an entry's number nor an evidence", hint="see `govern log list`")
    found = [e for e in log.find("decision") if str(e.body.get("evidence")).startswith(entry)]
    if len(found) != 1:
        raise InputError(f"{len(found)} decisions are about evidence {entry}", hint="see `govern log list`")
    return found[0].index


def _whole(entry: Entry) -> Text:
    """Return an entry with everything that its body says, a line each."""
    lines = [f"entry {entry.index}: {entry.kind}", f"  time    {entry.time}", f"  by      {entry.actor}"]
    lines += [f"  signer  {entry.signer}", *(f"  {line}" for line in _lines(entry.body))]
    return _shown("\n".join(lines))


def _lines(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield f"{indent}{name}:"
            yield from _lines(inner, f"{indent}  ")
        else:
            yield f"{indent}{name}: {inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)}"


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} {_short(v)}" for k, v in value.items() if v is not None) + "}"
    text = str(value)
    return text[:_SHORT] if len(text) == 64 else text


def _shown(text: str) -> Text:
    """Return text in which nothing steers the terminal: whoever may append may have written it."""
    from rich.text import Text

    return Text("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text))
