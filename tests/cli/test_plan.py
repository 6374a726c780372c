"""``govern plan``: what is printed, in and outside a project, and how wrong assumptions are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from govern.cli import app
from govern.errors import GovernError, PolicyError

POLICY = """\
schema: govern/policy/1
id: small
version: 1.0.0
title: A small policy
checks:
  - {id: discrimination, check: performance.auroc, accept: {lower: ">= 0.70"}, min_events: 100}
  - {id: sensitivity, check: performance.sensitivity, params: {threshold: 0.3}, accept: {lower: ">= 0.75"}}
  - {id: by-sex, check: performance.sensitivity, params: {threshold: 0.3}, by: [sex], insufficient: limit,
     accept: {lower: ">= 0.60"}}
  - {id: fair, check: bias.equal_opportunity, params: {threshold: 0.3}, by: [sex], accept: {upper: "<= 0.15"}}
  - {id: apart, check: data.patient_overlap, accept: {estimate: "<= 0"}}
not_applicable:
  calibration: {reason: planning is tested here, person: Ada Lee}
  drift: {reason: planning is tested here, person: Ada Lee}
  explainability: {reason: planning is tested here, person: Ada Lee}
"""
PROJECT = """\
schema: govern/project/1
system: {name: small}
data:
  label: died
  groups: {sex: sex, age_band: {column: age, cut: [65]}}
  roles: {reference: data/reference.csv, test: data/test.csv}
policy: policies/small.yaml
"""
STATED = ["--prevalence", "0.3", "--group", "sex=female:0.2,male:0.8", "--expect", "sensitivity=0.84"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments], catch_exceptions=False)


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(POLICY)
    return "small.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose test data are not there: planning must not open them."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "small.yaml").write_text(POLICY)
    (tmp_path / "govern.yaml").write_text(PROJECT)
    (tmp_path / "data").mkdir()
    frame = pd.DataFrame(
        {
            "died": np.repeat([1, 0], [250, 750]),
            "sex": np.tile(["female", "male", "male", "male"], 250),
            "age": np.tile([50, 70], 500),
        }
    )
    frame.to_csv(tmp_path / "data" / "reference.csv", index=False)
    manifest = {"schema": "govern/dataset/1", "rows": 600, "sha256": "ab" * 32}
    (tmp_path / "data" / "test.csv.manifest.json").write_text(json.dumps(manifest))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def as_json(*arguments: str) -> dict[str, Any]:
    answer = run(*arguments, "--format", "json")
    assert answer.exit_code == 0, answer.output
    value: dict[str, Any] = json.loads(answer.stdout)
    return value


def test_the_table_fits_80_columns(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = run("--policy", policy, *STATED)
    assert answer.exit_code == 0
    assert max(len(line.rstrip()) for line in answer.stdout.splitlines()) <= 80
    for text in ("173 events", "prevalence", "0.3 (stated)", "counted, not estimated", "sex female (20.0%)"):
        assert text in answer.stdout


def test_json_holds_what_the_table_says(policy: str) -> None:
    value = as_json("--policy", policy, *STATED)
    needs = {n["rule"] + "".join(f"[{k}={v}]" for k, v in n["slice"].items()): n for n in value["needs"]}
    assert value["schema"] == "govern/plan/1"
    assert needs["sensitivity"]["counts"] == {"events": 173}
    assert needs["apart"]["outcome"] == "not planned"
    assert needs["by-sex[sex=female]"]["rows"] > needs["by-sex[sex=male]"]["rows"]
    assert value["rows"]["to_pass"]["driver"].startswith("fair[sex=")
    assert as_json("--policy", policy, *STATED, "--power", "0.9")["needs"][1]["counts"] == {"events": 223}


def test_what_can_never_be_shown_is_said(policy: str) -> None:
    answer = run("--policy", policy, "--prevalence", "0.3", "--expect", "sensitivity=0.7")
    assert "never: the assumed value 0.7 is not >= 0.75" in answer.stdout
    assert "Never, under these assumptions: sensitivity" in answer.stdout


def test_markdown_to_a_file(policy: str, tmp_path: Path) -> None:
    answer = run("--policy", policy, *STATED, "--format", "markdown", "--output", "plan.md")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "| sensitivity | everybody | lower >= 0.75 |" in (tmp_path / "plan.md").read_text()


@pytest.mark.parametrize(("name", "start"), [("plan.svg", b"<?xml"), ("plan.png", b"\x89PNG")])
def test_the_figure_is_the_same_every_time(policy: str, tmp_path: Path, name: str, start: bytes) -> None:
    drawn = []
    for _ in range(2):
        assert run("--policy", policy, *STATED, "--figure", name).exit_code == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0].startswith(start)
    assert drawn[0] == drawn[1]


def test_a_project_is_planned_from_its_reference_and_no_test_data(project: Path) -> None:
    value = as_json()
    said = {a["what"]: (a["value"], a["source"]) for a in value["assumptions"]}
    assert said["prevalence"] == ("0.25", "reference data")
    assert said["shares of sex"] == ("female 0.25, male 0.75", "reference data")
    assert value["test_rows"] == 600
    assert "fair[sex=female]" in value["short"]
    assert value["policy"]["id"] == "small"


def test_a_declared_population_comes_before_the_data(project: Path) -> None:
    text = PROJECT.replace("  roles:", "  target_population: {sex: {female: 0.5, male: 0.5}}\n  roles:")
    (project / "govern.yaml").write_text(text)
    said = {a["what"]: (a["value"], a["source"]) for a in as_json()["assumptions"]}
    assert said["shares of sex"] == ("female 0.5, male 0.5", "target_population in govern.yaml")
    said = {a["what"]: a["source"] for a in as_json("--group", "sex=female:0.4,male:0.6")["assumptions"]}
    assert said["shares of sex"] == "stated"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prevalence", "0"],
        ["--power", "1.5"],
        ["--expect", "sensitvity=0.8"],
        ["--group", "sex=female:0.2"],
        ["--design-effect", "0"],
        ["--figure", "plan.pdf"],
        ["--output", "small.yaml"],
    ],
)
def test_what_cannot_be_planned_is_a_usage_error(policy: str, arguments: list[str]) -> None:
    with pytest.raises(PolicyError):
        run("--policy", policy, *arguments)
    assert Path("small.yaml").read_text() == POLICY


def test_no_policy_and_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GovernError, match=r"no govern\.yaml"):
        run()
    with pytest.raises(GovernError, match="no policy file or pack"):
        run("--policy", "nothing")
