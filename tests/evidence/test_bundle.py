from __future__ import annotations

import base64
import dataclasses
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.errors import InputError
from govern.evidence import bundle, facts, model_signature, statement
from govern.evidence.bundle import Bundle
from govern.evidence.check import check_files, check_inclusion
from govern.evidence.log import Log
from govern.signing import identity
from govern.signing.trust import Trust
from govern.types import Finding, Outcome, Record, Step, Verdict
from tests.evidence.samples import DIGEST, People, people, record, signed

WRITTEN = (*bundle.BOUND, bundle.STATEMENT, bundle.SIGNER, bundle.MODEL_SIGNATURE)


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, signers: People) -> Bundle:
    """Evidence that tests only read."""
    folder = tmp_path_factory.mktemp("whole")
    return signed(folder / "evidence", signers.author, log=folder / "log.db")


@pytest.fixture
def evidence(tmp_path: Path, signers: People) -> Bundle:
    return signed(tmp_path / "evidence", signers.author, log=tmp_path / "log.db")


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def test_a_record_comes_back_as_it_was(tmp_path: Path, signers: People) -> None:
    what = record(failing="calibrated")
    written = bundle.write(what, tmp_path / "evidence", signers.author)
    assert written.path == tmp_path / "evidence" / written.sha256
    loaded = bundle.load(written.path)
    assert loaded == written
    assert loaded.record == what
    finding = loaded.record.findings[1]
    assert isinstance(finding, Finding)
    assert finding.outcome is Outcome.FAIL
    assert finding.measurement is not None
    assert isinstance(finding.measurement.upper, float)
    assert loaded.record.decision.verdict is Verdict.DENY
    assert sorted(p.name for p in written.path.iterdir()) == sorted(WRITTEN)


def test_the_same_record_is_the_same_evidence(tmp_path: Path, signers: People) -> None:
    first = bundle.write(record(), tmp_path, signers.author)
    before = {p: p.read_bytes() for p in (tmp_path / first.sha256).iterdir()}
    again = bundle.write(record(), tmp_path, signers.clinical)
    assert again == first
    assert {p: p.read_bytes() for p in (tmp_path / first.sha256).iterdir()} == before
    assert bundle.write(record(name="other"), tmp_path, signers.author).sha256 != first.sha256
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_the_statement_is_in_toto_and_binds_what_it_should(whole: Bundle) -> None:
    stated = whole.statement
    assert stated["_type"] == "https://in-toto.io/Statement/v1"
    assert stated["predicateType"] == "https://govern.dev/attestation/validation/v1"
    assert stated["subject"] == [{"name": "sepsis", "digest": {"sha256": DIGEST}}]
    predicate = stated["predicate"]
    assert predicate["registeredName"] == "sepsis"
    assert predicate["datasets"][0]["sha256"] == DIGEST
    assert predicate["datasets"][0]["dvcMd5"] == "0" * 32
    assert predicate["policy"]["sha256"] == whole.record.policy["sha256"]
    assert predicate["decision"] == {"verdict": "allow", "blocking": []}
    assert predicate["code"] == {"commit": "c0ffee", "dirty": False}
    assert predicate["checks"] == {"drift.psi": DIGEST}
    assert predicate["seed"] == 4_000_000_000
    assert predicate["expiry"] == {"validDays": 365}
    assert predicate["files"] == {n: canonical.sha256(whole.files[n]) for n in bundle.BOUND}
    assert predicate["findings"]["sha256"] == predicate["files"]["findings.json"]


