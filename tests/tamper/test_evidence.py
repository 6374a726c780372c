"""Sign, change anything, and it must fail to verify; unchanged it must verify."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern.evidence import bundle
from govern.evidence.bundle import Bundle
from govern.verify import verify
from tests.evidence.samples import People, people, record, signed

SEED = 20261124
FLIPS = 30


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, signers: People) -> tuple[Bundle, Bundle]:
    """Two pieces of evidence by one signer in one log: one denied, one allowed."""
    folder = tmp_path_factory.mktemp("pair")
    denied = signed(folder, signers.author, log=folder / "log.db", what=record(failing="calibrated"))
    allowed = signed(folder, signers.author, log=folder / "log.db", what=record())
    return denied, allowed


def mutations(data: bytes, other: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    for _ in range(FLIPS):
        position = rng.randrange(len(data))
        yield "bit flip", data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :]
    for _ in range(5):
        position = rng.randrange(len(data))
        yield "deletion", data[:position] + data[position + 1 :]
        yield "insertion", data[:position] + bytes([rng.randrange(256)]) + data[position:]
        yield "truncation", data[:position]
    yield "line at the end", data + b"\n"
    yield "empty", b""
    yield "swap between records", other


def fails(path: Path, signers: People) -> bool:
    steps = verify(str(path), None, trust=signers.trusted)
    assert all(s.expected and s.found for s in steps)
    return not all(s.ok for s in steps)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_unchanged_evidence_verifies(pair: tuple[Bundle, Bundle], signers: People, tmp_path: Path) -> None:
    for number, evidence in enumerate(pair):
        assert evidence.path is not None
        assert not fails(evidence.path, signers)
        assert not fails(write(tmp_path / str(number), dict(evidence.files)), signers)


@pytest.mark.parametrize(
    "name", [*bundle.BOUND, bundle.STATEMENT, bundle.SIGNER, bundle.RECEIPT, bundle.MODEL_SIGNATURE]
)
def test_every_change_of_a_file_is_found(
    pair: tuple[Bundle, Bundle], signers: People, tmp_path: Path, name: str
) -> None:
    denied, allowed = pair
    folder = write(tmp_path / "copy", dict(denied.files))
    undetected: Counter[str] = Counter()
    tried = 0
    for kind, changed in mutations(denied.files[name], allowed.files[name], random.Random(SEED)):  # noqa: S311
        if changed == denied.files[name]:
            continue
        if (name, kind) == (bundle.MODEL_SIGNATURE, "swap between records"):
            continue  # both are of the very same files, by the same signer (docs/threat-model.md)
        (folder / name).write_bytes(changed)
        tried += 1
        undetected[kind] += not fails(folder, signers)
    assert tried > FLIPS
    assert +undetected == Counter()
    (folder / name).unlink()
    assert fails(folder, signers)
    (folder / name).write_bytes(denied.files[name])
    assert not fails(folder, signers)


def test_a_denial_cannot_take_the_place_of_another_decision(
    pair: tuple[Bundle, Bundle], signers: People, tmp_path: Path
) -> None:
    """Whole evidence under the name of other evidence: each file is genuine."""
    denied, allowed = pair
    folder = write(tmp_path / denied.sha256, dict(allowed.files))
    steps = {s.name: s for s in verify(str(folder), None, trust=signers.trusted)}
    assert [n for n, s in steps.items() if not s.ok] == ["evidence name"]
    assert steps["evidence name"].found == allowed.sha256


def test_more_or_other_things_in_the_folder(pair: tuple[Bundle, Bundle], signers: People, tmp_path: Path) -> None:
    folder = write(tmp_path / "copy", dict(pair[0].files))
    (folder / "readme.txt").write_text("approved by phone")
    assert fails(folder, signers)
    (folder / "readme.txt").unlink()
    (folder / "findings.json").unlink()
    (folder / "findings.json").symlink_to(tmp_path / "elsewhere")
    assert fails(folder, signers)
