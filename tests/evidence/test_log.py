from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.errors import InputError, ServiceError
from govern.evidence import merkle, note
from govern.evidence import receipt as receipts
from govern.evidence.entry import read_record, record
from govern.evidence.log import Log, Receipt
from govern.evidence.store.postgres import PostgresStore
from govern.evidence.store.sqlite import SqliteStore
from govern.signing.trust import Trust
from govern.types import Step
from tests.evidence.samples import People, people
from tests.postgres import postgres  # noqa: F401


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """An empty place for a log, of each kind."""
    if request.param == "sqlite":
        return tmp_path / "state" / "log.db"
    return str(request.getfixturevalue("postgres").without_log())


@pytest.fixture
def log(address: Path | str, signers: People) -> Log:
    """Seven entries by two people."""
    made = Log(address)
    for n in range(7):
        made.append("decision", {"evidence": f"e{n}", "n": n}, identity=signers.clinical if n == 3 else signers.author)
    return made


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def tamper(log: Log, *statements: str) -> None:
    """Do what anybody can do who may write the file, or who owns the database."""
    if isinstance(log.store, SqliteStore):
        with closing(sqlite3.connect(log.store.path, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert connection.execute(statement).rowcount
        return
    with owner(log) as connection:
        for table in ("entry", "checkpoint", "certificate"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            assert connection.execute(statement).rowcount


@contextmanager
def owner(log: Log) -> Iterator[Any]:
    """The tables of a log in PostgreSQL, as their owner sees them."""
    import psycopg

    assert isinstance(log.store, PostgresStore)
    with closing(psycopg.connect(log.store._url, autocommit=True)) as connection:
        connection.execute("SET search_path = govern_log")
        yield connection


def test_a_log_verifies_and_answers(log: Log, signers: People) -> None:
    steps = log.verify(signers.trusted)
    assert [s.name for s in steps] == ["log entries", "log roots", "log signatures", "log signers are trusted"]
    assert failed(steps) == []
    entries = log.entries()
    assert [e.index for e in entries] == list(range(7))
    assert log.last() == entries[-1]
    assert [e.actor for e in entries[2:4]] == ["Dr. Ada Müller", "Prof. Grace Hopper"]
    assert entries[4].time.endswith("Z")
    assert [e.index for e in log.find("decision", evidence="e5")] == [5]
    assert log.find("waiver") == log.find(evidence="none") == log.find(absent=None) == []


def test_the_last_root_is_the_merkle_root_of_the_entries(log: Log) -> None:
    leaves = [merkle.leaf_hash(e.record()) for e in log.entries()]
    assert log.receipt(6).root == merkle.root(leaves).hex()


def test_a_log_that_is_not_there(address: Path | str, signers: People) -> None:
    absent = Log(address)
    assert not absent.exists()
    assert absent.entries() == absent.find("decision") == []
    assert absent.last() is None
    steps = absent.verify(signers.trusted)
    assert len(failed(steps)) == len(steps)
    assert "no log" in steps[0].found
    assert "not reached: log entries" in steps[1].found
    with pytest.raises(InputError, match="no log"):
        absent.receipt(0)
    assert not absent.exists()
    absent.append("decision", {}, identity=signers.author)
    assert absent.exists()


def test_receipts_hold_alone_and_against_the_log(log: Log, signers: People) -> None:
    given = log.append("decision", {"evidence": "x"}, identity=signers.clinical)
    assert given == log.receipt(7)
    for index in range(8):
        receipt = log.receipt(index)
        assert receipts.check_receipt(receipt, signers.trusted).ok
        assert log.holds(receipt).ok
        assert receipts.read_receipt(canonical.dumps(receipt)) == receipt
    with pytest.raises(InputError, match="no entry 8"):
        log.receipt(8)


def test_a_receipt_needs_a_trusted_signer(log: Log, tmp_path: Path) -> None:
    assert not receipts.check_receipt(log.receipt(2), people(tmp_path / "other").trusted).ok
    step = receipts.check_receipt(log.receipt(2), Trust())
    assert not step.ok
    assert "--trust" in step.found


def test_every_changed_value_of_a_receipt_shows(log: Log, signers: People) -> None:
    good = json.loads(canonical.dumps(log.receipt(5)))
    other = json.loads(canonical.dumps(log.receipt(3)))
    places: list[tuple[str, ...]] = [(k,) for k in good if k != "entry"]
    places += [("entry", k) for k in good["entry"]]
    for place in places:
        changed = json.loads(json.dumps(good))
        source, target = other, changed
        for key in place[:-1]:
            source, target = source[key], target[key]
        if target[place[-1]] == source[place[-1]]:
            target[place[-1]] = source[place[-1]] + "x"
        else:
            target[place[-1]] = source[place[-1]]
        receipt = receipts.read_receipt(canonical.dumps(changed))
        assert not receipts.check_receipt(receipt, signers.trusted).ok, place


@pytest.mark.parametrize(
    ("statements", "step"),
    [
        (["UPDATE entry SET record = replace(record, '\"n\":2', '\"n\":9') WHERE position = 2"], "log roots"),
        (["UPDATE entry SET record = replace(record, '{', '{ ') WHERE position = 2"], "log entries"),
        (["UPDATE entry SET record = 'rubbish' WHERE position = 2"], "log entries"),
        (["UPDATE entry SET record = '' WHERE position = 2"], "log entries"),
        (["DELETE FROM entry WHERE position = 2"], "log entries"),
        (["DELETE FROM entry WHERE position = 6"], "log entries"),
        (["DELETE FROM checkpoint WHERE size = 4"], "log entries"),
        (
            [
                "UPDATE entry SET position = 99 WHERE position = 2",
                "UPDATE entry SET position = 2 WHERE position = 3",
                "UPDATE entry SET position = 3 WHERE position = 99",
            ],
            "log entries",
        ),
        (["UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 3) WHERE size = 4"], "log roots"),
        (["UPDATE checkpoint SET peaks = (SELECT peaks FROM checkpoint WHERE size = 3) WHERE size = 4"], "log roots"),
        (["DELETE FROM certificate WHERE pem LIKE '%'"], "log signatures"),
        (["UPDATE certificate SET pem = 'x'"], "log signatures"),
        (
            [
                "UPDATE certificate SET pem = (SELECT c.pem FROM certificate c WHERE c.sha256 <> certificate.sha256)"
                " WHERE sha256 = (SELECT MIN(sha256) FROM certificate)"
            ],
            "log signatures",
        ),
        (["DELETE FROM entry WHERE position > 4"], "log entries"),
        (["DELETE FROM checkpoint WHERE size > 4"], "log entries"),
        (["DELETE FROM entry WHERE position = 0", "UPDATE entry SET position = position - 1"], "log entries"),
        (["INSERT INTO entry SELECT 7, record FROM entry WHERE position = 6"], "log entries"),
        (["DELETE FROM entry", "DELETE FROM checkpoint"], "log entries"),
        (["DROP TABLE checkpoint"], "log entries"),
    ],
)
def test_tampering_shows_in_a_named_step(log: Log, signers: People, statements: list[str], step: str) -> None:
    tamper(log, *statements)
    assert failed(log.verify(signers.trusted))[0] == step


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET record = replace(record, '\"n\":2', '\"n\":9') WHERE position = 2",
        "DELETE FROM entry WHERE position = 6",
        "DELETE FROM checkpoint WHERE size = 7",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 3) WHERE size = 7",
    ],
)
def test_going_on_with_a_damaged_log_does_not_mend_it(log: Log, signers: People, statement: str) -> None:
    kept = log.receipt(6)
    tamper(log, statement)
    with suppress(InputError):
        log.append("decision", {}, identity=signers.author)
    assert failed(log.verify(signers.trusted))
    assert not log.holds(kept).ok or "checkpoint" in statement
    assert receipts.check_receipt(kept, signers.trusted).ok