def test_another_implementation_of_dsse_verifies_the_envelope(whole: Bundle, signers: People) -> None:
    """Written out from the DSSE specification: PAE, then plain ECDSA."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    envelope = json.loads(whole.files[bundle.STATEMENT])
    payload = base64.b64decode(envelope["payload"])
    kind = b"application/vnd.in-toto+json"
    pae = b"DSSEv1 " + b" ".join([str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    signers.author.key.public_key().verify(signature, pae, ec.ECDSA(hashes.SHA256()))
    assert canonical.sha256(payload) == whole.sha256


def test_whole_evidence_verifies(whole: Bundle, signers: People) -> None:
    steps = bundle.verify_bundle(whole, signers.trusted)
    assert [s.name for s in steps] == [
        "signature",
        "signer is trusted",
        "evidence digests",
        "statement",
        "model signature",
    ]
    assert failed(steps) == []
    assert "DEVELOPMENT KEY" in steps[0].found
    assert check_inclusion(whole.files, signers.trusted).ok


def test_an_untrusted_signer_fails_only_there(whole: Bundle, tmp_path: Path) -> None:
    other = people(tmp_path / "eve")
    assert failed(bundle.verify_bundle(whole, other.trusted)) == ["signer is trusted"]
    assert failed(bundle.verify_bundle(whole, Trust())) == ["signer is trusted"]


def test_signed_anew_by_a_stranger(whole: Bundle, signers: People, tmp_path: Path) -> None:
    eve = people(tmp_path / "eve").author
    payload, _ = statement.read(whole.files[bundle.STATEMENT])
    forged = {**whole.files, bundle.STATEMENT: statement.sign(payload, eve)}
    assert failed(check_files(forged, signers.trusted))[0] == "signature"
    forged[bundle.SIGNER] = eve.pem
    assert failed(check_files(forged, signers.trusted)) == ["signer is trusted", "model signature"]
    forged[bundle.MODEL_SIGNATURE] = model_signature.sign(whole.record.subject, eve)
    assert failed(check_files(forged, signers.trusted)) == ["signer is trusted"]


def test_a_certificate_in_front_of_anothers_key(whole: Bundle, signers: People, tmp_path: Path) -> None:
    """The key that verified the envelope must be the certificate's: a borrowed certificate does not help."""
    eve = people(tmp_path / "eve").author
    payload, _ = statement.read(whole.files[bundle.STATEMENT])
    forged = json.loads(statement.sign(payload, eve))
    forged["signatures"][0]["keyid"] = signers.author.fingerprint
    files = {**whole.files, bundle.STATEMENT: canonical.dumps(forged)}
    assert failed(check_files(files, signers.trusted))[0] == "signature"


def test_evidence_without_receipt(tmp_path: Path, signers: People) -> None:
    written = bundle.write(record(), tmp_path, signers.author)
    assert failed(bundle.verify_bundle(written, signers.trusted)) == []
    step = check_inclusion(written.files, signers.trusted)
    assert not step.ok
    assert "no receipt" in step.found


def test_a_receipt_for_other_evidence_is_refused(tmp_path: Path, signers: People, evidence: Bundle) -> None:
    other = bundle.write(record(name="other"), tmp_path, signers.author)
    assert evidence.receipt is not None
    with pytest.raises(InputError, match="other evidence"):
        bundle.attach_receipt(other, evidence.receipt)
    files = {**other.files, bundle.RECEIPT: evidence.files[bundle.RECEIPT]}
    assert not check_inclusion(files, signers.trusted).ok


def test_a_receipt_is_kept_in_the_folder(evidence: Bundle) -> None:
    assert evidence.path is not None
    loaded = bundle.load(evidence.path)
    assert loaded.receipt == evidence.receipt
    assert [p.name for p in evidence.path.parent.iterdir()] == [evidence.sha256]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_missing_file_is_named(whole: Bundle, name: str, signers: People) -> None:
    files = {n: d for n, d in whole.files.items() if n != name}
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        bundle.from_files(files)
    assert any(name in s.found for s in check_files(files, signers.trusted) if not s.ok)


