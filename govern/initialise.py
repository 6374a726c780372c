"""A new project: git and DVC, ``govern.yaml``, a policy, a development key, a local MLflow."""

from __future__ import annotations

import getpass
from importlib.resources import files
from pathlib import Path

from govern import project
from govern.errors import InputError
from govern.policy import load_policy, packs
from govern.strict_yaml import nearest

_IGNORED = """\
# private keys and what is made on this machine; the roots of trust and the evidence are kept
.govern/*
!.govern/trust/
mlflow.db
mlruns/
mlartifacts/
"""


def initialise(root: Path, *, pack: str) -> list[str]:
    """Make ``root`` a govern project; what is there is kept. Returns what was done, a line each.

    Raises:
        PolicyError, InputError: no such pack, no git, or the folder cannot be written to.
    """
    from govern.data import setup

    known = packs()
    if pack not in known:
        raise InputError(f"no policy pack {pack!r}", hint=nearest(pack, known))
    load_policy(pack)
    try:
        root.mkdir(parents=True, exist_ok=True)
        done = setup.initialise(root)
        done += _copy(_template(), root / project.FILE, "the declared facts about the system: fill it in")
        done += _copy(known[pack].read_text(encoding="utf-8"), _policy_path(root, pack), f"a copy of the pack {pack}")
        done += _copy(_IGNORED, root / ".gitignore", "keeps keys and databases out of git")
    except OSError as e:
        raise InputError(f"{root}: cannot be written to: {e.strerror}", hint="choose a folder you own") from None
    workspace = project.load(root)
    return done + _identity(workspace) + _mlflow(workspace)


def _template() -> str:
    return files("govern").joinpath("project_template.yaml").read_text(encoding="utf-8")


def _policy_path(root: Path, pack: str) -> Path:
    return root / "policies" / f"{pack}.yaml"


def _copy(text: str, path: Path, what: str) -> list[str]:
    if path.exists():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [f"{path.name}: {what}"]


def _identity(workspace: project.Workspace) -> list[str]:
    from govern.signing import identity

    chosen = workspace.project.identity
    if identity.exists(workspace.keys, chosen):
        return []
    person = workspace.project.system.owner.name or getpass.getuser()
    made = identity.create_development(workspace.keys, workspace.trust, identity=chosen, name=person)
    return [f"a DEVELOPMENT signing key for {made.name}: marked as such in every signature and dossier"]


def _mlflow(workspace: project.Workspace) -> list[str]:
    from govern.registry.local import prepare

    return prepare(workspace)
