"""The older checkpoint that somebody holds: in a dossier, in evidence, in a receipt or proof, or written down."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from govern.errors import InputError
from govern.evidence import bundle, export, facts, note
from govern.evidence.proof import read_proof
from govern.evidence.receipt import read_receipt

_WRITTEN = re.compile(r"(?P<size>[1-9][0-9]{0,14}):(?P<root>[0-9a-f]{64})")
_PDF_BYTES = 512 << 20


def held_checkpoint(what: str) -> note.Checkpoint:
    """Return the size and root (and the log's origin, where it says it) that a person holds.

    Args:
        what: ``SIZE:ROOT`` as a dossier prints them, or the path of a dossier, of an evidence folder, or of a
            receipt, proof or exported log.

    Whether it is genuine is not asked: a forged one is only one that a log does not extend.

    Raises:
        InputError: it is none of these.
    """
    if match := _WRITTEN.fullmatch(what):
        return note.Checkpoint(origin="", size=int(match["size"]), root=bytes.fromhex(match["root"]))
    path = Path(what)
    with contextlib.suppress(OSError):  # a name that no file can have: told when it is read
        path = path / bundle.RECEIPT if path.is_dir() else path
    if export.is_export(path):
        header = export.read_header(path)
        return _positive(note.Checkpoint(origin=header.origin, size=header.size, root=_root(header.root)))
    return _positive(note.read(_signed(_read(path))))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_PDF_BYTES + 1)
    except (OSError, ValueError) as e:
        raise InputError(
            f"{str(path)[:200]}: cannot be read: {getattr(e, 'strerror', None) or e}",
            hint="give SIZE:ROOT, a dossier, an evidence folder, or a receipt",
        ) from None
    if len(data) > _PDF_BYTES:
        raise InputError(f"{path}: larger than {_PDF_BYTES >> 20} MiB", hint="this is nothing of govern's")
    return data


def _signed(data: bytes) -> str:
    """Return the signed note in a dossier, a proof or a receipt."""
    if data.startswith(b"%PDF"):
        from govern.signing.pades.attachments import attached

        found = attached(data, names={bundle.RECEIPT}, limit=bundle.LIMIT_BYTES)
        if bundle.RECEIPT not in found:
            raise InputError("the PDF carries no receipt of a log", hint="give a dossier of govern")
        data = found[bundle.RECEIPT]
    value = facts.parse(data, what="what is held")
    if isinstance(value, dict) and "newest" in value:
        return read_proof(data).newest.checkpoint
    return read_receipt(data).checkpoint


def _positive(checkpoint: note.Checkpoint) -> note.Checkpoint:
    if checkpoint.size < 1:
        raise InputError("what is held is of an empty log")
    return checkpoint


def _root(text: str) -> bytes:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise InputError("the exported log states no root")
    return bytes.fromhex(text)
