"""Dossiers in the log, and whether one that lies with a run is still what was registered, signed further or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import InputError
from govern.types import Signatory

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Log
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust

KIND = "dossier"
_END = re.compile(rb"(%%EOF)(?:\r?\n)?")


def enter(
    log: Log, bundle: Bundle, template: str, pdf: bytes, signer: Identity, *, artifact: str | None = None
) -> None:
    """Enter a dossier in the log.

    Args:
        log: the project's log.
        bundle: the evidence that it shows.
        template: whose reading order.
        pdf: the file, signed by its author.
        signer: who made it.
        artifact: where the model's run keeps it, relative to its artifacts; none elsewhere.
    """
    body = {"evidence": bundle.sha256, "template": template, "sha256": canonical.sha256(pdf), "artifact": artifact}
    log.append(KIND, body, identity=signer)


def logged(log: Log, evidence: str) -> dict[str, set[str]]:
    """Return the SHA-256 digests that the log has of each dossier that a run keeps, by path.

    There are several of one where a registration was killed and run again.
    """
    found: dict[str, set[str]] = {}
    for entry in log.find(KIND, evidence=evidence):
        if (path := entry.body.get("artifact")) is not None:
            found.setdefault(str(path), set()).add(str(entry.body.get("sha256")))
    return found


def signed_roles(pdf: bytes, digests: Iterable[str], trust: Trust) -> set[Signatory]:
    """Return in which roles a kept dossier is signed, its author's aside.

    It must begin with one of the logged files, byte by byte, and hold nothing more than signatures in its
    fields. Whether the signers beyond the author are trusted *today* is not asked: a certificate that was
    revoked since keeps nobody else from signing.

    Raises:
        InputError: it is another file, or was changed.
    """
    from govern.signing.pades import AUTHOR, check
    from govern.signing.pades.checking import SIGNATURE, TRUST

    if set(digests).isdisjoint(_prefixes(pdf)):
        raise InputError("it is not the file that was logged at registration")
    steps = check(pdf, trust)
    for step in steps:
        if not step.ok and (not step.name.startswith(TRUST) or AUTHOR in step.name):
            raise InputError(f"{step.name}: {step.found}")
    held = re.compile(rf"{re.escape(SIGNATURE)} \((\w+)\)")
    return {Signatory(m[1]) for s in steps if (m := held.fullmatch(s.name)) and m[1] != AUTHOR}


def _prefixes(pdf: bytes) -> set[str]:
    """Return the SHA-256 of everything up to each end of a revision."""
    running, at, found = hashlib.sha256(), 0, set()
    for match in _END.finditer(pdf):
        for end in (match.end(1), match.end()):  # a file may end with or without a new line
            running.update(pdf[at:end])
            at = end
            found.add(running.hexdigest())
    return found
