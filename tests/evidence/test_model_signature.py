from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.errors import InputError
from govern.evidence import bundle, model_signature
from govern.evidence.check import check_files
from govern.models.digest import model_manifest
from govern.models.predictions import open_predictions
from govern.signing import identity
from govern.signing import token as tokens
from govern.signing.identity import Identity
from govern.signing.issue import issue
from govern.signing.token import Place
from govern.types import Subject
from tests.evidence.samples import People, people, record
from tests.softhsm import PIN, token

__all__ = ["token"]


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder, with files whose order by name and by path differ."""
    root = tmp_path / "model"
    (root / "data").mkdir(parents=True)
    for name in ("MLmodel", "data/model.pkl", "data.txt"):
        (root / name).write_text(name)
    return root


def subject_of(folder: Path) -> Subject:
    files = model_manifest(folder)
    return dataclasses.replace(record().subject, files=files, sha256=canonical.manifest_sha256(files))


def verified(model: Path, signature: Path, root: Path) -> None:
    """Verify as an auditor without govern would."""
    from model_signing import verifying

    verifying.Config().use_certificate_verifier(certificate_chain=[root]).verify(model, signature)


@pytest.fixture
def root(signers: People, tmp_path: Path) -> Path:
    from govern.signing.certificate import pem

    path = tmp_path / "root.pem"
    path.write_bytes(pem(signers.author.chain[-1:]))
    return path


def test_another_implementation_verifies_it(folder: Path, signers: People, root: Path, tmp_path: Path) -> None:
    signature = tmp_path / "model.sig"
    signature.write_bytes(model_signature.sign(subject_of(folder), signers.author))
    verified(folder, signature, root)
    (folder / "registered_model_meta").write_text("MLflow writes this when a version is loaded")
    verified(folder, signature, root)
    (folder / "data" / "model.pkl").write_text("another")
    with pytest.raises(ValueError, match=r"data/model\.pkl"):
        verified(folder, signature, root)


def test_a_file_more_or_less(folder: Path, signers: People, root: Path, tmp_path: Path) -> None:
    signature = tmp_path / "model.sig"
    signature.write_bytes(model_signature.sign(subject_of(folder), signers.author))
    (folder / "more.txt").write_text("")
    with pytest.raises(ValueError, match="Extra files"):
        verified(folder, signature, root)
    (folder / "more.txt").unlink()
    (folder / "MLmodel").unlink()
    with pytest.raises(ValueError, match="Missing files"):
        verified(folder, signature, root)


def test_under_another_root(folder: Path, signers: People, tmp_path: Path) -> None:
    from govern.signing.certificate import pem

    other = people(tmp_path / "eve").author
    (tmp_path / "other.pem").write_bytes(pem(other.chain[-1:]))
    (tmp_path / "model.sig").write_bytes(model_signature.sign(subject_of(folder), signers.author))
    with pytest.raises(Exception, match=r"unable to get|self-signed"):
        verified(folder, tmp_path / "model.sig", tmp_path / "other.pem")


def test_recorded_predictions(signers: People, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    file.write_text("id,score\n1,0.5\n")
    subject = open_predictions(file, name="Vendor", version="1")
    (tmp_path / "model.sig").write_bytes(model_signature.sign(subject, signers.author))
    verified(file, tmp_path / "model.sig", root)
    file.write_text("id,score\n1,0.6\n")
    with pytest.raises(ValueError, match="mismatch"):
        verified(file, tmp_path / "model.sig", root)


def test_the_command_in_the_documentation(folder: Path, signers: People, root: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("model_signing")
    if not program.exists():
        pytest.skip("model_signing's command is not installed")
    signature = tmp_path / "model.sig"
    (folder / ".gitattributes").write_text("*.pkl binary")
    signature.write_bytes(model_signature.sign(subject_of(folder), signers.author))
    words = [program, "verify", "certificate", folder, "--signature", signature, "--certificate_chain", root]
    words.append("--no-ignore-git-paths")
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "data")
    assert subprocess.run(list(map(str, words)), capture_output=True, check=False).returncode != 0


def failed(files: dict[str, bytes], signers: People) -> list[str]:
    return [s.name for s in check_files(files, signers.trusted) if not s.ok]


def test_verification_has_a_step_for_it(signers: People, tmp_path: Path) -> None:
    files = dict(bundle.write(record(), tmp_path, signers.author).files)
    step = next(s for s in check_files(files, signers.trusted) if s.name == "model signature")
    assert step.ok
    assert step.found == "1 files signed, 7 bytes"
    for other in (
        model_signature.sign(record().subject, signers.clinical),
        model_signature.sign(dataclasses.replace(record().subject, files=()), signers.author),
        model_signature.sign(dataclasses.replace(record().subject, name="other"), signers.author),
        files["model.sig"][:-1],
        b"{}",
        b'{"dsseEnvelope":{"signatures":[{"sig":7}]}}',
        b'{"dsseEnvelope":{"signatures":[]}}',
        b"",
    ):
        assert failed({**files, "model.sig": other}, signers) == ["model signature"]
    del files["model.sig"]
    assert failed(files, signers) == ["evidence digests", "statement", "model signature"]


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v["dsseEnvelope"]["signatures"][0].update(keyid="x"),
        lambda v: v["dsseEnvelope"].update(payload="e30="),
        lambda v: v["verificationMaterial"].update(tlogEntries=[1]),
        lambda v: v["verificationMaterial"]["x509CertificateChain"]["certificates"].pop(),
        lambda v: v.update(note="approved"),
        lambda v: v["dsseEnvelope"]["signatures"].append({"sig": "AA==", "keyid": ""}),
        lambda v: v["dsseEnvelope"]["signatures"][0].update(sig="MAA="),
    ],
)
def test_no_part_of_it_is_free(signers: People, change: Any) -> None:
    from govern.signing.certificate import read_chain

    subject, chain = record().subject, read_chain(signers.author.pem)
    data = model_signature.sign(subject, signers.author)
    model_signature.check(data, subject, chain)
    value = json.loads(data)
    change(value)
    with pytest.raises(InputError):
        model_signature.check(canonical.dumps(value), subject, chain)


def test_a_key_on_a_token_signs_it(token: Place, signers: People, folder: Path, root: Path, tmp_path: Path) -> None:
    key = tokens.make_key(dataclasses.replace(token, key="model"), lambda _: PIN)
    issuer = identity.load(signers.keys, "root")
    now = datetime.now(UTC)
    valid = (now, now + timedelta(days=1))
    public = key.public_key()
    made = issue("Dr. T.", public, issuer=issuer.certificate, issuer_key=issuer.key, valid=valid, development=True)
    signer = Identity(name="Dr. T.", key=key, certificate=made, chain=(issuer.certificate,))
    signature = tmp_path / "model.sig"
    signature.write_bytes(model_signature.sign(subject_of(folder), signer))
    verified(folder, signature, root)
