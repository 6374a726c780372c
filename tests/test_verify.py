from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from govern import canonical
from govern import project as projects
from govern.errors import InputError
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.project import Workspace
from govern.signing import identity
from govern.signing.roots import trusted_roots
from govern.signing.trust import Trust
from govern.types import Dataset, FileDigest, Record, Role, Step
from govern.verify import verify
from tests.evidence.samples import certified, dataset, plain_pdf, record, signed

YAML = """\
schema: govern/project/1
system: {name: sepsis}
data: {label: died}
policy: policies/p.yaml
"""
EVIDENCE_STEPS = [
    "signature",
    "signer is trusted",
    "evidence digests",
    "statement",
    "model signature",
    "decision recomputed",
    "log inclusion",
    "waivers",
    "evidence is current",
    "data test: data/test.csv",
    "model digest",
]


@dataclasses.dataclass(frozen=True)
class Made:
    """A project with a model folder, a data file, a key and evidence that the log knows."""

    workspace: Workspace
    evidence: Bundle
    model: Path
    data: Path

    @property
    def path(self) -> Path:
        assert self.evidence.path is not None
        return self.evidence.path


def what(root: Path) -> Record:
    model, data = root / "model", root / "data/test.csv"
    files = canonical.manifest(model)
    plain = record()
    subject = dataclasses.replace(
        plain.subject, uri=str(model), files=files, sha256=canonical.manifest_sha256(files), run_id=None
    )
    return dataclasses.replace(plain, subject=subject, datasets=(recorded(data),))


def recorded(path: Path) -> Dataset:
    files: tuple[FileDigest, ...] = canonical.manifest(path)
    return dataclasses.replace(
        dataset(),
        role=Role.TEST,
        files=files,
        sha256=canonical.manifest_sha256(files),
        dvc_pointer=None,
        dvc_md5=None,
    )


@pytest.fixture
def made(tmp_path: Path) -> Made:
    root = tmp_path / "project"
    (root / "model").mkdir(parents=True)
    (root / "model/MLmodel").write_text("flavors: {}\n")
    (root / "data").mkdir()
    (root / "data/test.csv").write_text("age,died\n61,1\n")
    (root / "govern.yaml").write_text(YAML)
    workspace = projects.load(root)
    author = identity.create_development(workspace.keys, workspace.trust, identity="author", name="Dr. Ada Müller")
    evidence = signed(workspace.evidence, author, log=workspace.log, what=what(root))
    return Made(workspace, evidence, root / "model", root / "data/test.csv")


def failed(steps: tuple[Step, ...]) -> dict[str, str]:
    return {s.name: s.found for s in steps if not s.ok}


def test_an_evidence_folder_in_its_project(made: Made) -> None:
    steps = verify(str(made.path), made.workspace)
    assert [s.name for s in steps] == [*EVIDENCE_STEPS, "evidence name"]
    assert failed(steps) == {}


def test_evidence_by_its_first_digits(made: Made) -> None:
    assert failed(verify(made.evidence.sha256[:12], made.workspace)) == {}
    with pytest.raises(InputError, match="0 evidence folders"):
        verify("0123456789abcdef", made.workspace)
    with pytest.raises(InputError, match="only be looked up in a project"):
        verify(made.evidence.sha256, None)


def test_offline_with_the_root_only(made: Made) -> None:
    steps = {s.name: s for s in verify(str(made.path), None, trust=Trust.of(made.workspace.trust))}
    assert all(s.ok for s in steps.values())
    assert not {"data pointers", "model digest"} & set(steps), "what was not assessed is not among the steps"


def test_without_a_root_nothing_is_trusted_and_the_found_root_is_named(made: Made) -> None:
    found = failed(verify(str(made.path), None))
    assert set(found) == {"signer is trusted", "log inclusion", "waivers", "evidence is current"}
    (root,) = trusted_roots(made.workspace.trust)
    assert identity.fingerprint(root) in found["signer is trusted"]
    assert "--trust ROOT.pem" in found["signer is trusted"]


def test_a_changed_file_is_named_and_what_builds_on_it_is_not_reached(made: Made) -> None:
    path = made.path / "findings.json"
    path.write_bytes(path.read_bytes().replace(b'"estimate":0.5', b'"estimate":0.9'))
    found = failed(verify(str(made.path), made.workspace))
    assert "findings.json" in found["evidence digests"]
    for name in ("statement", "decision recomputed", "log inclusion", "data pointers", "model digest"):
        assert found[name] == "not reached: evidence digests"
    assert "signature" not in found


def test_a_decision_that_the_gate_would_not_give(made: Made) -> None:
    """Signed and logged by a trusted person, but not what the findings decide."""
    plain = what(made.workspace.root)
    denied = dataclasses.replace(record(failing="steady"), subject=plain.subject, datasets=plain.datasets)
    lie = dataclasses.replace(denied, decision=plain.decision)
    author = identity.load(made.workspace.keys, "author")
    forged = signed(made.workspace.evidence, author, log=made.workspace.log, what=lie)
    found = failed(verify(forged.sha256, made.workspace))
    assert set(found) == {"decision recomputed"}
    assert found["decision recomputed"] == "deny; blocking: steady"


def test_a_policy_that_is_none(made: Made) -> None:
    plain = what(made.workspace.root)
    author = identity.load(made.workspace.keys, "author")
    odd = signed(
        made.workspace.evidence,
        author,
        log=made.workspace.log,
        what=dataclasses.replace(plain, policy={**plain.policy, "checks": "none"}),
    )
    assert set(failed(verify(odd.sha256, made.workspace))) == {"decision recomputed"}


