"""Whose outcomes are looked at: predictions of the declared patients are of the declared test set, others are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern import canonical
from govern import project as projects
from govern.errors import InputError
from govern.study import of_predictions
from govern.testset import looked_at

Tested = Callable[..., str]


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({"pid": np.arange(40), "died": rng.integers(0, 2, 40), "x": rng.normal(size=40)})


@pytest.fixture
def of(tmp_path: Path, frame: pd.DataFrame) -> Tested:
    """Declare ``frame`` as the test set, and return what recorded predictions are of."""
    (tmp_path / "data").mkdir()
    data = tmp_path / "data" / "test.csv"
    frame.to_csv(data, index=False)
    files = canonical.manifest(data)
    stated = {
        "schema": "govern/dataset/1",
        "sha256": canonical.manifest_sha256(files),
        "files": canonical.plain(files),
    }
    (tmp_path / "data" / "test.csv.manifest.json").write_text(json.dumps(stated))

    def digest(predictions: pd.DataFrame, *, patient: str = "patient_id: pid, ", roles: bool = True) -> str:
        declared = ", roles: {test: data/test.csv}" if roles else ""
        (tmp_path / "govern.yaml").write_text(
            "schema: govern/project/1\nsystem: {name: small}\npolicy: p.yaml\n"
            f"data: {{{patient}label: died, score: p{declared}}}\n"
        )
        path = tmp_path / "predictions.csv"
        predictions.to_csv(path, index=False)
        workspace = projects.load(tmp_path)
        return looked_at(workspace, of_predictions(workspace, path, "1"))

    return digest


def scored(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    return frame.drop(columns="x").assign(p=np.random.default_rng(seed).uniform(size=len(frame)))


def test_predictions_of_the_declared_patients_are_of_the_declared_test_set(of: Tested, frame: pd.DataFrame) -> None:
    rows = scored(frame)
    declared = of(rows)
    assert len(declared) == 64
    assert of(scored(frame, 1)) == declared, "scores are not what makes a test set"
    assert of(rows.sample(frac=1, random_state=1)) == declared, "nor is the order of rows that are named"
    assert of(rows.assign(died=rows["died"].map({0: "0.0", 1: "true"}))) == declared, "nor how a label is written"
    assert of(rows, roles=False) != declared, "a declared test set has the digest of its manifest"


def test_other_patients_or_outcomes_are_another_test_set(of: Tested, frame: pd.DataFrame) -> None:
    rows = scored(frame)
    flipped = rows.assign(died=rows["died"].where(rows.index != 3, 1 - rows["died"]))
    others = [of(rows), of(rows.iloc[:-1]), of(flipped), of(rows.assign(pid=rows["pid"] + 100))]
    assert len(set(others)) == 4


def test_without_patients_and_without_a_role_the_labels_in_their_order_are_the_test_set(
    of: Tested, frame: pd.DataFrame
) -> None:
    rows = scored(frame).drop(columns="pid")
    alone = of(rows, patient="", roles=False)
    assert of(rows.assign(p=0.5), patient="", roles=False) == alone, (
        "another version of the model, the same look-at data"
    )
    assert of(rows.iloc[::-1], patient="", roles=False) != alone
    assert of(rows, patient="") != alone, "the declared rows"


def test_a_declared_test_set_that_was_changed_is_refused(of: Tested, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "data" / "test.csv"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(InputError, match="its manifest states"):
        of(scored(frame))
