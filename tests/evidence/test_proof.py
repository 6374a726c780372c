"""Proofs and exported logs: what an auditor takes away."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from govern import canonical
from govern.errors import GovernError, InputError
from govern.evidence import bundle, export, held, note, proof
from govern.evidence.log import Log
from govern.signing.trust import Trust
from govern.types import Step
from tests.evidence.samples import People, certified, people, plain_pdf, signed
from tests.postgres import postgres  # noqa: F401

SEED = 41


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path, signers: People) -> Log:
    """Eleven entries by two people."""
    at = tmp_path / "log.db" if request.param == "sqlite" else request.getfixturevalue("postgres").without_log()
    return filled(Log(at), signers)


@pytest.fixture
def own(tmp_path: Path, signers: People) -> Log:
    return filled(Log(tmp_path / "log.db"), signers)


def filled(log: Log, signers: People) -> Log:
    for n in range(11):
        log.append("decision", {"n": n, "é": "\u2028"}, identity=signers.clinical if n == 3 else signers.author)
    return log


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def test_every_entry_is_proved_against_today_s_log(log: Log, signers: People) -> None:
    for index in range(11):
        made = proof.prove(log, index)
        assert made.newest.size == 11
        assert failed(proof.check_proof(made, signers.trusted)) == []
        assert proof.read_proof(canonical.dumps(made)) == made
    for index in (-1, 11, 2**62):
        with pytest.raises(InputError, match="no entry"):
            proof.prove(log, index)


def test_today_s_log_extends_what_is_held(log: Log, signers: People) -> None:
    for size in range(1, 12):
        receipt = log.receipt(size - 1)
        checkpoint = note.read(receipt.checkpoint)
        assert log.extends(checkpoint).ok
        made = proof.prove(log, 3, since=checkpoint)
        assert (made.since.size, made.since.root) == (size, receipt.root)
        assert failed(proof.check_proof(made, signers.trusted)) == []
    longer = note.Checkpoint(origin="", size=12, root=bytes(32))
    assert "the log was cut" in log.extends(longer).found
    with pytest.raises(InputError, match="the log was cut"):
        proof.prove(log, 3, since=longer)
    other = note.Checkpoint(origin="", size=7, root=bytes(32))
    assert "was changed" in log.extends(other).found
    assert failed(proof.check_proof(proof.prove(log, 3, since=other), signers.trusted)) == [proof.EXTENDS]
    assert not log.extends(note.Checkpoint(origin="", size=0, root=bytes(32))).ok


def test_every_changed_value_of_a_proof_shows(own: Log, signers: People) -> None:
    rng = random.Random(SEED)  # noqa: S311
    data = canonical.dumps(proof.prove(own, 3, since=note.read(own.receipt(5).checkpoint)))
    tried = 0
    for _ in range(200):
        place = rng.randrange(len(data))
        changed = data[:place] + bytes([data[place] ^ 1 << rng.randrange(7)]) + data[place + 1 :]
        tried += 1
        try:
            steps = proof.check_proof(proof.read_proof(changed), signers.trusted)
        except InputError:
            continue
        assert failed(steps), place
    assert tried == 200
    assert failed(proof.check_proof(proof.read_proof(data), Trust())) == ["log inclusion", proof.NEWEST]


def test_an_export_is_verified_by_itself(log: Log, tmp_path: Path, signers: People) -> None:
    path = tmp_path / "export.jsonl"
    header = export.export(log, path)
    assert (header.size, header.root) == (11, log.receipt(10).root)
    assert export.is_export(path)
    steps = export.check_export(path, signers.trusted)
    assert failed(steps) == []
    assert [s.name for s in steps][-1] == export.EXPORT
    assert failed(export.check_export(path, Trust())) == ["log signers are trusted"]
    lines = path.read_text().split("\n")[:-1]
    assert [json.loads(line)["entry"]["index"] for line in lines[3:]] == list(range(11))
    for size in (1, 4, 11):
        assert (
            failed(export.check_export(path, signers.trusted, held=note.read(log.receipt(size - 1).checkpoint))) == []
        )
    later = note.read(log.append("decision", {}, identity=signers.author).checkpoint)
    assert failed(export.check_export(path, signers.trusted, held=later)) == [proof.EXTENDS]


def test_every_change_of_an_export_shows(own: Log, tmp_path: Path, signers: People) -> None:
    rng = random.Random(SEED)  # noqa: S311
    path = tmp_path / "export.jsonl"
    export.export(own, path)
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    changed = [data[:-1], data + b"\n", data + lines[-1], b"", b"\n", lines[0], data.replace(b"\n", b"\r\n")]
    for _ in range(100):
        place = rng.randrange(len(data))
        changed.append(data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :])
        changed.append(data[: rng.randrange(len(data))])
    for _ in range(40):
        a, b = sorted(rng.sample(range(1, len(lines)), 2))
        changed.append(b"".join([*lines[:a], lines[b], *lines[a + 1 : b], lines[a], *lines[b + 1 :]]))
        changed.append(b"".join([*lines[:a], *lines[a + 1 :]]))
    undetected = []
    for number, content in enumerate(changed):
        path.write_bytes(content)
        harmless = content == b"".join([lines[0], lines[2], lines[1], *lines[3:]])  # certificates have no order
        if content != data and not harmless and not failed(export.check_export(path, signers.trusted)):
            undetected.append(number)
    assert undetected == []


def test_files_that_are_no_export(tmp_path: Path, signers: People) -> None:
    path = tmp_path / "file"
    for content in (
        b"[]\n",
        b'{"schema":"govern/log-export/1"}\n',
        b"\xff\n",
        b"x" * 3_000_000,
        b"[" * 100_000 + b"\n",
    ):
        path.write_bytes(content)
        steps = export.check_export(path, signers.trusted)
        assert failed(steps)[0] == "log entries"
        assert all(s.expected and s.found for s in steps)
    assert failed(export.check_export(tmp_path / "absent", signers.trusted))
    assert not export.is_export(tmp_path / "absent")


def test_a_damaged_log_proves_and_exports_nothing_that_verifies(own: Log, tmp_path: Path, signers: People) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entry_update")
        connection.execute("UPDATE entry SET record = replace(record, '\"n\":2', '\"n\":9') WHERE position = 2")
    for index in (1, 2, 3):
        steps = proof.check_proof(proof.prove(own, index), signers.trusted)
        assert failed(steps) or index != 2
    path = tmp_path / "export.jsonl"
    export.export(own, path)
    assert failed(export.check_export(path, signers.trusted))[0] == "log roots"
    with pytest.raises(InputError, match=r"the log is empty|no log"):
        export.export(Log(tmp_path / "other.db"), path)


def test_what_somebody_holds_is_read_from_whatever_it_is(tmp_path: Path, signers: People) -> None:
    path = tmp_path / "log.db"
    evidence = signed(tmp_path / "evidence", signers.author, log=path)
    assert evidence.path is not None
    log = Log(path)
    root = log.receipt(0).root
    pdf = tmp_path / "dossier.pdf"
    pdf.write_bytes(certified(plain_pdf(dict(evidence.files)), signers.author))
    exported = tmp_path / "export.jsonl"
    export.export(log, exported)
    proved = tmp_path / "proof.json"
    proved.write_bytes(canonical.dumps(proof.prove(log, 0)))
    log.append("decision", {}, identity=signers.author)
    for what in (f"1:{root}", evidence.path, evidence.path / bundle.RECEIPT, pdf, exported, proved):
        found = held.held_checkpoint(str(what))
        assert (found.size, found.root.hex()) == (1, root)
        assert log.extends(found).ok


def len_of(content: bytes | None) -> str:
    return str(content if content is None else content[:10])


@pytest.mark.parametrize(
    "content", [None, b"", b"%PDF-1.7", b"{}", b'{"newest":1}', b"\x00" * 100, b"[" * 100_000], ids=len_of
)
def test_what_nobody_can_hold(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    for what in (str(path), str(tmp_path), "0:" + "0" * 64, "5:abc", "x" * 5000, "a\0b"):
        with pytest.raises(GovernError):
            held.held_checkpoint(what)
