"""The demonstration, played once with the installed command and judged by what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from govern.demo.actions import MARK, one_byte_changed
from govern.demo.telling import softened

GOVERN = Path(sys.executable).with_name("govern")

#: The last act again, in a project whose registry somebody has named plainly, past govern.
UNGUARDED = """\
import sys
from pathlib import Path
from rich.console import Console
from govern.demo.stage import Stage
from govern.demo.story import _act_4
from govern.evidence import bundle
folder = Path(sys.argv[1])
_act_4(Stage(Console(), folder), folder / "dossier-fda.pdf", bundle.load(Path(sys.argv[2])))
"""


@dataclass(frozen=True)
class Played:
    folder: Path
    code: int
    out: str
    err: str


def govern(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run(
        [str(GOVERN), *arguments], cwd=cwd, capture_output=True, text=True, env=environment, timeout=500
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo") / "story"
    done = govern("demo", folder.name, cwd=folder.parent)
    return Played(folder, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def evidence(played: Played) -> dict[str, dict[str, Any]]:
    """The decision and findings of each verdict."""
    found = {}
    for path in (played.folder / "evidence").iterdir():
        decision = json.loads((path / "decision.json").read_text())
        findings = json.loads((path / "findings.json").read_text())
        found[decision["verdict"]] = {"path": path, **decision, "findings": {f["id"]: f for f in findings}}
    return found


@pytest.mark.slow
def test_it_does_what_it_claims(played: Played) -> None:
    assert played.code == 0, played.out + played.err
    assert "Traceback" not in played.err
    assert "Warning" not in played.err


@pytest.mark.slow
def test_the_first_candidate_is_refused_for_what_is_wrong_with_it(evidence: dict[str, dict[str, Any]]) -> None:
    refused = evidence["deny"]
    assert refused["findings"]["discrimination"]["outcome"] == "pass"
    assert {"calibration-slope", "one-input-dominates"} <= set(refused["blocking"])
    slope = refused["findings"]["calibration-slope"]["measurement"]
    assert slope["upper"] < 0.80  # overconfident beyond doubt
    shares = refused["findings"]["one-input-dominates"]["measurement"]["details"]["features"]
    assert shares[0]["feature"] == "model_risk_180d"
    assert shares[0]["share"] > 0.40


@pytest.mark.slow
def test_the_second_candidate_is_allowed_under_the_same_policy(evidence: dict[str, dict[str, Any]]) -> None:
    allowed, refused = evidence["allow"], evidence["deny"]
    policies = [json.loads((e["path"] / "policy.json").read_text())["sha256"] for e in (allowed, refused)]
    assert policies[0] == policies[1]
    assert allowed["blocking"] == []
    assert any("race=asian" in limit for limit in allowed["limitations"])
    assert all(allowed["findings"][limit]["outcome"] == "inconclusive" for limit in allowed["limitations"])


@pytest.mark.slow
def test_the_evidence_names_a_commit_without_changes(evidence: dict[str, dict[str, Any]]) -> None:
    for verdict in ("deny", "allow"):
        environment = json.loads((evidence[verdict]["path"] / "environment.json").read_text())
        assert environment["git_commit"]
        assert environment["git_dirty"] is False


@pytest.mark.slow
def test_one_version_is_registered_and_it_names_its_evidence(
    played: Played, evidence: dict[str, dict[str, Any]]
) -> None:
    with sqlite3.connect(played.folder / "mlflow.db") as database:
        versions = database.execute("select name, version from model_versions").fetchall()
        tags = dict(database.execute("select key, value from model_version_tags").fetchall())
    assert versions == [("support2-mortality", 1)]
    assert tags["govern.evidence"] == evidence["allow"]["path"].name


@pytest.mark.slow
def test_dossiers_verify_and_the_changed_copy_does_not(played: Played) -> None:
    for template in ("fda", "eu-ai-act"):
        done = govern("verify", f"dossier-{template}.pdf", "--format", "json", cwd=played.folder)
        assert done.returncode == 0, done.stdout
    whole = (played.folder / "dossier-fda.pdf").read_bytes()
    changed = (played.folder / "tampered.pdf").read_bytes()
    assert sum(a != b for a, b in zip(whole, changed, strict=True)) == 1
    done = govern("verify", "tampered.pdf", "--format", "json", cwd=played.folder)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


@pytest.mark.slow
def test_the_log_holds_both_decisions(played: Played) -> None:
    assert govern("verify", "log", cwd=played.folder).returncode == 0
    listed = govern("log", "list", cwd=played.folder).stdout
    assert listed.count("decision") == 2
    assert listed.count("registration") == 1


@pytest.mark.slow
def test_an_act_that_fails_fails_the_demonstration(played: Played, evidence: dict[str, dict[str, Any]]) -> None:
    text = (played.folder / "govern.yaml").read_text()
    unguarded = shutil.copytree(played.folder, played.folder.with_name("unguarded"), symlinks=True)
    registry = "\nregistry: {tracking_uri: 'sqlite:///mlflow.db', registry_uri: 'sqlite:///mlflow.db'}\n"
    (unguarded / "govern.yaml").write_text(text + registry)
    command = [sys.executable, "-c", UNGUARDED, str(unguarded), str(evidence["deny"]["path"])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode != 0
    assert "does not do what it claims: the registry refuses a direct registration" in done.stderr


@pytest.mark.slow
def test_it_replaces_its_own_folder_only(played: Played, tmp_path: Path) -> None:
    assert (played.folder / MARK).is_file()
    (tmp_path / "work.txt").write_text("a week of work")
    done = govern("demo", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 3
    assert "no demonstration made it" in done.stderr
    assert (tmp_path / "work.txt").read_text() == "a week of work"


def test_one_byte_is_changed_and_no_more() -> None:
    data = bytes(range(101))
    changed = one_byte_changed(data)
    assert [i for i in range(101) if data[i] != changed[i]] == [50]


def test_a_stated_risk_shrinks_with_the_slope() -> None:
    assert softened(0.9, 1.0) == pytest.approx(0.9)
    assert softened(0.9, 0.8) == pytest.approx(0.8529, abs=1e-4)  # the policy's "90 % is in truth 85 %"
    assert softened(0.1, 0.8) == pytest.approx(0.1471, abs=1e-4)
