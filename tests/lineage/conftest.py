"""Registered versions: with data under DVC and a dossier, and one that people approved and promoted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from govern import looks
from govern.approve import sign
from govern.data.setup import initialise
from govern.data.snapshot import snapshot
from govern.evidence import bundle
from govern.evidence.log import Log
from govern.lifecycle import dossiers
from govern.lifecycle.approvals import APPROVAL, REJECTION
from govern.lineage.graph import Graph, Growing, Kind, Node
from govern.registry.register import folder_of, register
from govern.signing import identity
from govern.types import Role, Signatory
from tests.lifecycle.conftest import Make, Registered, certify, make
from tests.registry.conftest import POLICY, Project, project, template

__all__ = ["make", "project", "template"]

HOSTILE = 'a"b\\N\n</script><script>alert(1)</script><!-- &amp; \u2028\u202eevil {{ 7*7 }} \u00e9\U0001f600'


@pytest.fixture
def registered(project: Project, tmp_path: Path) -> Project:
    """A registered model with data under DVC, a frozen policy, one look and a dossier."""
    workspace = project.workspace
    initialise(project.root)
    for role in (Role.TRAIN, Role.TEST):
        data = project.root / "data" / f"{role.value}.csv"
        data.parent.mkdir(exist_ok=True)
        data.write_text(f"patient,age,died\n{role.value}-1,50,0\n{role.value}-2,60,1\n")
    datasets = tuple(snapshot(workspace, project.root / "data" / f"{r.value}.csv", r) for r in (Role.TRAIN, Role.TEST))
    author, log = identity.load(workspace.keys, "author"), Log(workspace.log)
    test = datasets[1].sha256
    looks.freeze(log, POLICY, {"test": test}, identity=author)
    subject = dataclasses.replace(project.subject(), inputs=("age",))
    order = looks.look(log, dataset=test, policy=POLICY, subject=subject.sha256, command="register", identity=author)
    record = dataclasses.replace(project.record(), subject=subject, datasets=datasets)
    written = bundle.write(record, workspace.evidence, author)
    body = {
        "evidence": written.sha256,
        "verdict": "allow",
        "subject": subject.sha256,
        "name": project.name,
        "policy": POLICY.sha256,
        "order": order.as_json(),
    }
    evidence = bundle.attach_receipt(written, log.append("decision", body, identity=author))
    dossier = tmp_path / "fda.pdf"
    dossier.write_bytes(certify(evidence, author))
    artifact = f"{folder_of(evidence.sha256)}/fda.pdf"
    dossiers.enter(log, evidence, "fda", dossier.read_bytes(), author, artifact=artifact)
    register(workspace, evidence, project.name, artifacts=[dossier])
    return project


@pytest.fixture
def promoted(make: Make) -> Registered:
    """A version that two people approved, one of them after a rejection, with an alias."""
    made = make()
    for who, kind in (("clinical", REJECTION), ("clinical", APPROVAL), ("regulatory", APPROVAL)):
        sign(
            made.workspace,
            made.target,
            kind=kind,
            role=Signatory(who),
            meaning=f"{who} {kind}",
            signer=made.people[who],
        )
    made.project.client().set_registered_model_alias(made.project.name, "champion", "1")
    return made


@pytest.fixture
def hostile() -> Graph:
    """A graph whose every text is hostile, with one broken edge."""
    root = Node(id=HOSTILE, kind=Kind.VERSION, label=HOSTILE)
    grown = Growing(root)
    facts = {"act": "decision", "time": "2026-01-01T00:00:00.000Z", "actor": HOSTILE}
    evidence = Node(id=f"e{HOSTILE}", kind=Kind.EVIDENCE, label=HOSTILE, digest="ab" * 32, facts={"validity": HOSTILE})
    grown.add(evidence, root.id, "allows", HOSTILE, False)
    grown.add(Node(id=f"l{HOSTILE}", kind=Kind.LOG, label=HOSTILE, facts=facts), evidence.id, "decides", HOSTILE, True)
    for kind in Kind:
        grown.add(Node(id=f"{kind}{HOSTILE}", kind=kind, label=HOSTILE, facts=facts), root.id, "is", HOSTILE, True)
    return grown.graph()
