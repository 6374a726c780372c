"""Whether ``trust.yaml`` is the newest that was given: an older one still has its root's signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern.canonical import sha256
from govern.errors import GovernError
from govern.evidence.entry import KEYS
from govern.project import Workspace
from govern.signing.trust import RIGHTS, files
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.log import Entry

STEP = "trust is the newest"


def newest(workspace: Workspace, entries: Sequence[Entry]) -> list[Step]:
    """Return the step that says whether the project's ``trust.yaml`` is the one that the log names last.

    There is none where no change of keys was ever entered: then nothing is known of older ones.

    Args:
        workspace: the project.
        entries: those of its log, verified.
    """
    changes = [e for e in entries if e.kind == KEYS]
    if not changes:
        return []
    last = changes[-1]
    named = last.body.get("trust_sha256") or "none"
    expected = f"{RIGHTS} with the SHA-256 {named}, of entry {last.index} ({last.time})"
    try:
        data = files(workspace.trust).get(RIGHTS)
    except GovernError as e:
        return [Step(name=STEP, ok=False, expected=expected, found=e.message)]
    own = None if data is None else sha256(data)
    if own == last.body.get("trust_sha256"):
        return [Step(name=STEP, ok=True, expected=expected, found="the same")]
    old = next((e for e in reversed(changes) if e.body.get("trust_sha256") == own), None)
    if own is None:
        return [Step(name=STEP, ok=False, expected=expected, found="none")]
    found = f"an older one, of entry {old.index} ({old.time})" if old else f"{own}, which the log never named"
    return [Step(name=STEP, ok=False, expected=expected, found=found)]
