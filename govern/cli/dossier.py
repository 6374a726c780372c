"""``govern dossier``: the signed PDF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import click

from govern.cli.commands import FILE, Word
from govern.cli.output import console, progress
from govern.errors import PolicyError


class Template(StrEnum):
    """Whose reading order."""

    FDA = "fda"
    EU_AI_ACT = "eu-ai-act"


@click.command("dossier")
@click.argument("source")
@click.option("--template", type=Word(Template), required=True, help="Whose reading order.")
@click.option("--output", type=FILE, required=True, help="The PDF file to write.")
def dossier(source: str, template: Template, output: Path) -> None:
    """Make the signed PDF dossier from evidence.

    SOURCE is NAME/VERSION, or an evidence folder or its SHA-256.
    """
    from govern import project
    from govern.approve import with_approvals
    from govern.dossier.make import make
    from govern.evidence.log import Log
    from govern.lifecycle.dossiers import enter
    from govern.signing import identity
    from govern.signing.timestamp import Authority
    from govern.target import find_bundle

    if output.suffix.lower() != ".pdf":
        raise PolicyError(f"--output {output}: the name of a PDF file was expected", hint=f"--output {output}.pdf")
    workspace = project.load()
    bundle = with_approvals(workspace, find_bundle(workspace, source), source)
    signer = identity.load(workspace.keys, workspace.project.identity)
    authority = Authority.of(workspace.timestamp_url, workspace.trust)
    with progress() as show:
        show(f"rendering {output.name}")
        written = make(bundle, template.value, output, signer, authority)
        enter(Log(workspace.log), bundle, template.value, written.read_bytes(), signer)
    mark = " with a DEVELOPMENT key" if signer.development else ""
    console().print(f"{written}: {template.value} dossier of {bundle.sha256[:16]}, signed by {signer.name}{mark}")