def test_a_file_too_many_is_named(whole: Bundle, signers: People) -> None:
    files = {**whole.files, "notes.txt": b"x"}
    with pytest.raises(InputError, match=r"notes\.txt"):
        bundle.from_files(files)
    assert failed(check_files(files, signers.trusted)) == ["evidence digests", "statement", "model signature"]


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b'{"a":NaN}',
    b'{"a":1,"a":2}',
    b"[" * 200_000,
    b"1" * 10_000,
    b'{"a":"\\ud800"}',
    b'"x"',
    b"[{}]",
    b'{"payload":1,"payloadType":2,"signatures":3}',
    b'{"payload":"","payloadType":"","signatures":[]}',
    b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"a","sig":"AA=="}]}',
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", [*WRITTEN, bundle.RECEIPT])
def test_hostile_files_give_an_input_error(whole: Bundle, signers: People, name: str, content: bytes) -> None:
    files = {**whole.files, name: b"[0]" if content == whole.files[name] else content}
    if name not in (bundle.SIGNER, bundle.MODEL_SIGNATURE):  # these are read when signatures are verified
        with pytest.raises(InputError):
            bundle.from_files(files)
    steps = [*check_files(files, signers.trusted), check_inclusion(files, signers.trusted)]
    assert failed(steps)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("findings.json", lambda v: v[0].pop("fix")),
        ("findings.json", lambda v: v[0].update(extra=1)),
        ("findings.json", lambda v: v[0].update(outcome="passed")),
        ("findings.json", lambda v: v[0].update(outcome=["pass"])),
        ("findings.json", lambda v: v[0]["measurement"].update(n=1.5)),
        ("findings.json", lambda v: v[0]["measurement"].update(sufficient=1)),
        ("findings.json", lambda v: v[0].update(measurement=[])),
        ("datasets.json", lambda v: v[0].update(role="exam")),
        ("subject.json", lambda v: v.update(sha256=None)),
        ("environment.json", lambda v: v.update(checks=[])),
        ("policy.json", lambda v: v.update(id=7)),
    ],
)
def test_signed_nonsense_gives_an_input_error(tmp_path: Path, signers: People, name: str, change: Any) -> None:
    """Somebody with a key may sign anything; it still must not become a record."""
    written = bundle.write(record(), tmp_path, signers.author)
    value = json.loads(written.files[name])
    change(value)
    stated = json.loads(canonical.dumps(written.statement))
    files = {**written.files, name: canonical.dumps(value)}
    stated["predicate"]["files"][name] = canonical.sha256(files[name])
    files[bundle.STATEMENT] = statement.sign(canonical.dumps(stated), signers.author)
    with pytest.raises(InputError):
        bundle.from_files(files)
    assert failed(check_files(files, signers.trusted)) == ["statement", "model signature"]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(registeredName="other"),
        lambda p: p["decision"].update(verdict="deny"),
        lambda p: p["model"].update(sha256="00" * 32),
        lambda p: p.update(seed=1),
        lambda p: p.pop("code"),
        lambda p: p.update(files={}),
        lambda p: p.update(files=[]),
        lambda p: p.update(registeredName=5),
    ],
)
def test_a_statement_that_says_otherwise_than_its_files(tmp_path: Path, signers: People, change: Any) -> None:
    written = bundle.write(record(), tmp_path, signers.author)
    stated = json.loads(canonical.dumps(written.statement))
    change(stated["predicate"])
    files = {**written.files, bundle.STATEMENT: statement.sign(canonical.dumps(stated), signers.author)}
    if "subject" in stated and stated["predicate"].get("registeredName") == "other":
        stated["subject"][0]["name"] = "sepsis"
    with pytest.raises(InputError):
        bundle.from_files(files)
    assert failed(check_files(files, signers.trusted))


def test_damaged_evidence_is_not_written_over(tmp_path: Path, signers: People) -> None:
    written = bundle.write(record(), tmp_path, signers.author)
    path = tmp_path / written.sha256 / "findings.json"
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6", 1))
    with pytest.raises(InputError, match=r"findings\.json"):
        bundle.write(record(), tmp_path, signers.author)


