"""``govern log`` as it is called."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from govern import canonical, looks
from govern import project as projects
from govern.cli.log import _said
from govern.evidence.log import Log
from govern.project import Workspace
from govern.signing import identity
from tests.evidence.samples import POLICY, people, signed

YAML = """\
schema: govern/project/1
system: {name: sepsis, limitations: [Adults only]}
data: {label: died}
policy: policies/p.yaml
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four entries, one of them about evidence, and one written to steer a terminal."""
    (tmp_path / "govern.yaml").write_text(YAML)
    made = projects.load(tmp_path)
    author = identity.create_development(made.keys, made.trust, identity="author", name="Dr. Ada Müller")
    log = Log(made.log)
    log.append("look", {"dataset": "ab" * 32, "policy": None}, identity=author)
    signed(made.evidence, author, log=tmp_path / ".govern" / "log.db")
    log.append("freeze", {"policy": "small", "datasets": {"test": "cd" * 32}}, identity=author)
    log.append("refusal", {"action": "\x1b[2Jcleared", "reason": "none"}, identity=author)
    return made


def govern(workspace: Workspace, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "govern", *map(str, arguments)],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "160", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_list(workspace: Workspace) -> None:
    shown = govern(workspace, "log", "list").stdout
    assert "datasets: test cdcdcdcdcdcd" in shown
    assert "\x1b[2J" not in shown
    assert "\\x1b[2Jcleared" in shown
    assert "decision" not in govern(workspace, "log", "list", "--kind", "look").stdout
    entries = json.loads(govern(workspace, "log", "list", "--format", "json").stdout)
    assert [e["kind"] for e in entries] == ["look", "decision", "freeze", "refusal"]
    assert entries[0]["body"]["dataset"] == "ab" * 32
    govern(workspace, "log", "list", "--format", "sarif", code=2)


def test_verify_and_what_is_held(workspace: Workspace, tmp_path: Path) -> None:
    evidence = next(workspace.evidence.iterdir())
    log = Log(workspace.log)
    newest = log.receipt(3)
    assert "VERIFIED" in govern(workspace, "log", "verify").stdout
    for what in (evidence, f"4:{newest.root}"):
        steps = json.loads(govern(workspace, "log", "verify", "--since", what, "--format", "json").stdout)["steps"]
        assert (steps[-1]["name"], steps[-1]["ok"]) == ("log extends what is held", True)
    assert isinstance(workspace.log, Path)
    with closing(sqlite3.connect(workspace.log, isolation_level=None)) as connection:
        for table, first in (("entry", "position > 2"), ("checkpoint", "size > 3")):
            connection.execute(f"DROP TRIGGER {table}_delete")
            connection.execute(f"DELETE FROM {table} WHERE {first}")  # noqa: S608
    assert "VERIFIED" in govern(workspace, "log", "verify").stdout
    cut = govern(workspace, "log", "verify", "--since", f"4:{newest.root}", code=1).stdout
    assert "the log was cut" in cut
    govern(workspace, "log", "prove", 0, "--since", f"4:{newest.root}", "--output", tmp_path / "p.json", code=1)
    assert not (tmp_path / "p.json").exists()
    govern(workspace, "log", "verify", "--since", "nothing", code=3)


def test_prove(workspace: Workspace, tmp_path: Path) -> None:
    evidence = next(workspace.evidence.iterdir()).name
    out = tmp_path / "proof.json"
    done = govern(workspace, "log", "prove", evidence[:12], "--output", out)
    assert evidence in done.stderr
    assert "VERIFIED" in done.stdout
    assert json.loads(out.read_bytes())["receipt"]["index"] == 1
    later = govern(workspace, "log", "prove", 2, "--since", out)
    assert "datasets:\n    test: " + "cd" * 32 in later.stderr
    govern(workspace, "log", "prove", 99, code=3)
    govern(workspace, "log", "prove", "abcdefab", code=3)
    govern(workspace, "log", "prove", "what", code=2)
    govern(workspace, "log", "prove", 0, "--output", ".govern/log.db", code=2)


def test_export_is_verified_without_the_project(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "log.jsonl"
    out.parent.mkdir()
    assert "4 entries" in govern(workspace, "log", "export", "--output", out).stdout.replace("\n", " ")
    root = workspace.trust / "root.pem"
    root = root if root.exists() else workspace.trust
    done = subprocess.run(
        [sys.executable, "-m", "govern", "log", "verify", "--file", out, "--trust", root],
        cwd=out.parent,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out.write_bytes(out.read_bytes().replace(b'"small"', b'"great"'))
    assert "FAILED" in govern(workspace, "log", "verify", "--file", out, code=1).stdout
    govern(workspace, "log", "verify", "--file", tmp_path / "absent", code=1)


def test_a_project_without_a_log(tmp_path: Path) -> None:
    (tmp_path / "govern.yaml").write_text(YAML)
    made = projects.load(tmp_path)
    govern(made, "log", "list")
    govern(made, "log", "verify", code=1)
    govern(made, "log", "prove", 0, code=3)
    govern(made, "log", "export", "--output", tmp_path / "x", code=3)
    assert not (tmp_path / "x").exists()


def test_an_address_with_a_password_is_not_printed(tmp_path: Path) -> None:
    for address, code in (("postgresql://u:s3cret@127.0.0.1:9/d", 4), ("postgres:s3cret", 2), ("s3cret", 2)):
        (tmp_path / "govern.yaml").write_text(f"{YAML}log: {address}\n")
        done = govern(projects.load(tmp_path), "log", "list", code=code)
        assert "s3cret" not in done.stdout + done.stderr


def test_reading_the_log_loads_no_measuring_library(workspace: Workspace) -> None:
    code = (
        "import sys; sys.argv = ['govern', 'log', 'list']\nfrom govern.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert not e.code\n"
        "print('LOADED', *sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=workspace.root, capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "mlflow", "psycopg", "pikepdf"} & set(done.stdout.rpartition("LOADED ")[2].split())


def test_a_decisions_order_of_events_is_a_sentence(tmp_path: Path) -> None:
    author = people(tmp_path / "people").author
    log = Log(tmp_path / "log.db")
    frozen = looks.freeze(log, POLICY, {"test": "aa" * 32}, identity=author).entry
    assert _said(frozen, "datasets", frozen.body["datasets"]) == "datasets: test aaaaaaaaaaaa"
    assert _said(frozen, "policy", "small") == "policy small"
    told = []
    for subject in ("1", "2"):
        seen = looks.look(
            log, dataset="aa" * 32, policy=POLICY, subject=canonical.digest(subject), command="check", identity=author
        )
        entry = log.append("decision", {"order": seen.as_json()}, identity=author).entry
        told.append(_said(entry, "order", entry.body["order"]))
    assert told[0] == "look 1"
    assert told[1].startswith("look 2; exploratory: look 2 at this test set, and the policy allows 1")
    assert not any("{" in text for text in told)
