"""One real small project with everything in it that can be signed, logged or registered, and a drawer of copies."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from govern import canonical
from govern import project as projects
from govern.approve import sign, with_approvals
from govern.data.setup import initialise
from govern.data.snapshot import snapshot
from govern.evidence import bundle
from govern.evidence.bundle import Bundle
from govern.evidence.export import export
from govern.evidence.log import Log
from govern.evidence.proof import prove
from govern.keys.place import Place
from govern.lifecycle import dossiers
from govern.lifecycle.approvals import APPROVAL
from govern.project import Workspace
from govern.registry.register import folder_of, register
from govern.signing import identity, pades, rights
from govern.signing.certificate import pem
from govern.signing.identity import Identity
from govern.signing.revocation import Reason
from govern.signing.trust import Trust
from govern.types import Outcome, Record, Role, Signatory
from tests.evidence.samples import BOXES, people, plain_pdf
from tests.lifecycle.conftest import certify, policy, record_under
from tests.registry.conftest import YAML, Project, _train

ROWS = "patient_id,age,sex,died\n" + "".join(f"{i},{30 + i},{'mf'[i % 2]},{i % 3 // 2}\n" for i in range(60))
PEOPLE = {
    "author": ("Ada Lee", [Signatory.AUTHOR]),
    "clinical": ("Grace Hopper", [Signatory.CLINICAL]),
    "regulatory": ("Mary Shaw", [Signatory.REGULATORY]),
    "approver": ("Frances Allen", [Signatory.APPROVER]),
    "left": ("Jean Sammet", [Signatory.CLINICAL]),
}


@dataclass(frozen=True)
class Made:
    """A project with two registered versions of one model, the first of them approved, and a denial.

    ``drawer`` lies outside the project, as with an auditor: ``root.pem``, ``dossier.pdf`` (three signatures, a
    field is free), ``other.pdf``, ``log.jsonl``, ``proof.json``, and of the rights what they were once.
    """

    project: Project
    people: dict[str, Identity]
    stranger: Identity
    first: Bundle
    second: Bundle
    denied: Bundle
    drawer: Path
    #: ``trust.yaml`` before the last change, which its root signed all the same.
    older: bytes

    @property
    def workspace(self) -> Workspace:
        return self.project.workspace

    @property
    def auditor(self) -> Trust:
        """The trust of somebody who holds the root's certificate and nothing else."""
        return Trust.only(self.drawer / "root.pem")


def make(folder: Path) -> Made:
    """Build it: about ten seconds, most of them for MLflow."""
    root, drawer = folder / "project", folder / "drawer"
    (root / "data").mkdir(parents=True)
    drawer.mkdir()
    (root / "govern.yaml").write_text(YAML)
    (root / "data" / "test.csv").write_text(ROWS)
    initialise(root)
    dataset = snapshot(projects.load(root), root / "data" / "test.csv", Role.TEST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns about its own type hints
        project = Project(root, *_train(root))
    workspace = project.workspace
    who = _enrol(workspace)
    older = (workspace.trust / "trust.yaml").read_bytes()
    Place(keys=workspace.keys, trust=workspace.trust, workspace=workspace).authority(lambda _: "").revoke(
        who["left"].certificate, reason=Reason.AFFILIATION_CHANGED
    )
    plain = dataclasses.replace(record_under(project, policy()), datasets=(dataset,))
    first, second = (_registered(project, who, dataclasses.replace(plain, system=s)) for s in ({}, {"name": "later"}))
    denied = _decided(project, who["author"], record_under(project, policy(), Outcome.FAIL))
    for role in (Signatory.CLINICAL, Signatory.REGULATORY):
        sign(workspace, "sepsis/1", kind=APPROVAL, role=role, meaning=f"{role.value} approval", signer=who[role.value])
    project.client().set_registered_model_alias("sepsis", "champion", "1")
    (drawer / "root.pem").write_bytes(pem(who["author"].chain[-1:]))
    (drawer / "dossier.pdf").write_bytes(_thrice(with_approvals(workspace, first, "sepsis/1"), who))
    (drawer / "other.pdf").write_bytes(_thrice(second, who))
    log = Log(workspace.log)
    dossiers.enter(log, first, "fda", (drawer / "dossier.pdf").read_bytes(), who["author"])
    export(log, drawer / "log.jsonl")
    (drawer / "proof.json").write_bytes(canonical.dumps(prove(log, 7)))
    (drawer / "other.json").write_bytes(canonical.dumps(prove(log, 8)))
    stranger = people(folder / "stranger").author
    return Made(project, who, stranger, first, second, denied, drawer, older)


def _enrol(workspace: Workspace) -> dict[str, Identity]:
    place = Place(keys=workspace.keys, trust=workspace.trust, workspace=workspace)
    return {
        who: identity.create_development(
            workspace.keys, workspace.trust, identity=who, name=name, roles=roles, journal=place
        )
        for who, (name, roles) in PEOPLE.items()
    }


def _decided(project: Project, author: Identity, record: Record) -> Bundle:
    """Write and log evidence with the rights beside it, as a gate run does."""
    workspace = project.workspace
    written = bundle.write(record, workspace.evidence, author, rights=rights.travelling(workspace.trust))
    body = {
        "evidence": written.sha256,
        "verdict": record.decision.verdict.value,
        "subject": record.subject.sha256,
        "name": record.registered_name,
        "policy": record.policy["sha256"],
    }
    return bundle.attach_receipt(written, Log(workspace.log).append("decision", body, identity=author))


def _registered(project: Project, who: dict[str, Identity], record: Record) -> Bundle:
    workspace, author = project.workspace, who["author"]
    evidence = _decided(project, author, record)
    path = project.root.parent / "dossier-fda.pdf"
    path.write_bytes(certify(evidence, author))
    artifact = f"{folder_of(evidence.sha256)}/{path.name}"
    dossiers.enter(Log(workspace.log), evidence, "fda", path.read_bytes(), author, artifact=artifact)
    register(workspace, evidence, project.name, artifacts=[path])
    return evidence


def _thrice(evidence: Bundle, who: dict[str, Identity]) -> bytes:
    """Return a PDF with evidence in it, signed by its author and two others; the field of the approver is free."""
    pdf = pades.prepare(plain_pdf(dict(evidence.files)), BOXES)
    for field in (pades.AUTHOR, "clinical", "regulatory"):
        pdf = pades.sign(pdf, who[field], field=field, reason=f"{field} signature", when=datetime.now(UTC))
    return pdf
