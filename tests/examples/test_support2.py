"""The example on SUPPORT2: a split that cannot change or overlap, a datasheet whose figures are true, a pipeline."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from govern import project
from govern.policy import load_policy

PARTS = ("train", "reference", "test")


@pytest.fixture(scope="module")
def example(repository: Path) -> Path:
    return repository / "examples" / "support2"


@pytest.fixture(scope="module")
def patients(example: Path) -> pd.DataFrame:
    return pd.read_csv(example / "support2.csv.gz")


@pytest.fixture(scope="module")
def parts(example: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("support2")
    shutil.copy(example / "support2.csv.gz", folder)
    written: dict[str, Path] = runpy.run_path(str(example / "prepare.py"))["prepare"](folder)
    return written


def test_every_patient_is_in_exactly_one_part(parts: dict[str, Path], patients: pd.DataFrame) -> None:
    ids = {name: set(pd.read_csv(path)["patient_id"]) for name, path in parts.items()}
    assert set(ids) == set(PARTS)
    assert sum(map(len, ids.values())) == len(patients)
    assert set().union(*ids.values()) == set(patients["patient_id"])
    shares = [len(ids[name]) / len(patients) for name in PARTS]
    assert shares == pytest.approx([0.45, 0.15, 0.40], abs=0.015)


def test_the_part_of_a_patient_does_not_depend_on_the_other_rows(example: Path, parts: dict[str, Path]) -> None:
    part = runpy.run_path(str(example / "prepare.py"))["part"]
    for name, path in parts.items():
        assert {part(i) for i in pd.read_csv(path)["patient_id"]} == {name}


def test_prepare_writes_the_bytes_that_dvc_and_the_manifests_record(example: Path, parts: dict[str, Path]) -> None:
    lock = YAML(typ="safe").load(example / "dvc.lock")
    recorded = {o["path"]: o["md5"] for o in lock["stages"]["prepare"]["outs"]}
    for name, path in parts.items():
        data = path.read_bytes()
        assert recorded[f"data/{name}.csv"] == hashlib.md5(data, usedforsecurity=False).hexdigest()
        manifest = json.loads((example / "data" / f"{name}.csv.manifest.json").read_text())
        assert manifest["roles"] == [name]
        assert manifest["files"][0]["sha256"] == hashlib.sha256(data).hexdigest()


def _share(values: Any) -> str:
    return f"{100 * float(values.mean()):.1f} %"


def _auroc(table: pd.DataFrame, column: str, keep: Any = True) -> str:
    """Mann-Whitney by ranks, not by the code under test."""
    rows = table[table[column].notna() & keep]
    ranks, events = rows[column].rank(), rows["died_180d"] == 1
    n = int(events.sum())
    return f"{(ranks[events].sum() - n * (n + 1) / 2) / (n * (len(rows) - n)):.3f}"


def _missing(column: str) -> Callable[[pd.DataFrame], Any]:
    return lambda t: _share(t[column].isna())


def _of_race(race: str) -> Callable[[pd.DataFrame], Any]:
    return lambda t: (t["race"] == race).sum()


_MEASURED = [
    "meanbp",
    "heart_rate",
    "resp_rate",
    "temp_c",
    "creatinine",
    "sodium",
    "albumin",
    "wbc",
    "bilirubin",
    "pafi",
]
_ONE = "`model_risk_180d` of exactly 1"
FIGURES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "patients": lambda t: t["patient_id"].nunique(),
    "rows that repeat another but for `patient_id`": lambda t: t.drop(columns="patient_id").duplicated().sum(),
    "deaths within 180 days": lambda t: t["died_180d"].sum(),
    "share of deaths": lambda t: _share(t["died_180d"]),
    "youngest, years": lambda t: t["age"].min(),
    "oldest, years": lambda t: t["age"].max(),
    "female": lambda t: (t["sex"] == "female").sum(),
    "male": lambda t: (t["sex"] == "male").sum(),
    **{race: _of_race(race) for race in ("white", "black", "hispanic", "other", "asian")},
    "unknown race": _of_race("unknown"),
    **{f"missing `{c}`": _missing(c) for c in ("albumin", "bilirubin", "pafi", "wbc", "creatinine")},
    "missing `physician_risk_180d`": _missing("physician_risk_180d"),
    "patients without any vital sign or laboratory value": lambda t: t[_MEASURED].isna().all(axis=1).sum(),
    "missing `model_risk_180d`": lambda t: t["model_risk_180d"].isna().sum(),
    "`coma_score` of 0": lambda t: _share(t["coma_score"] == 0),
    "mean arterial pressure of 0": lambda t: (t["meanbp"] == 0).sum(),
    "heart rate of 0": lambda t: (t["heart_rate"] == 0).sum(),
    "respiratory rate of 0": lambda t: (t["resp_rate"] == 0).sum(),
    "`albumin` above 10 g/dL": lambda t: (t["albumin"] > 10).sum(),
    "AUROC of `model_risk_180d`": lambda t: _auroc(t, "model_risk_180d"),
    "AUROC of `model_risk_180d` without its risks of exactly 1": lambda t: _auroc(
        t, "model_risk_180d", t["model_risk_180d"] < 1
    ),
    "AUROC of `physician_risk_180d`, where given": lambda t: _auroc(t, "physician_risk_180d"),
    _ONE: lambda t: (t["model_risk_180d"] == 1).sum(),
    "share of these who died": lambda t: _share(t.loc[t["model_risk_180d"] == 1, "died_180d"]),
    "`model_risk_180d` of exactly 0": lambda t: (t["model_risk_180d"] == 0).sum(),
    "`physician_risk_180d` of exactly 1": lambda t: (t["physician_risk_180d"] == 1).sum(),
}


def test_every_figure_of_the_datasheet_is_that_of_the_table(example: Path, patients: pd.DataFrame) -> None:
    section = (example / "DATASHEET.md").read_text().partition("## Figures")[2].partition("\n## ")[0]
    stated = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section, flags=re.MULTILINE))
    del stated["figure"]
    assert stated == {name: str(figure(patients)) for name, figure in FIGURES.items()}


def test_the_datasheet_describes_every_column(example: Path, patients: pd.DataFrame) -> None:
    sheet = (example / "DATASHEET.md").read_text()
    assert [c for c in patients.columns if f"`{c}`" not in sheet] == []


def test_no_column_that_must_not_be_an_input_is_one(example: Path, patients: pd.DataFrame) -> None:
    sheet = (example / "DATASHEET.md").read_text().partition("## Columns that must not be inputs")[2]
    banned = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.+?) \|", sheet, flags=re.MULTILINE))))
    declared = project.load(example).project.data
    trained = runpy.run_path(str(example / "train.py"))["features"]
    assert banned == {"model_risk_180d", "physician_risk_180d", "race", "sex", "patient_id", "died_180d"}
    assert list(declared.features) == trained("b")
    assert banned & set(trained("b")) == set()
    assert banned & set(trained("a")) == {"model_risk_180d"}


def test_the_policy_knows_the_groups_of_the_example(example: Path) -> None:
    declared = project.load(example).project
    policy = load_policy(declared.policy, groups=frozenset(declared.data.groups))
    assert [r.id for r in policy.checks if not r.because] == []
    assert [r.id for r in policy.checks if not r.controls] == []
    facts = declared.system.model_dump()
    assert [f for f in policy.documentation.required if not facts[f]] == []


@pytest.mark.slow
def test_dvc_repro_goes_from_the_table_to_signed_dossiers(repository: Path, tmp_path: Path) -> None:
    """In what a fresh clone holds: no keys, no MLflow, no DVC cache, no outputs."""
    for name in (".dvc", "policies", "examples/support2"):
        shutil.copytree(
            repository / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("cache", "tmp", ".govern", "*.db", "mlruns", "evidence", "*.csv", "*.pdf"),
        )
    folder = tmp_path / "examples" / "support2"
    (folder / "model.uri").unlink(missing_ok=True)
    (folder / "decision.json").unlink(missing_ok=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    before = (folder / "data" / "test.csv.manifest.json").read_bytes()
    run("dvc", "repro")
    decision = json.loads((folder / "decision.json").read_text())
    assert decision["decision"] == "allow"
    assert (folder / "evidence" / decision["evidence"]["sha256"]).is_dir()
    assert (folder / "data" / "test.csv.manifest.json").read_bytes() == before
    lock = YAML(typ="safe").load(folder / "dvc.lock")
    made = {o["path"] for stage in lock["stages"].values() for o in stage["outs"]}
    assert {"model.uri", "decision.json", "evidence", "dossier-fda.pdf", "dossier-eu-ai-act.pdf"} <= made
    for template in ("fda", "eu-ai-act"):
        verified = json.loads(run("govern", "verify", f"dossier-{template}.pdf", "--format", "json"))
        assert verified["ok"] is True
    assert "up to date" in run("dvc", "status")
