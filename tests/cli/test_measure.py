"""``govern measure`` against published figures, through the command line's own JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from govern.cli import app


def measure(*arguments: str) -> list[dict[str, Any]]:
    answer = CliRunner().invoke(app, ["measure", *arguments, "--format", "json"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    items: list[dict[str, Any]] = json.loads(answer.stdout)
    return items


@pytest.fixture(scope="module")
def support2(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published predictions; the one patient without a prediction is left out, as R left it out."""
    path = tmp_path_factory.mktemp("support2") / "predictions.csv"
    pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz").dropna(subset=["model_180d"]).to_csv(
        path, index=False
    )
    return path


def test_auroc_equals_proc(support2: Path, shared_data: Path) -> None:
    published = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    theirs = published["death_180d~model_180d"]["overall"]
    columns = ["--data", str(support2), "--label", "death_180d", "--score", "model_180d"]
    (found,) = measure("performance.auroc", *columns, "--param", "interval=wald")
    assert (found["n"], found["events"]) == (theirs["n"], theirs["events"])
    assert found["estimate"] == pytest.approx(theirs["auroc"], abs=1e-10)
    assert [found["lower"], found["upper"]] == pytest.approx(theirs["auroc_delong_ci95"], abs=1e-10)


def test_false_negative_rates_by_race_equal_fairlearns_quickstart(shared_data: Path) -> None:
    published = json.loads((shared_data / "reference" / "fairlearn_quickstart.json").read_text())["published"]["fnr"]
    data = shared_data / "reference" / "fairlearn_quickstart_test.csv.gz"
    columns = ["--data", str(data), "--label", "y", "--score", "p", "--by", "race", "--param", "threshold=0.1"]
    found = {m["slice"]["race"]: 1 - m["estimate"] for m in measure("performance.sensitivity", *columns)}
    assert found == pytest.approx(published, abs=5e-7)


def test_a_small_group_is_inconclusive(shared_data: Path) -> None:
    data = shared_data / "reference" / "fairlearn_quickstart_test.csv.gz"
    found = measure("performance.auroc", "--data", str(data), "--label", "y", "--score", "p", "--by", "race")
    outcomes = {m["slice"]["race"]: m["outcome"] for m in found}
    assert outcomes["Asian"] == "inconclusive"
    assert outcomes["Caucasian"] is None
