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
artifacts/
"""


def initialise(root: Path, *, pack: str) -> list[str]:
    """Make ``root`` a govern project; what is there is kept. Returns what was done, a line each.

    The policy is a copy of ``pack``, unless the project already has the policy that its file names.

    Raises:
        PolicyError, InputError: no such pack, no git, or the folder cannot be written to.
    """
    from govern.data import setup

    if not (root / project.FILE).exists():
        _pack(pack)  # before anything is written
    try:
        root.mkdir(parents=True, exist_ok=True)
        done = setup.initialise(root)
        done += _copy(_template(pack), root / project.FILE, "the declared facts about the system: fill it in")
        done += _copy(_IGNORED, root / ".gitignore", "keeps keys and databases out of git")
        workspace = project.load(root)
        policy = root / workspace.project.policy
        if not policy.exists() and workspace.project.policy not in packs():
            done += _copy(_pack(pack), policy, f"a copy of the pack {pack}")
    except OSError as e:
        raise InputError(f"{root}: cannot be written to: {e.strerror}", hint="choose a folder you own") from None
    return done + _identity(workspace) + _mlflow(workspace)


def next_steps(root: Path) -> list[str]:
    """Return what is left to do up to the first gate run, in its order, as a person does it."""
    workspace = project.load(root)
    named = workspace.project.policy
    policy = load_policy(root / named if (root / named).is_file() else named, whole=False)
    steps = [
        "fill in govern.yaml: the facts under `system:`, the names of the columns under `data:`\n"
        "    (`govern facts lint` shows what is missing, `govern facts edit GROUP` writes a form for clinicians)"
    ]
    if policy.task != "binary":
        columns = {"multiclass": "score", "regression": "score", "survival": "score and follow_up"}[policy.task]
        steps.append(f"name there the columns of the recorded predictions: {columns}")
    if open_ := policy.missing_families():
        entry = "{reason: WHY, person: WHO}"
        said = ", ".join(f"{family}: {entry}" for family in open_)
        steps.append(f"add to {named} why it measures nothing of {', '.join(open_)}:\n    not_applicable: {{{said}}}")
    steps.append("govern data snapshot data/test.csv --role test   (and train, reference)")
    steps.append("govern policy freeze")
    if policy.task == "binary":
        steps.append("govern register MODEL_URI --name NAME")
    else:
        steps.append("govern check --predictions data/test.csv --vendor-version VERSION")
    return steps


def _pack(name: str) -> str:
    known = packs()
    if name not in known:
        raise InputError(f"no policy pack {name!r}", hint=nearest(name, known))
    return known[name].read_text(encoding="utf-8")


def _template(pack: str) -> str:
    text = files("govern").joinpath("project_template.yaml").read_text(encoding="utf-8")
    return text.replace("policies/clinical-decision-support.yaml", f"policies/{pack}.yaml")


def _copy(text: str, path: Path, what: str) -> list[str]:
    if path.exists():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [f"{path.name}: {what}"]


def _identity(workspace: project.Workspace) -> list[str]:
    from govern.signing import identity, roots

    chosen = workspace.project.identity
    if identity.exists(workspace.keys, chosen):
        return []
    person = workspace.project.system.owner.name or getpass.getuser()
    made = identity.create_development(workspace.keys, workspace.trust, identity=chosen, name=person)
    roots.trust_personally(made.chain[-1])
    return [
        f"a DEVELOPMENT signing key for {made.name}: marked as such in every signature and dossier",
        f"its root, which you now trust everywhere: {roots.personal_trust()}",
    ]


def _mlflow(workspace: project.Workspace) -> list[str]:
    from govern.registry.local import prepare

    return prepare(workspace)
