"""A signed PDF with evidence inside: every sampled change of a byte, and edits that keep signatures intact."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govern.evidence.bundle import Bundle
from govern.signing import pades
from govern.verify import verify
from tests.evidence.samples import People, certified, people, plain_pdf, record, signed

SEED = 20261124


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory, signers: People) -> Bundle:
    folder = tmp_path_factory.mktemp("evidence")
    return signed(folder, signers.author, log=folder / "log.db")


@pytest.fixture(scope="module")
def dossier(evidence: Bundle, signers: People) -> bytes:
    once = certified(plain_pdf(dict(evidence.files)), signers.author)
    return pades.sign(once, signers.clinical, field="clinical", reason="clinical approval", when=datetime.now(UTC))


def failed(data: bytes, path: Path, signers: People) -> list[str]:
    path.write_bytes(data)
    return [s.name for s in verify(str(path), None, trust=signers.trusted) if not s.ok]


def test_unchanged_it_verifies(dossier: bytes, tmp_path: Path, signers: People) -> None:
    assert failed(dossier, tmp_path / "d.pdf", signers) == []


def test_every_sampled_change_is_found(dossier: bytes, tmp_path: Path, signers: People) -> None:
    rng = random.Random(SEED)  # noqa: S311
    undetected = []
    for kind in ("flip", "delete", "insert", "cut"):
        for _ in range(100 if kind == "flip" else 20):
            position = rng.randrange(len(dossier))
            changed = {
                "flip": bytes([dossier[position] ^ 1 << rng.randrange(8)]) + dossier[position + 1 :],
                "delete": dossier[position + 1 :],
                "insert": b" " + dossier[position:],
                "cut": b"",
            }[kind]
            if not failed(dossier[:position] + changed, tmp_path / "d.pdf", signers):
                undetected.append((kind, position))
    assert undetected == []


def test_evidence_replaced_by_an_incremental_update(
    dossier: bytes, tmp_path: Path, signers: People, evidence: Bundle
) -> None:
    """Both signatures stay intact; only what they cover was covered over."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    other = signed(tmp_path, signers.author, log=tmp_path / "log.db", what=record(failing="fair"))
    writer = IncrementalPdfFileWriter(io.BytesIO(dossier))
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    for i in range(0, len(names), 2):
        files = names[i + 1]["/EF"]
        files["/F"] = writer.add_object(generic.StreamObject(stream_data=other.files[str(names[i])]))
        writer.update_container(files)
    out = io.BytesIO()
    writer.write(out)
    assert "PDF unchanged since signing (author)" in failed(out.getvalue(), tmp_path / "d.pdf", signers)


def test_genuine_evidence_of_a_stranger_in_a_genuine_frame(tmp_path: Path, signers: People) -> None:
    """The PDF's signer is trusted, the evidence's is not."""
    eve = people(tmp_path / "eve").author
    forged = signed(tmp_path / "evidence", eve, log=tmp_path / "log.db")
    pdf = certified(plain_pdf(dict(forged.files)), signers.author)
    assert failed(pdf, tmp_path / "d.pdf", signers) == [
        "signer is trusted",
        "log inclusion",
        "waivers",
        "evidence is current",
    ]


def test_a_dossier_without_its_evidence(tmp_path: Path, signers: People, evidence: Bundle) -> None:
    assert "attached evidence is what was signed" in failed(
        certified(plain_pdf(), signers.author), tmp_path / "d.pdf", signers
    )
    some = {n: d for n, d in evidence.files.items() if n != "findings.json"}
    assert "evidence digests" in failed(certified(plain_pdf(some), signers.author), tmp_path / "d.pdf", signers)


def test_an_attachment_that_unfolds_to_gigabytes(
    tmp_path: Path, signers: People, evidence: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govern.evidence.bundle.LIMIT_BYTES", 1 << 20)
    bomb = {**evidence.files, "findings.json": bytes(5 << 20)}
    pdf = certified(plain_pdf(bomb), signers.author)
    assert len(pdf) < 1 << 18
    path = tmp_path / "d.pdf"
    path.write_bytes(pdf)
    steps = {s.name: s for s in verify(str(path), None, trust=signers.trusted)}
    assert "larger than 1 MiB" in steps["attached evidence is what was signed"].found
