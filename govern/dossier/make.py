"""A dossier on the disk: rendered, its signature fields prepared, signed by its author, written whole or not at all."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govern import files
from govern.dossier.render import typeset
from govern.errors import InputError
from govern.types import Signatory

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.signing.identity import Identity
    from govern.signing.timestamp import Authority

REASON = "Authorship of this validation dossier"


def make(bundle: Bundle, template: str, output: Path, identity: Identity, authority: Authority | None = None) -> Path:
    """Write the signed dossier to ``output`` and return its path.

    All signature boxes of the first page become fields; the author's is signed now, the others are
    left for the people whose approval the policy asks for.

    Raises:
        PolicyError: there is no such template.
        InputError: the folder of ``output`` is absent or not writable.
        SigningError: signing fails.
        ServiceError: the time-stamp authority does not answer; nothing is written.
    """
    from govern.signing import pades

    _writable(output)
    made = typeset(bundle, template, stamped=authority is not None)
    prepared = pades.prepare(made.pdf, made.boxes)
    signed = pades.sign(
        prepared,
        identity,
        field=Signatory.AUTHOR.value,
        reason=REASON,
        when=datetime.now(UTC),
        authority=authority,
    )
    files.replace(output, signed)
    return output


def _writable(output: Path) -> None:
    """Refuse before the work is done what could not be written after it."""
    if output.is_dir():
        raise InputError(f"{output}: is a folder", hint="give the name of a PDF file")
    if not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such folder", hint="make the folder, or give another --output")
    if not os.access(output.parent, os.W_OK):
        raise InputError(f"{output.parent}: the folder is not writable", hint="give another --output")
