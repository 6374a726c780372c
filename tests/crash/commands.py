"""What is killed: each command's own functions on a real project, and what must hold whenever it died."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from govern.approve import sign
from govern.dossier.make import make as make_dossier
from govern.evidence import bundle
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.lifecycle import dossiers
from govern.lifecycle.approvals import APPROVAL
from govern.registry import lookup
from govern.registry.register import folder_of, kept, register
from govern.signing import identity, pades
from govern.signing.trust import Trust
from govern.types import Record, Signatory
from govern.verify import verify
from tests.lifecycle.conftest import certify, policy, record_under
from tests.registry.conftest import PATHS, Project


@dataclass(frozen=True)
class Command:
    """A command on a copy of a project."""

    name: str
    #: Makes the copy ready.
    prepared: Callable[[Project], object]
    work: Callable[[Project], object]
    #: Raises where what a kill left is neither nothing nor complete.
    sound: Callable[[Project], None]
    #: Raises where a second run did not complete it, or made a second record.
    complete: Callable[[Project], None]
    #: Takes seconds, so that a sample kills it less often.
    long: bool = False


def copied(template: Project, root: Path) -> Project:
    """Return a copy of a project, its paths in MLflow's database with it."""
    shutil.copytree(template.root, root)
    copy = dataclasses.replace(template, root=root)
    for table, column in PATHS.items():
        copy.write(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", str(template.root), str(root))  # noqa: S608
    return copy


class Commands:
    """The commands on one template."""

    def __init__(self, template: Project, scratch: Path) -> None:
        self.template, self._scratch = template, scratch

    def all(self) -> list[Command]:
        """Return every command."""
        return [
            Command("first append", lambda _: None, self.append, self.sound_log, self.one_entry),
            Command("append", self.append, self.append, self.sound_log, self.two_entries),
            Command("register", lambda _: None, self.register, self.sound_registry, self.registered),
            Command("approve", self.register, self.approve, self.sound_dossiers, self.approved),
            Command("dossier", self.decided, self.dossier, self.sound_output, self.entered, long=True),
        ]

    # Work -------------------------------------------------------------------------------------------------------

    def append(self, project: Project) -> None:
        """One append to the log; an entry that is there already is not made again."""
        workspace, number = project.workspace, len(Log(project.workspace.log).entries())
        Log(workspace.log).append("note", {"number": number}, identity=identity.load(workspace.keys, "author"))

    def record(self, project: Project) -> Record:
        """Return the record of a run that allows; the model of all copies has the same files."""
        return record_under(project, policy())

    def decided(self, project: Project) -> Bundle:
        """Write evidence and enter its decision, as the end of a gate run does."""
        workspace = project.workspace
        signer, record = identity.load(workspace.keys, "author"), self.record(project)
        written, log = bundle.write(record, workspace.evidence, signer), Log(workspace.log)
        if known := log.find("decision", evidence=written.sha256):
            return bundle.attach_receipt(written, log.receipt(known[0].index))
        body = {"evidence": written.sha256, "verdict": "allow", "subject": record.subject.sha256, "name": project.name}
        return bundle.attach_receipt(written, log.append("decision", body, identity=signer))

    def register(self, project: Project) -> None:
        """Evidence, decision, dossier and version, in the order of :func:`govern.register.gate_and_register`."""
        workspace, evidence = project.workspace, self.decided(project)
        log = Log(workspace.log)
        if log.find("registration", evidence=evidence.sha256, name=project.name):
            register(workspace, evidence, project.name)
            return
        signer = identity.load(workspace.keys, "author")
        path = self._scratch / f"{project.root.name}-dossier-fda.pdf"
        path.write_bytes(certify(evidence, signer))
        kept_as = f"{folder_of(evidence.sha256)}/{path.name}"
        dossiers.enter(log, evidence, "fda", path.read_bytes(), signer, artifact=kept_as)
        register(workspace, evidence, project.name, artifacts=[path])

    def approve(self, project: Project) -> None:
        """The approval of a person."""
        workspace = project.workspace
        signer = identity.load(workspace.keys, "clinical")
        sign(workspace, "sepsis/1", kind=APPROVAL, role=Signatory.CLINICAL, meaning="I agree", signer=signer)

    def dossier(self, project: Project) -> None:
        """The command `govern dossier`, on evidence."""
        workspace = project.workspace
        (evidence,) = (bundle.load(p) for p in workspace.evidence.iterdir() if not p.name.startswith("."))
        signer = identity.load(workspace.keys, "author")
        written = make_dossier(evidence, "fda", project.root / "dossier.pdf", signer)
        dossiers.enter(Log(workspace.log), evidence, "fda", written.read_bytes(), signer)

    # What a kill may leave -------------------------------------------------------------------------------------

    def sound_log(self, project: Project) -> None:
        """The log is whole, or not there yet."""
        log = Log(project.workspace.log)
        if log.exists():
            _hold(log.verify(Trust.of(project.workspace.trust)))

    def sound_registry(self, project: Project) -> None:
        """Evidence is whole or absent, a version has all its facts or is absent."""
        self.sound_log(project)
        workspace = project.workspace
        folder = workspace.evidence
        for path in folder.iterdir() if folder.is_dir() else ():
            if not path.name.startswith("."):
                assert bundle.load(path).sha256 == path.name
        versions = project.rows("model_versions", "version")
        assert len(project.rows("registered_models")) == len(versions) <= 1
        if versions:
            _, steps = lookup.evidence_of(workspace, project.name, "1")
            _hold([s for s in steps if s.name != lookup.REGISTRATION])

    def sound_dossiers(self, project: Project) -> None:
        """The log is whole, and no signature is in a kept dossier that the log does not have."""
        self.sound_registry(project)
        evidence = self._evidence(project)
        logged = Log(project.workspace.log).find(APPROVAL)
        assert len(logged) <= 1
        trust = Trust.of(project.workspace.trust)
        for path, pdf in kept(project.workspace, evidence).items():
            try:
                digests = dossiers.logged(Log(project.workspace.log), evidence.sha256)[path]
                assert not dossiers.signed_roles(pdf, digests, trust) or logged
            except Exception:
                assert logged, "a kept dossier was damaged, and nothing says what it was to be"

    def sound_output(self, project: Project) -> None:
        """The file is a whole dossier, or absent."""
        self.sound_log(project)
        path = project.root / "dossier.pdf"
        if path.exists():
            _hold(pades.check(path.read_bytes(), Trust.of(project.workspace.trust)))

    # What a second run must leave ------------------------------------------------------------------------------

    def one_entry(self, project: Project) -> None:
        """The first entry stands, and perhaps a second: an append that was killed after its commit was made."""
        self.sound_log(project)
        assert len(Log(project.workspace.log).entries()) in (1, 2)

    def two_entries(self, project: Project) -> None:
        """As above."""
        self.sound_log(project)
        assert len(Log(project.workspace.log).entries()) in (2, 3)

    def registered(self, project: Project) -> None:
        """There is one version, one decision and one registration, and all of it verifies."""
        log = Log(project.workspace.log)
        assert len(project.rows("model_versions")) == 1
        assert [len(log.find(kind)) for kind in ("decision", "registration")] == [1, 1]
        _hold(verify("sepsis/1", project.workspace))
        _hold(verify("log", project.workspace))

    def approved(self, project: Project) -> None:
        """There is one approval, and the kept dossier holds its signature."""
        log, evidence = Log(project.workspace.log), self._evidence(project)
        assert len(log.find(APPROVAL)) == 1
        trust = Trust.of(project.workspace.trust)
        for path, pdf in kept(project.workspace, evidence).items():
            digests = dossiers.logged(log, evidence.sha256)[path]
            assert dossiers.signed_roles(pdf, digests, trust) == {Signatory.CLINICAL}
        _hold(verify("sepsis/1", project.workspace))

    def entered(self, project: Project) -> None:
        """The file verifies, and the log has its digest."""
        self.sound_output(project)
        path = project.root / "dossier.pdf"
        assert Log(project.workspace.log).find("dossier")
        _hold(verify(str(path), project.workspace))

    def _evidence(self, project: Project) -> Bundle:
        (path,) = (p for p in project.workspace.evidence.iterdir() if not p.name.startswith("."))
        return bundle.load(path)


def _hold(steps: object) -> None:
    broken = [f"{s.name}: {s.found}" for s in steps if not s.ok]  # type: ignore[attr-defined]
    assert not broken, broken
