"""``govern coverage`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govern.cli import app
from tests.evidence.samples import people, signed
from tests.forbidden import claims

PROJECT = """\
schema: govern/project/1
system: {name: small}
data: {label: y, groups: {sex: sex, race: race, age_band: age_band}}
policy: clinical-decision-support
"""


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "govern.yaml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    author = people(tmp_path / ".govern").author
    made = signed(tmp_path / "evidence", author, log=tmp_path / ".govern" / "log.db")
    return made.sha256


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["coverage", *arguments])


@pytest.mark.parametrize("regulation", ["eu", "us", "fda", "eu-ai-act", "tripod-ai"])
def test_the_matrix_fits_a_terminal_and_claims_nothing(evidence: str, regulation: str) -> None:
    done = run(evidence, "--regulation", regulation)
    assert done.exit_code == 1
    assert "stop a release" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert claims(done.stdout) == []


def test_json_holds_what_the_table_shows(evidence: str) -> None:
    told = json.loads(run(evidence, "--regulation", "us", "--format", "json").stdout)
    assert told["schema"] == "govern/coverage/1"
    assert sum(told["counts"].values()) == len(told["clauses"])
    assert told["blocking"] == sum(c["state"] in ("fail", "not_run", "stale") for c in told["clauses"])
    some = json.loads(run(evidence, "--regulation", "us", "--format", "json", "--state", "not_run").stdout)
    assert some["counts"] == told["counts"]
    assert {c["state"] for c in some["clauses"]} == {"not_run"}
    assert all(c["why"] for c in told["clauses"])


def test_one_clause_is_told_with_all_that_it_needs(evidence: str) -> None:
    done = run(evidence, "--regulation", "fda", "--clause", "aidsf-vib-9")
    assert "Labeling explains subgroup performance" in " ".join(done.stdout.split())
    assert "computed" in done.stdout


def test_markdown_goes_to_a_file(evidence: str, tmp_path: Path) -> None:
    done = run(evidence, "--regulation", "eu", "--format", "markdown", "--output", "matrix.md")
    assert (done.stdout, done.exit_code) == ("", 1)
    text = (tmp_path / "matrix.md").read_text()
    assert text.count("\n| ") > 100
    assert claims(text) == []


def test_a_changed_fact_makes_evidence_stale(evidence: str, tmp_path: Path) -> None:
    told = json.loads(run(evidence, "--regulation", "us", "--format", "json").stdout)
    assert told["counts"]["stale"] > 0  # the sample's facts are not those of this project
    assert told["counts"]["pass"] == 0


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--regulation", "fdaa"], "fda"),
        (["--regulation", "eu", "--profile", "device-high-rsk"], "device-high-risk"),
        (["--regulation", "eu", "--state", "not-run"], "not_run"),
        (["--regulation", "fda", "--clause", "aidsf-vib-99"], "aidsf-vib-9"),
        (["--regulation", "eu", "--clause", "aidsf-vib-9"], "--regulation"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest(evidence: str, arguments: list[str], hint: str) -> None:
    done = run(evidence, *arguments)
    assert hint in str(getattr(done.exception, "hint", ""))
    assert getattr(done.exception, "exit_code", None) == 2
