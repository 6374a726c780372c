"""What a log must refuse: clocks, bodies, disks, databases."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from govern.errors import GovernError, InputError, PolicyError, ServiceError
from govern.evidence import entry as entries
from govern.evidence import log as log_module
from govern.evidence import store
from govern.evidence.log import Log
from govern.signing.trust import Trust
from govern.types import Step
from tests.evidence.samples import People, people
from tests.postgres import PASSWORD, Server, closed_port, postgres  # noqa: F401


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people(tmp_path_factory.mktemp("signers"))


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path, signers: People) -> Log:
    """Two entries."""
    at = tmp_path / "log.db" if request.param == "sqlite" else request.getfixturevalue("postgres").without_log()
    made = Log(at)
    for n in range(2):
        made.append("decision", {"n": n}, identity=signers.author)
    return made


def failed(steps: list[Step]) -> list[str]:
    return [s.name for s in steps if not s.ok]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move this machine's clock, as the log sees it, by seconds."""

    def move(seconds: float) -> None:
        class Moved(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> Any:
                return dt.datetime.now(tz) + dt.timedelta(seconds=seconds)

        monkeypatch.setattr(log_module, "datetime", Moved)

    return move


def test_a_clock_that_is_seconds_behind_blocks_nobody_and_no_time_goes_back(
    log: Log, signers: People, clock: Callable[[float], None]
) -> None:
    clock(-20)
    log.append("decision", {"n": 2}, identity=signers.author)
    times = [e.time for e in log.entries()]
    assert times == sorted(times)
    assert times[2] == times[1]
    assert failed(log.verify(signers.trusted)) == []


def test_a_clock_that_was_moved_back_by_hours_is_told(
    log: Log, signers: People, clock: Callable[[float], None]
) -> None:
    clock(-7200)
    with pytest.raises(InputError, match="clock") as told:
        log.append("decision", {}, identity=signers.author)
    assert "set the clock" in told.value.hint
    assert len(log.entries()) == 2


def test_the_clock_of_the_database_server_keeps_out_entries_from_the_future(
    postgres: Server,  # noqa: F811
    signers: People,
    clock: Callable[[float], None],
) -> None:
    log = Log(postgres.without_log())
    clock(86_400)
    with pytest.raises(InputError, match="the database server's"):
        log.append("decision", {}, identity=signers.author)
    assert not log.exists()


@pytest.mark.parametrize(("seconds", "fails"), [(-60, False), (-7200, True)])
def test_check_log_tells_a_time_that_went_back(
    tmp_path: Path, signers: People, monkeypatch: pytest.MonkeyPatch, seconds: float, fails: bool
) -> None:
    """Written by another program, since `append` does not."""
    log = Log(tmp_path / "log.db")
    now = dt.datetime.now(dt.UTC)
    for n, moment in enumerate((now, now + dt.timedelta(seconds=seconds), now)):
        monkeypatch.setattr(log_module, "_time", lambda last, server, moment=moment: moment)
        log.append("decision", {"n": n}, identity=signers.author)
    step = log.verify(signers.trusted)[0]
    assert step.ok is not fails
    assert ("a clock was moved back" if fails else "1 of them earlier") in step.found


def bomb(depth: int) -> list[Any]:
    """A body of a few objects that unfolds to 10^depth."""
    value: list[Any] = ["x"]
    for _ in range(depth):
        value = [value] * 10
    return value


def endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"text": "x" * entries.LIMIT_BYTES}, "larger than 1024 KiB"),
        ({"text": "\x01" * (entries.LIMIT_BYTES // 2)}, "larger than 1024 KiB"),
        ({"list": bomb(12)}, "larger than 1024 KiB"),
        (endless(), "nested"),
        ({"list": json.loads("[" * 100 + "]" * 100)}, "nested"),
        ({"n": 2**60}, "safe integer"),
        ({"bytes": b"\xff"}, "no JSON"),
        ({"surrogate": "\ud800"}, "no JSON"),
    ],
)
def test_a_body_that_cannot_be_an_entry_changes_nothing(
    log: Log, signers: People, body: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        log.append("decision", body, identity=signers.author)
    assert len(log.entries()) == 2
    assert failed(log.verify(signers.trusted)) == []


@pytest.mark.parametrize(
    "body",
    [{"x": 1e-7, "y": [1e21, 0.1]}, {"\ue000": 1, "\U0001f600": 2, "é": "\u2028\x7f\x01"}, {"n": -(2**53) + 1}, {}],
)
def test_a_body_comes_back_as_it_was(log: Log, signers: People, body: dict[str, Any]) -> None:
    log.append("decision", body, identity=signers.author)
    assert log.entries()[2].body == body
    assert failed(log.verify(signers.trusted)) == []
    assert [e.index for e in log.find("decision", **body)][-1] == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"actor":"a","body":{"x":1.0},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"x":1e2},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"x":NaN},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"x":-0},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"x":1,"x":1},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"\U0001f600":1,"\ue000":2,"z":9007199254740993},"index":0,"kind":"k","signer":"s",'
        '"time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"\ue000":1,"\U0001f600":2},"index":0,"kind":"k","signer":"s",'
        '"time":"2026-01-01T00:00:00Z"}',
        '{"actor":"\\u00e9","body":{},"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":[],"index":0,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{},"index":true,"kind":"k","signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{},"index":0,"kind":"k","signer":"s","time":"yesterday"}',
        '{"actor":"a","body":{},"index":0,"kind":"k","more":1,"signer":"s","time":"2026-01-01T00:00:00Z"}',
        '{"actor":"a","body":{"x":' + "[" * 5000 + "]" * 5000 + '},"index":0}',
        '{"body":{"x":' + "9" * 5000 + "}}",
        "[]",
        "",
    ],
)
def test_a_record_has_one_form(text: str) -> None:
    """What the fast reader accepts is what RFC 8785 writes; everything else is refused, and never a crash."""
    with pytest.raises(InputError):
        entries.read_record(text.encode(), what="entry 0")