def test_a_folder_under_another_evidences_name(tmp_path: Path, signers: People) -> None:
    first = bundle.write(record(), tmp_path / "a", signers.author)
    second = bundle.write(record(name="other"), tmp_path / "b", signers.author)
    assert second.path is not None
    (tmp_path / "b" / first.sha256).mkdir()
    (second.path).rename(tmp_path / "b" / first.sha256)
    with pytest.raises(InputError, match="holds the evidence"):
        bundle.write(record(), tmp_path / "b", signers.author)


def test_folders_that_cannot_be_read(tmp_path: Path, evidence: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evidence.path is not None
    with pytest.raises(InputError, match="no such evidence"):
        bundle.load(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot be read as an evidence folder"):
        bundle.load(evidence.path / "subject.json")
    (evidence.path / "more").mkdir()
    with pytest.raises(InputError, match="not a plain file"):
        bundle.load(evidence.path)
    (evidence.path / "more").rmdir()
    (evidence.path / "receipt.json").unlink()
    (evidence.path / "receipt.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="not a plain file"):
        bundle.load(evidence.path)
    (evidence.path / "receipt.json").unlink()
    monkeypatch.setattr(bundle, "LIMIT_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        bundle.load(evidence.path)


def test_a_folder_that_cannot_be_written(tmp_path: Path, signers: People) -> None:
    (tmp_path / "evidence").write_text("a file is in the way")
    with pytest.raises(InputError, match="cannot be written"):
        bundle.write(record(), tmp_path / "evidence", signers.author)
    assert [p.name for p in tmp_path.iterdir()] == ["evidence"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path, signers: People) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="cannot be written"):
            bundle.write(record(), tmp_path / "evidence", signers.author)
    finally:
        tmp_path.chmod(0o700)


def test_killed_while_writing_leaves_no_evidence(
    tmp_path: Path, signers: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(path: Path, data: bytes) -> None:
        if path.name == "waivers.json":
            raise Killed
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr(bundle, "_write_file", die)
        with pytest.raises(Killed):
            bundle.write(record(), tmp_path, signers.author)
    assert list(tmp_path.iterdir()) == []
    assert bundle.write(record(), tmp_path, signers.author).path is not None


def write_one(folder: Path, keys: Path) -> None:
    bundle.write(record(), folder, identity.load(keys, "author"))


def test_written_by_several_processes_at_once(tmp_path: Path, signers: People) -> None:
    start = multiprocessing.get_context("spawn").Process
    running = [start(target=write_one, args=(tmp_path / "evidence", signers.keys)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [p.exitcode for p in running] == [0, 0, 0]
    (found,) = (tmp_path / "evidence").iterdir()
    assert bundle.load(found).sha256 == found.name


def test_records_without_a_digest_cannot_be_stated(tmp_path: Path, signers: People) -> None:
    what = record()
    empty: Record = dataclasses.replace(what, subject=dataclasses.replace(what.subject, sha256=""))
    with pytest.raises(InputError, match="is no SHA-256"):
        bundle.write(empty, tmp_path / "evidence", signers.author)
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_other_libraries_are_plain_in_the_files(tmp_path: Path, signers: People) -> None:
    import numpy as np

    what = record()
    measured = dataclasses.replace(
        what.findings[0].measurement, estimate=np.float64(0.5), details={"bins": np.array([1.0, np.nan])}
    )
    finding = dataclasses.replace(what.findings[0], measurement=measured)
    written = bundle.write(dataclasses.replace(what, findings=(finding, *what.findings[1:])), tmp_path, signers.author)
    assert written.record.findings[0].measurement is not None
    assert written.record.findings[0].measurement.details == {"bins": [1, None]}


def test_facts_name_the_place() -> None:
    with pytest.raises(InputError, match=r"findings\[0\]: an object was expected"):
        facts.build(tuple[Finding, ...], [1], what="findings")  # type: ignore[arg-type]


def test_the_log_finds_the_evidence(tmp_path: Path, evidence: Bundle) -> None:
    assert len(Log(tmp_path / "log.db").find("decision", evidence=evidence.sha256)) == 1