def test_changed_data_and_model_are_found(made: Made) -> None:
    made.data.write_text("age,died\n61,0\n")
    (made.model / "MLmodel").write_text("flavors: {python_function: {}}\n")
    found = failed(verify(str(made.path), made.workspace))
    assert set(found) == {"data test: data/test.csv", "model digest"}
    made.data.unlink()
    (made.model / "MLmodel").unlink()
    found = failed(verify(str(made.path), made.workspace))
    assert found["data test: data/test.csv"] == "missing"
    assert "empty folder" in found["model digest"]


def test_recorded_predictions_are_digested_again(made: Made) -> None:
    plain, path = what(made.workspace.root), made.workspace.root / "scores.csv"
    path.write_text("died,score\n1,0.9\n")
    files = canonical.manifest(path)
    subject = dataclasses.replace(
        plain.subject, kind="predictions", uri="scores.csv", files=files, sha256=canonical.manifest_sha256(files)
    )
    author = identity.load(made.workspace.keys, "author")
    vendor = signed(
        made.workspace.evidence,
        author,
        log=made.workspace.log,
        what=dataclasses.replace(plain, subject=subject, datasets=()),
    )
    assert failed(verify(vendor.sha256, made.workspace)) == {}
    path.write_text("died,score\n1,0.1\n")
    assert set(failed(verify(vendor.sha256, made.workspace))) == {"model digest"}


def test_evidence_that_was_never_logged(made: Made) -> None:
    (made.path / "receipt.json").unlink()
    found = failed(verify(str(made.path), made.workspace))
    assert set(found) == {"log inclusion", "waivers", "evidence is current", "order of events"}
    assert "no receipt" in found["log inclusion"]


def test_the_log_with_all_receipts(made: Made) -> None:
    steps = verify("log", made.workspace)
    assert failed(steps) == {}
    assert [s.name for s in steps][-1] == "log holds every receipt"
    with pytest.raises(InputError, match="only be looked up in a project"):
        verify("log", None)


def cut(log: Path, entries: int) -> None:
    """Cut the tail off, entries and checkpoints together, as the one can who may write the file."""
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entry WHERE position >= ?", (entries,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (entries,))


def test_a_cut_log_is_caught_by_folder_pdf_and_the_log_itself(made: Made, tmp_path: Path) -> None:
    author = identity.load(made.workspace.keys, "author")
    plain = what(made.workspace.root)
    later = signed(
        made.workspace.evidence, author, log=made.workspace.log, what=dataclasses.replace(plain, registered_name="b")
    )
    pdf = tmp_path / "dossier.pdf"
    pdf.write_bytes(certified(plain_pdf(dict(later.files)), author))
    assert failed(verify(str(pdf), made.workspace)) == {}
    cut(made.workspace.log, 1)
    for target in (later.sha256, str(pdf)):
        assert "the log was cut" in failed(verify(target, made.workspace))["log inclusion"]
    assert set(failed(verify("log", made.workspace))) == {"log holds every receipt"}
    assert failed(verify(made.evidence.sha256, made.workspace)) == {}


def test_a_log_that_was_deleted_or_begun_anew(made: Made) -> None:
    made.workspace.log.unlink()
    assert "no log" in failed(verify(made.evidence.sha256, made.workspace))["log inclusion"]
    assert set(failed(verify("log", made.workspace))) == {
        "log entries",
        "log roots",
        "log signatures",
        "log signers are trusted",
        "log holds every receipt",
    }
    author = identity.load(made.workspace.keys, "author")
    Log(made.workspace.log).append("decision", {"evidence": made.evidence.sha256}, identity=author)
    assert "another log" in failed(verify(made.evidence.sha256, made.workspace))["log inclusion"]
    assert set(failed(verify("log", made.workspace))) == {"log holds every receipt"}


def test_a_pdf_alone_carries_its_evidence(made: Made, tmp_path: Path) -> None:
    author = identity.load(made.workspace.keys, "author")
    pdf = tmp_path / "dossier.pdf"
    pdf.write_bytes(certified(plain_pdf(dict(made.evidence.files)), author))
    steps = verify(str(pdf), None, trust=Trust.of(made.workspace.trust))
    assert failed(steps) == {}
    assert [s.name for s in steps] == [
        "PDF readable",
        "PDF signatures",
        "PDF signature (author)",
        "PDF signer is trusted (author)",
        "PDF unchanged since signing (author)",
        "attached evidence is what was signed",
        *EVIDENCE_STEPS[:9],
    ]


def test_half_a_pdf_and_no_pdf(made: Made, tmp_path: Path) -> None:
    author = identity.load(made.workspace.keys, "author")
    pdf, whole = tmp_path / "dossier.pdf", certified(plain_pdf(dict(made.evidence.files)), author)
    for data in (whole[: len(whole) // 2], b"", b"age,died\n"):
        pdf.write_bytes(data)
        steps = verify(str(pdf), made.workspace)
        assert "PDF readable" in failed(steps)
        assert not any(s.ok for s in steps)


def test_a_folder_that_is_no_evidence(tmp_path: Path) -> None:
    assert "signature" in failed(verify(str(tmp_path), None))
    (tmp_path / "more").mkdir()
    assert "evidence folder" in failed(verify(str(tmp_path), None))


@pytest.mark.parametrize(
    "target", ["nothing.pdf", "no/such/folder", "abc", "name/version", "../../etc/1x", "x" * 5000, "a\0b"]
)
def test_what_is_not_there(made: Made, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.workspace.root)
    with pytest.raises(InputError, match="no such file, evidence or model version"):
        verify(target, made.workspace)
