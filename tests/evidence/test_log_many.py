"""Many processes and many entries."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govern.evidence import merkle, note
from govern.evidence.entry import record
from govern.evidence.log import Log
from govern.evidence.signatures import Signatures, first_broken
from govern.signing import identity
from govern.types import Step
from tests.evidence.samples import People, people
from tests.postgres import postgres  # noqa: F401

PROCESSES, COUNT = 20, 50


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "state" / "log.db"
    return str(request.getfixturevalue("postgres").without_log())


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


def append_many(address: Path | str, keys: Path, who: int) -> None:
    signer = identity.load(keys, "author")
    for n in range(COUNT):
        Log(address).append("decision", {"who": who, "n": n}, identity=signer)


@pytest.mark.slow
def test_appends_from_many_processes_are_all_there(address: Path | str, signers: People) -> None:
    """The first of them also makes the tables."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["govern.evidence.log", "tests.evidence.test_log_many", "psycopg"])
    running = [context.Process(target=append_many, args=(address, signers.keys, who)) for who in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * PROCESSES
    log = Log(address)
    assert failed(log.verify(signers.trusted)) == []
    made = {(e.body["who"], e.body["n"]) for e in log.entries()}
    assert made == {(who, n) for who in range(PROCESSES) for n in range(COUNT)}
    times = [e.time for e in log.entries()]
    assert times == sorted(times)


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_whole_entries_only(address: Path | str, signers: People) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.evidence.test_log_many import append_many\n"
        "where = sys.argv[1]\n"
        "append_many(where if where.startswith('postgresql:') else Path(where), Path(sys.argv[2]), 0)"
    )
    log = Log(address)
    for patience in (0.0, 0.01, 0.03, 0.08):
        before = len(log.entries())
        command = [sys.executable, "-c", code, str(address), str(signers.keys)]
        with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as writer:
            waited(lambda before=before: len(log.entries()) > before)
            time.sleep(patience)
            writer.send_signal(signal.SIGKILL)
        entries = log.entries()
        assert before < len(entries)
        assert failed(log.verify(signers.trusted)) == []
    receipt = log.append("decision", {}, identity=signers.author)
    assert receipt.index == len(entries)


def waited(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def fill(log: Log, signers: People, size: int) -> None:
    """Append many entries in one transaction, each signed, by two people."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    who = [(i, i.fingerprint, i.pem.decode()) for i in (signers.author, signers.clinical)]
    peaks: tuple[bytes, ...] = ()
    with log.store.appending() as rows:
        for n in range(size):
            signer, sha256, pem = who[n % 2]
            body = {"evidence": f"{n:064x}", "name": "sepsis", "verdict": "allow", "policy": "ab" * 32, "order": {}}
            data = record(n, now, "decision", signer.name, sha256, body)
            peaks = merkle.add(peaks, n, merkle.leaf_hash(data))
            checkpoint = note.Checkpoint(origin="govern.dev/log/test", size=n + 1, root=merkle.peaks_root(peaks))
            joined = " ".join(p.hex() for p in peaks)
            rows.append(n, data.decode(), note.sign(checkpoint, signer), joined, sha256, pem)


def cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


@pytest.mark.slow
def test_verifying_costs_little_more_than_the_signatures(tmp_path: Path, signers: People) -> None:
    """In processor time of this process and those beside it, so that a busy machine does not decide."""
    size = 20_000
    log = Log(tmp_path / "log.db")
    fill(log, signers, size)
    key = signers.author.key.public_key()
    signed = [(n, (b"x" * 120, signers.author.sign(b"x" * 120))) for n in range(2000)]
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    start = cpu()
    assert first_broken(der, signed) is None
    bare = (cpu() - start) * size / 2000
    start = cpu()
    assert failed(log.verify(signers.trusted)) == []
    assert cpu() - start < 2.5 * bare + 1  # another interpreter starts
    last = log.receipt(size - 1)
    start = cpu()
    for index in (0, 7, size // 2, size - 1):
        assert log.receipt(index).index == index
    assert cpu() - start < 0.05
    assert log.holds(last).ok
    start = cpu()
    assert [e.index for e in log.find("decision", evidence=f"{777:064x}")] == [777]
    assert cpu() - start < bare / 4


@pytest.mark.slow
def test_one_signature_of_many_that_does_not_hold_is_found_wherever_it_is_verified(
    tmp_path: Path, signers: People
) -> None:
    size = 9000
    log = Log(tmp_path / "log.db")
    fill(log, signers, size)
    with Signatures(size) as beside:
        assert beside._asides or len(os.sched_getaffinity(0)) == 1
    for broken in (1, 4000, size - 1):  # in another interpreter, and in this one
        with log.store.reading() as rows:
            signed = rows.checkpoint(broken + 1)
        assert signed is not None
        stated, _, _ = note.opened(signed[0])
        signer = signers.clinical if broken % 2 else signers.author
        other = note.sign(note.Checkpoint(origin=stated.origin, size=1, root=stated.root), signer)
        forged = stated.text() + other[other.index("\n\n") + 1 :]
        rewrite(log, broken + 1, forged)
        steps = log.verify(signers.trusted)
        assert failed(steps)[0] == "log signatures"
        assert steps[2].found == f"entry {broken}: the checkpoint's signature does not hold"
        rewrite(log, broken + 1, signed[0])
    assert failed(log.verify(signers.trusted)) == []


def rewrite(log: Log, size: int, signed: str) -> None:
    with log.store.appending() as rows:
        rows._do("DROP TRIGGER IF EXISTS checkpoint_update")
        rows._do("UPDATE checkpoint SET note = ? WHERE size = ?", signed, size)
