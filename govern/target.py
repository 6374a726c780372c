"""What a person names on the command line, found in the project: evidence by digest, by folder or by version."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import InputError
from govern.project import Workspace

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

VERSION = re.compile(r"(?P<name>.+)/(?P<version>[0-9]+)")
PREFIX = re.compile(r"[0-9a-f]{8,64}")


def by_digest(workspace: Workspace, prefix: str) -> Path:
    """Return the evidence folder whose name begins with these digits.

    Raises:
        InputError: there is none, or more than one.
    """
    found = sorted(workspace.evidence.glob(f"{prefix}*"))
    if len(found) != 1:
        raise InputError(
            f"{len(found)} evidence folders begin with {prefix} in {workspace.evidence}",
            hint="give more digits" if found else "check the digits, or see `govern log list`",
        )
    return found[0]


def find_bundle(workspace: Workspace, target: str) -> Bundle:
    """Return the evidence that a folder, the first digits of its SHA-256, or ``NAME/VERSION`` names.

    Raises:
        InputError: there is none, or it is damaged.
        ServiceError: the registry does not answer.
    """
    from govern.evidence import bundle
    from govern.registry.lookup import evidence_of

    if Path(target).is_dir():
        return bundle.load(Path(target))
    if PREFIX.fullmatch(target):
        return bundle.load(by_digest(workspace, target))
    if match := VERSION.fullmatch(target):
        sha256, _ = evidence_of(workspace, match["name"], match["version"])
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise InputError(f"{target} was registered without the gate: it names no evidence")
        return bundle.load(workspace.evidence / sha256)
    raise InputError(f"{target}: no such evidence or model version", hint="give an evidence folder or NAME/VERSION")
