"""``govern facts`` as it is typed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govern import declared
from govern.cli import app

PROJECT = """\
schema: govern/project/1
system:
  name: small
  users: {value: Nurses on the ward., valid_until: 2020-01-01}
data: {label: y}
policy: clinical-decision-support
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "govern.yaml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["facts", *arguments])


def test_every_fact_is_listed_without_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    listed = run("list").stdout.split()
    assert set(declared.load().facts) <= set(listed)
    risk = run("list", "--group", "risk").stdout
    assert "risk_management" in risk
    assert "use_environment" not in risk
    assert "did you mean 'risk'" in getattr(run("list", "--group", "rsk").exception, "hint", "")


def test_lint_tells_what_is_declared_and_missing(project: Path) -> None:
    done = run("lint")
    assert done.exit_code == 0
    text = done.stdout
    assert f"2 of {len(declared.load().facts)} facts declared, 0 not applicable, no mistakes found" in text
    assert "govern.yaml:4: users was valid until 2020-01-01" in text
    required = next(line for line in text.splitlines() if line.startswith("missing, required by the policy"))
    assert "intended_use" in required
    assert "users" not in required
    assert len(text.splitlines()) < 40
    group = run("lint", "--group", "intended_use").stdout
    assert declared.load().facts["population"].ask in group
    assert declared.load().facts["users"].ask not in group


def test_lint_tells_every_mistake(project: Path) -> None:
    (project / "govern.yaml").write_text(f"{PROJECT}facts: facts\n")
    (project / "facts").mkdir()
    (project / "facts" / "a.yaml").write_text("schema: govern/declared/1\nfacts:\n  usrs: a\n  population: 3\n")
    done = run("lint")
    assert done.exit_code == 2
    assert "facts/a.yaml:3: unknown fact 'usrs'" in done.stdout
    assert "facts/a.yaml:4: population: a text was expected" in done.stdout
    assert "2 mistakes found" in done.stdout


def test_edit_writes_a_form_that_the_project_then_reads(project: Path) -> None:
    done = run("edit", "risk")
    assert done.exit_code == 0
    count = len(declared.load().group("risk").facts)
    assert done.stdout == f"facts/risk.yaml: {count} questions added\n"
    assert (project / "govern.yaml").read_text() == f"{PROJECT}facts: facts\n"
    form = project / "facts" / "risk.yaml"
    form.write_text(
        form.read_text().replace("risk_management: |-\n    \n", "risk_management: |-\n    As ISO: 14971.\n")
    )
    assert "3 of" in run("lint").stdout
    assert run("edit", "risk").stdout == "facts/risk.yaml: no questions added\n"


def test_edit_refuses_to_write_where_something_is_wrong(project: Path) -> None:
    (project / "govern.yaml").write_text(PROJECT.replace("name: small", "name: small\n  usrs: a"))
    assert "unknown fact 'usrs'" in str(run("edit").exception)
    assert not (project / "facts").exists()


def test_the_editor_is_opened_at_a_terminal_alone(project: Path) -> None:
    editor = project / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "%s" "$2" > opened.txt\n')
    editor.chmod(0o755)
    environment = {**os.environ, "EDITOR": f"{editor} --wait"}
    command = [sys.executable, "-m", "govern", "facts", "edit", "risk"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert not (project / "opened.txt").exists()
    ours, theirs = pty.openpty()
    subprocess.run(command, env=environment, check=True, stdin=theirs, stdout=theirs)
    os.close(theirs)
    os.close(ours)
    assert (project / "opened.txt").read_text() == str(project / "facts" / "risk.yaml")