def test_a_row_larger_than_any_entry_is_not_read(tmp_path: Path, signers: People) -> None:
    log = Log(tmp_path / "log.db")
    log.append("decision", {}, identity=signers.author)
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entry_update")
        connection.execute("UPDATE entry SET record = zeroblob(200000000)")
    assert failed(log.verify(signers.trusted))[0] == "log entries"
    with pytest.raises(InputError, match="not usable as a log"):
        log.entries()


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, signers: People) -> None:
    """The largest size of a file is limited: a write fails as on a full disk, at whatever step it comes."""
    path = tmp_path / "log.db"
    log = Log(path)
    for n in range(3):
        log.append("decision", {"n": n}, identity=signers.author)
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from govern.errors import GovernError; from govern.signing import identity\n"
        "from govern.evidence.log import Log\n"
        "who = identity.load(Path(sys.argv[2]), 'author')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try:\n    Log(Path(sys.argv[1])).append('decision', {'text': 'x' * 300_000}, identity=who)\n"
        "except GovernError as e:\n    print(e.exit_code, e.message, e.hint)"
    )
    for limit in (0, 1000, path.stat().st_size, path.stat().st_size + 200_000):
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), str(signers.keys), str(limit)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        assert done.stdout.startswith("3 "), done.stdout + done.stderr
        assert "space" in done.stdout
        assert len(log.entries()) == 3
        assert failed(log.verify(signers.trusted)) == []
    assert log.append("decision", {}, identity=signers.author).index == 3
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written(tmp_path: Path, signers: People) -> None:
    log = Log(tmp_path / "log.db")
    log.append("decision", {}, identity=signers.author)
    (tmp_path / "log.db").chmod(0o400)
    with pytest.raises(InputError, match="readonly"):
        log.append("decision", {}, identity=signers.author)


def test_an_address_that_is_none_is_not_repeated(tmp_path: Path) -> None:
    for address in ("mysql://u:s3cret@h/d", "postgresql:s3cret", "s3cret/log.db", "postgresql://u:s3cret@[::1/d"):
        with pytest.raises(PolicyError) as told:
            Log(address).exists()
        assert "s3cret" not in told.value.message + told.value.hint
        assert told.value.exit_code == 2


def refused(log: Log, signers: People) -> GovernError:
    with pytest.raises(GovernError) as told:
        log.append("decision", {}, identity=signers.author)
    assert PASSWORD not in told.value.message + told.value.hint
    assert PASSWORD.replace(" ", "%20") not in told.value.message + told.value.hint
    return told.value


def test_a_server_that_is_down(postgres: Server, signers: People) -> None:  # noqa: F811
    url = postgres.url().replace(str(postgres.port), str(closed_port()))
    log = Log(url)
    assert isinstance(refused(log, signers), ServiceError)
    for ask in (
        log.exists,
        log.entries,
        lambda: log.verify(signers.trusted),
        lambda: log.verified(signers.trusted),
    ):
        with pytest.raises(ServiceError):
            ask()


def test_a_wrong_password_or_database(postgres: Server, signers: People) -> None:  # noqa: F811
    error = refused(Log(postgres.url(password="s3cret")), signers)  # noqa: S106
    assert isinstance(error, ServiceError)
    assert "password authentication failed" in error.message
    assert "PGPASSWORD" in error.hint
    assert "s3cret" not in error.message
    assert isinstance(refused(Log(postgres.url("nowhere")), signers), ServiceError)


