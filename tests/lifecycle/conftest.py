"""A registered version with dossiers kept beside its model, and people who may sign it in several roles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.gate import decide
from govern.lifecycle import dossiers
from govern.policy import Policy
from govern.project import Workspace
from govern.registry.register import folder_of, register
from govern.signing import identity, pades
from govern.signing.identity import Identity
from govern.signing.trust import Trust
from govern.types import Outcome, Record, Signatory
from tests.evidence.samples import plain_pdf
from tests.registry.conftest import POLICY, Project, finding, mlflow_at, project, template

__all__ = ["mlflow_at", "project", "template"]

ROLES = (Signatory.CLINICAL, Signatory.REGULATORY)
#: Identity -> printed name and roles.
PEOPLE = {
    "clinical": ("Grace Hopper", [Signatory.CLINICAL]),
    "second": ("Katherine Johnson", [Signatory.CLINICAL]),
    "regulatory": ("Mary Shaw", [Signatory.REGULATORY]),
    "quality": ("Barbara Liskov", [Signatory.QUALITY]),
    "reviewer": ("Jean Sammet", [Signatory.REVIEWER]),
    "namesake": ("ada  LEE", list(Signatory)),
}


def policy(**changes: Any) -> Policy:
    """Return the small policy, asking for two approvals unless something else is said."""
    body = {k: v for k, v in POLICY.as_json().items() if k != "sha256"}
    return Policy.model_validate({**body, "approvals": [{"role": r.value} for r in ROLES], **changes})


def record_under(project: Project, judged_by: Policy, outcome: Outcome = Outcome.PASS, **changes: Any) -> Record:
    """Return the record of a run of the gate under a policy."""
    findings = (finding(outcome),)
    decision = decide(judged_by, findings, name=project.name, today=date(2026, 1, 1))
    plain = dataclasses.replace(project.record(), policy=judged_by.as_json(), findings=findings, decision=decision)
    return dataclasses.replace(plain, **changes)


@dataclass(frozen=True)
class Registered:
    """A registered version, ``sepsis/1``, that nobody has signed yet."""

    project: Project
    evidence: Bundle
    people: dict[str, Identity]

    @property
    def workspace(self) -> Workspace:
        return self.project.workspace

    @property
    def log(self) -> Log:
        return Log(self.workspace.log)

    @property
    def trust(self) -> Trust:
        return Trust.of(self.workspace.trust)

    @property
    def target(self) -> str:
        return f"{self.project.name}/1"

    def kinds(self) -> list[str]:
        return [e.kind for e in self.log.entries()]


def certify(evidence: Bundle, author: Identity) -> bytes:
    """Return a PDF that carries evidence, with a field for each role that its policy names, signed by its author."""
    roles = [pades.AUTHOR, *(a["role"] for a in evidence.record.policy["approvals"])]
    boxes = {role: (1, 50.0, 600.0 - 100 * i, 300.0, 680.0 - 100 * i) for i, role in enumerate(roles)}
    prepared = pades.prepare(plain_pdf(dict(evidence.files)), boxes)
    return pades.sign(prepared, author, field=pades.AUTHOR, reason="authorship", when=datetime.now(UTC))


def enrol(workspace: Workspace, names: dict[str, tuple[str, list[Signatory]]]) -> dict[str, Identity]:
    """Make development identities."""
    return {
        who: identity.create_development(workspace.keys, workspace.trust, identity=who, name=name, roles=roles)
        for who, (name, roles) in names.items()
    }


Make = Callable[..., Registered]


@pytest.fixture
def make(project: Project, tmp_path: Path) -> Make:
    """Register a version under a policy: ``make(policy(...))``."""

    def registered(judged_by: Policy | None = None) -> Registered:
        workspace = project.workspace
        author = identity.load(workspace.keys, "author")
        people = {"author": author, **enrol(workspace, PEOPLE)}
        evidence = project.decide(record_under(project, judged_by or policy()))
        path = tmp_path / "dossier-fda.pdf"
        path.write_bytes(certify(evidence, author))
        artifact = f"{folder_of(evidence.sha256)}/{path.name}"
        dossiers.enter(Log(workspace.log), evidence, "fda", path.read_bytes(), author, artifact=artifact)
        register(workspace, evidence, project.name, artifacts=[path])
        return Registered(project, evidence, people)

    return registered


@pytest.fixture
def registered(make: Make) -> Registered:
    """A version whose policy asks for a clinical and a regulatory approval."""
    return make()