def test_a_cut_tail_is_missed_by_the_receipt(log: Log, signers: People) -> None:
    """Entries and their checkpoints cut off together leave a log that verifies; the receipt tells."""
    kept = log.receipt(6)
    tamper(log, "DELETE FROM entry WHERE position > 4", "DELETE FROM checkpoint WHERE size > 5")
    assert failed(log.verify(signers.trusted)) == []
    step = log.holds(kept)
    assert not step.ok
    assert "the log was cut" in step.found
    for n in range(3):
        log.append("decision", {"evidence": f"new {n}"}, identity=signers.author)
    assert failed(log.verify(signers.trusted)) == []
    assert "another entry at 6" in log.holds(kept).found


def test_another_log_is_not_this_one(log: Log, tmp_path: Path, signers: People) -> None:
    other = Log(tmp_path / "other.db")
    for n in range(7):
        other.append("decision", {"evidence": f"e{n}"}, identity=signers.author)
    assert "another log" in log.holds(other.receipt(6)).found


def test_a_log_signed_anew_by_a_stranger_is_not_trusted(tmp_path: Path, signers: People) -> None:
    eve = people(tmp_path / "eve").author
    forged = Log(tmp_path / "log.db")
    forged.append("decision", {"evidence": "e0"}, identity=eve)
    assert failed(forged.verify(signers.trusted)) == ["log signers are trusted"]


