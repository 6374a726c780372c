"""What the documents say a person can type exists, and doctor tells the truth."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from govern.cli import app

DOCUMENTS = ["README.md", "docs/writing-a-policy.md", "docs/architecture.md", "examples/support2/dvc.yaml"]


def commands(text: str) -> list[list[str]]:
    """Return the govern commands in code blocks, in back quotes and in the pipeline."""
    found = re.findall(r"^(?:- run: |\$ |\s*- |\s*cmd: )?(govern [^#\n`]+)", text, flags=re.MULTILINE)
    return [shlex.split(c) for c in [*found, *re.findall(r"`(govern [a-z][^`]*)`", text)]]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_exist(document: str, repository: Path) -> None:
    found = commands((repository / document).read_text(encoding="utf-8"))
    assert found
    for words in found:
        command: click.Command = app
        rest = words[1:]
        while rest and isinstance(command, click.Group):
            found = command.get_command(click.Context(command), rest[0])
            if found is None:
                break
            command, rest = found, rest[1:]
        assert not isinstance(command, click.Group) or rest[:1] == ["--help"], f"{document}: {' '.join(words)}"
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        unknown = {w for w in rest if w.startswith("--")} - known
        assert not unknown, f"{document}: {' '.join(words)}"


@pytest.mark.parametrize(
    "words",
    [
        ["policy", "list"],
        ["checks", "list"],
        ["checks", "show", "bias.equalized_odds"],
        ["policy", "show", "base/healthcare"],
    ],
)
def test_lists_fit_80_columns(words: list[str]) -> None:
    answer = CliRunner().invoke(app, words, env={"COLUMNS": "80"})
    assert answer.exit_code == 0
    assert max(map(len, answer.stdout.splitlines())) <= 80


def test_doctor_finds_everything_here_and_a_missing_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from govern import doctor

    monkeypatch.chdir(tmp_path)
    assert [i for i in doctor.examine(tmp_path) if not i.ok] == []
    monkeypatch.setitem(doctor.LIBRARIES, "no-such-library", "libno-such-library0")
    answer = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "100"})
    assert answer.exit_code == 3
    assert "apt-get install --no-install-recommends libno-such-library0" in answer.stdout


def test_a_result_that_cannot_be_written_is_no_denial(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,0\n2,1\n")
    command = [sys.executable, "-m", "govern", "measure", "data.missingness", "--data", "t.csv", "--format", "json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "--output FILE" in done.stderr