def test_the_password_may_come_from_the_environment(
    postgres: Server,  # noqa: F811
    signers: People,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = postgres.without_log().replace(f":{PASSWORD.replace(' ', '%20')}@", "@")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    log = Log(url)
    assert log.append("decision", {}, identity=signers.author).index == 0
    assert log.name == url
    assert failed(log.verify(signers.trusted)) == []


def test_a_database_that_takes_no_writes(postgres: Server, signers: People) -> None:  # noqa: F811
    url = postgres.fresh()
    name = url.rpartition("/")[2]
    log = Log(url)
    log.append("decision", {}, identity=signers.author)
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    error = refused(log, signers)
    assert isinstance(error, ServiceError)
    assert "read-only" in error.message
    assert len(log.entries()) == 1


def test_a_writer_needs_no_more_than_to_read_and_insert(postgres: Server, signers: People) -> None:  # noqa: F811
    url = postgres.without_log()
    name = url.rpartition("/")[2]
    owner = Log(url)
    owner.append("decision", {"n": 0}, identity=signers.author)
    postgres.run(
        "DROP ROLE IF EXISTS writer", "CREATE ROLE writer LOGIN PASSWORD 'w'", "DROP ROLE IF EXISTS stranger",
        "CREATE ROLE stranger LOGIN PASSWORD 'w'",
    )  # fmt: skip
    postgres.run(
        "GRANT USAGE ON SCHEMA govern_log TO writer",
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA govern_log TO writer",
        url=url,
    )
    theirs = Log(postgres.url(name, "writer", "w"))
    assert theirs.append("decision", {"n": 1}, identity=signers.clinical).index == 1
    assert failed(theirs.verify(signers.trusted)) == failed(owner.verify(signers.trusted)) == []
    import psycopg

    for statement in ("UPDATE entry SET record = ''", "DELETE FROM entry", "TRUNCATE entry", "DROP TABLE entry",
                      "ALTER TABLE entry DISABLE TRIGGER ALL"):  # fmt: skip
        with closing(psycopg.connect(postgres.url(name, "writer", "w"), autocommit=True)) as connection:
            connection.execute("SET search_path = govern_log")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    error = refused(Log(postgres.url(name, "stranger", "w")), signers)
    assert isinstance(error, ServiceError)
    assert "grants" in error.hint
    postgres.run("DROP OWNED BY writer", "DROP ROLE writer", "DROP ROLE stranger", url=url)


def test_what_the_owner_of_the_database_changes_is_evident(postgres: Server, signers: People) -> None:  # noqa: F811
    url = postgres.without_log()
    log = Log(url)
    for n in range(4):
        log.append("decision", {"n": n}, identity=signers.author)
    postgres.run(
        "ALTER TABLE govern_log.entry DISABLE TRIGGER ALL",
        "UPDATE govern_log.entry SET record = replace(record, '\"n\":2', '\"n\":7')",
        "ALTER TABLE govern_log.entry ENABLE TRIGGER ALL",
        url=url,
    )
    assert failed(log.verify(signers.trusted))[0] == "log roots"


def test_a_connection_that_is_cut_within_an_append_leaves_nothing(
    postgres: Server,  # noqa: F811
    signers: People,
) -> None:
    log = Log(postgres.without_log())
    log.append("decision", {}, identity=signers.author)
    with pytest.raises(ServiceError), log.store.appending() as rows:
        rows.append(1, "{}", "", "", "", "")
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'govern log'")
        rows.size()
    assert len(log.entries()) == 1
    assert failed(log.verify(signers.trusted)) == []
    assert log.append("decision", {}, identity=signers.author).index == 1


def test_tables_of_which_some_are_lost_are_no_log_that_is_absent(
    postgres: Server,  # noqa: F811
    signers: People,
) -> None:
    url = postgres.without_log()
    log = Log(url)
    log.append("decision", {}, identity=signers.author)
    postgres.run("DROP TABLE govern_log.entry", url=url)
    with pytest.raises(InputError, match="not usable as a log"):
        log.entries()
    assert store.store_at(url).name == log.name


def test_what_was_verified_is_not_read_again_and_must_stay(log: Log, signers: People) -> None:
    first = log.verified(signers.trusted)
    assert [e.body["n"] for e in first.find("decision")] == [0, 1]
    root = log.append("decision", {"n": 2}, identity=signers.author).root
    second = log.verified(signers.trusted)
    assert (len(first.entries), len(second.entries), second.root) == (2, 3, root)
    assert second.find("decision", n=2)[0].index == 2
    with pytest.raises(InputError, match="log signers are trusted"):
        log.verified(Trust())


def test_a_log_that_was_rewritten_since_it_was_verified_is_refused(tmp_path: Path, signers: People) -> None:
    path = tmp_path / "log.db"
    log = Log(path)
    for n in range(3):
        log.append("decision", {"n": n}, identity=signers.author)
    copy = path.read_bytes()
    log.append("decision", {"n": 3}, identity=signers.author)
    log.verified(signers.trusted)
    path.write_bytes(copy)
    with pytest.raises(InputError, match="cut or rewritten since 4 entries"):
        log.verified(signers.trusted)