def test_an_actor_cannot_be_put_under_another_name(log: Log, signers: People) -> None:
    """The entry's actor is the one whose key signed its checkpoint, even with the root rebuilt."""
    receipt = log.receipt(0)
    forged = read_record(
        record(0, receipt.entry.time, "decision", "Prof. Grace Hopper", signers.author.fingerprint, {}),
        what="forged",
    )
    checkpoint = note.Checkpoint(
        origin=note.read(receipt.checkpoint).origin, size=1, root=bytes.fromhex(forged.leaf_sha256)
    )
    tamper(log, "DELETE FROM entry", "DELETE FROM checkpoint")
    with log.store.appending() as rows:
        signed = note.sign(checkpoint, signers.author)
        rows.append(0, forged.record().decode(), signed, forged.leaf_sha256, signers.author.fingerprint, "")
    assert failed(log.verify(signers.trusted))[0] == "log signatures"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET record = 'x'",
        "DELETE FROM checkpoint",
        "DELETE FROM certificate",
        "INSERT OR REPLACE INTO entry VALUES (3, 'x')",
        "INSERT INTO entry VALUES (99, 'x')",
        "INSERT OR REPLACE INTO checkpoint VALUES (3, 'x', 'x')",
        "TRUNCATE entry, checkpoint",
        "INSERT INTO entry VALUES (3, 'x') ON CONFLICT (position) DO UPDATE SET record = 'x'",
    ],
)
def test_triggers_stop_mistakes(log: Log, signers: People, statement: str) -> None:
    if isinstance(log.store, SqliteStore):
        with closing(sqlite3.connect(log.store.path)) as connection, pytest.raises(sqlite3.Error):
            connection.execute(statement.replace("TRUNCATE entry, checkpoint", "DELETE FROM entry"))
    else:
        import psycopg

        with owner(log) as connection, pytest.raises(psycopg.Error, match=r"append|syntax"):
            connection.execute(statement)
    assert failed(log.verify(signers.trusted)) == []


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at", b""])
def test_a_file_that_is_no_log(tmp_path: Path, signers: People, content: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(content)
    assert failed(Log(path).verify(signers.trusted))[0] == "log entries"
    if content:
        with pytest.raises(InputError, match="not usable as a log"):
            Log(path).append("decision", {}, identity=signers.author)
        assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written(tmp_path: Path, signers: People) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    with pytest.raises(InputError):
        Log(tmp_path / "state" / "log.db").append("decision", {}, identity=signers.author)


def test_a_body_that_is_no_json_changes_nothing(log: Log, signers: People) -> None:
    with pytest.raises(InputError, match="safe integer"):
        log.append("decision", {"n": 2**60}, identity=signers.author)
    assert len(log.entries()) == 7
    assert failed(log.verify(signers.trusted)) == []


def test_a_log_held_by_another_process_is_a_service_error(
    log: Log, signers: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govern.evidence.store.BUSY_SECONDS", 0.05)
    with log.store.appending(), pytest.raises(ServiceError, match="another process") as told:
        Log(address_of(log)).append("decision", {}, identity=signers.author)
    assert told.value.exit_code == 4
    assert len(log.entries()) == 7


def test_a_log_that_nobody_can_read_now_is_not_said_to_be_broken(
    tmp_path: Path, signers: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govern.evidence.store.BUSY_SECONDS", 0.05)
    log = Log(tmp_path / "log.db")
    log.append("decision", {}, identity=signers.author)
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ServiceError, match="another process"):
            log.verify(signers.trusted)
    assert failed(log.verify(signers.trusted)) == []


def address_of(log: Log) -> Path | str:
    return log.store.path if isinstance(log.store, SqliteStore) else log.store._url


def test_what_fails_within_an_append_leaves_nothing(log: Log, signers: People) -> None:
    with pytest.raises(ZeroDivisionError), log.store.appending() as rows:
        rows.append(7, "{}", "", "", "", "")
        1 / 0  # noqa: B018
    assert len(log.entries()) == 7
    assert failed(log.verify(signers.trusted)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text + "\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\u2014", "-"),
        lambda text: text.replace("\n1\n", "\n01\n"),
        lambda text: text.replace("\n1\n", "\n2\n"),
        lambda text: text.replace("govern.dev/log/", "govern.dev/Log/", 1),
        lambda text: text + text.splitlines()[-1] + "\n",
        lambda text: "",
    ],
)
def test_a_note_has_one_form(tmp_path: Path, signers: People, change: Callable[[str], str]) -> None:
    receipt: Receipt = Log(tmp_path / "log.db").append("decision", {}, identity=signers.author)
    key = signers.author.key.public_key()
    assert note.verify(receipt.checkpoint, key).size == 1
    with pytest.raises(InputError):
        note.verify(change(receipt.checkpoint), key)
    with pytest.raises(InputError, match="another key"):
        note.verify(receipt.checkpoint, signers.clinical.key.public_key())
