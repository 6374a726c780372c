"""``govern log``: everything that was decided, in the order it was decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.commands import FILE, Commands, Word
from govern.cli.output import Format, console, format_option, output_option, progress, spare
from govern.cli.verify import report, trusted
from govern.errors import InputError, PolicyError

if TYPE_CHECKING:
    from rich.text import Text

    from govern.evidence.log import Entry, Log
    from govern.evidence.note import Checkpoint

_SHORT = 12
since_option = click.option(
    "--since",
    help="What you hold of an older log, which it must extend: SIZE:ROOT as a dossier prints them, or the path of a "
    "dossier, an evidence folder, a receipt, a proof or an exported log.",
)


@click.group("log", cls=Commands)
def log() -> None:
    """Read, verify, prove and export the append-only log."""


@log.command("list")
@click.option("--kind", help="Only entries of this kind, such as `decision`.")
@click.option(
    "--format", "how", type=Word([Format.TABLE, Format.JSON]), default=Format.TABLE.value, help="How to print them."
)
def list_(kind: str | None, how: Format) -> None:
    """List the entries: index, time, what it was, who made it. `--format json` gives them whole."""
    from rich.table import Table

    from govern import canonical
    from govern.evidence.log import Log
    from govern.folder import enclosing

    folder = enclosing()
    address: Path | str = folder.own_log
    if folder.may_name_log():  # else the project's file, which takes longer to read than the log, is not needed
        from govern import project

        address = project.load().log
    entries = Log(address).find(kind)
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
        what = ", ".join(_said(entry, k, v) for k, v in entry.body.items() if v is not None)
        table.add_row(str(entry.index), entry.time, _shown(entry.kind), _shown(what), _shown(entry.actor))
    console().print(table)


@log.command("verify")
@since_option
@click.option("--file", type=FILE, help="An exported log to verify, instead of the project's.")
@click.option("--trust", type=FILE, help="The root certificate to trust: a PEM file, or a folder of them.")
@format_option
@output_option
def verify(since: str | None, file: Path | None, trust: Path | None, how: Format, output: Path | None) -> None:
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
            steps = check_export(file, trusted(trust, workspace), held=held)
            target = f"{file} ({read_header(file).size} entries)" if all(s.ok for s in steps) else str(file)
        else:
            assert workspace is not None  # noqa: S101 - said above
            steps = [*verifier.verify("log", workspace, trust=trusted(trust, workspace))]
            steps += [] if held is None else [Log(workspace.log).extends(held)]
            target = "log"
    report(how, output, f"verification of {target}", target, steps)


@log.command("prove")
@click.argument("entry", metavar="INDEX|EVIDENCE")
@since_option
@click.option("--output", type=FILE, help="Write the proof to this file (JSON).")
def prove(entry: str, since: str | None, output: Path | None) -> None:
    """Prove that an entry stands in today's log, and that this log extends an older one; show the entry whole.

    The proof is one file, which `govern verify` verifies without the log.
    """
    from govern import canonical, files, project
    from govern.evidence import proof as proofs
    from govern.evidence.held import held_checkpoint
    from govern.evidence.log import Log

    workspace = project.load()
    spare(output, since, *workspace.inputs())
    held_log = Log(workspace.log)
    index = _index(held_log, entry)
    held: Checkpoint | None = None if since is None else held_checkpoint(since)
    steps = [] if held is None else [held_log.extends(held)]
    if all(s.ok for s in steps):
        proof = proofs.prove(held_log, index, since=held)
        console(stderr=True).print(_whole(proof.receipt.entry))
        steps = proofs.check_proof(proof, trusted(None, workspace))
        if all(s.ok for s in steps) and output is not None:
            files.replace(output, canonical.dumps(proof))
    report(Format.TABLE, None, f"verification of entry {index}", f"entry {index}", steps)


@log.command("export")
@click.option("--output", type=FILE, required=True, help="The file to write (JSON lines).")
def export(output: Path) -> None:
    """Write the whole log to one file, which `govern log verify --file` verifies anywhere."""
    from govern import project
    from govern.evidence import export as exports
    from govern.evidence.log import Log

    workspace = project.load()
    spare(output, *workspace.inputs())
    header = exports.export(Log(workspace.log), output)
    console().print(_shown(f"{header.size} entries with root {header.root} are in {output}"), soft_wrap=True)


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


def _said(entry: Entry, name: str, value: object) -> str:
    """Return one fact of an entry in words: digests short, the order of events as a sentence."""
    from govern import looks

    if name == "order" and (order := looks.read(entry)) is not None:
        return "; ".join([f"look {order.number}", *order.sentences()])
    if isinstance(value, Mapping):
        return f"{name}: " + (", ".join(f"{k} {_short(v)}" for k, v in value.items()) or "none")
    return f"{name} {_short(value)}"


def _short(value: object) -> str:
    text = str(value)
    return text[:_SHORT] if len(text) == 64 else text


def _shown(text: str) -> Text:
    """Return text in which nothing steers the terminal: whoever may append may have written it."""
    from rich.text import Text

    return Text("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text))
