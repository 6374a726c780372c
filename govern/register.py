"""The gate with registration behind it: evidence, dossiers, and then, only on allow, a model version."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import PolicyError
from govern.project import Workspace
from govern.run import Progress, gate_run
from govern.types import Verdict

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.registry.register import Registered

_NAME = re.compile(r"\w([\w .-]{0,198}[\w.-])?")
TEMPLATES = ("fda", "eu-ai-act")


def gate_and_register(
    workspace: Workspace,
    model: str,
    *,
    name: str,
    policy: str | Path | None = None,
    progress: Progress = lambda what: None,
) -> tuple[Bundle, Registered | None]:
    """Run the gate for a model under a name; on ``allow`` register it, with its dossiers as run artifacts.

    Killed at any moment and run again it finishes the job: equal inputs give equal evidence, and
    evidence is registered once.

    Raises:
        PolicyError, InputError: as :func:`govern.run.gate_run`.
        ServiceError: the registry cannot be reached.
    """
    if not _NAME.fullmatch(name):
        raise PolicyError(
            f"{name!r} is no name of a registered model", hint="letters, digits, spaces, `_`, `-` and `.`"
        )
    from govern.dossier.make import make
    from govern.evidence.log import Log
    from govern.lifecycle.dossiers import enter
    from govern.registry.register import folder_of, register
    from govern.signing import identity
    from govern.signing.timestamp import Authority

    bundle = gate_run(workspace, model=model, policy=policy, name=name, progress=progress)
    if bundle.record.decision.verdict is not Verdict.ALLOW:
        return bundle, None
    log = Log(workspace.log)
    if log.find(kind="registration", evidence=bundle.sha256, name=name):
        return bundle, register(workspace, bundle, name)  # checks what is there
    signer = identity.load(workspace.keys, workspace.project.identity)
    authority = Authority.of(workspace.timestamp_url, workspace.trust)
    with tempfile.TemporaryDirectory(prefix="govern-") as folder:
        dossiers = []
        for template in TEMPLATES:
            progress(f"making the {template} dossier")
            path = make(bundle, template, Path(folder) / f"dossier-{template}.pdf", signer, authority)
            dossiers.append(path)
        if bundle.record.subject.run_id is not None:  # else nobody keeps them
            for template, path in zip(TEMPLATES, dossiers, strict=True):
                artifact = f"{folder_of(bundle.sha256)}/{path.name}"
                enter(log, bundle, template, path.read_bytes(), signer, artifact=artifact)
        progress(f"registering {name}")
        return bundle, register(workspace, bundle, name, artifacts=dossiers)
