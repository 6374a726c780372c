"""``calibration.in_the_large`` against R's glm with an offset, and odd slices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.calibration.in_the_large import in_the_large
from govern.scan.scores import Scores, groups, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def test_support2_equals_r_overall_and_by_sex(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    expected = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]["death_60d~model_60d"]
    rows = table.dropna(subset=["death_60d", "model_60d"])
    rows = rows[(rows.model_60d > 0) & (rows.model_60d < 1)]
    everybody, by = scores(rows.death_60d, rows.model_60d), groups("sex", rows.sex)
    slices = [(everybody, expected["overall"])]
    slices += [(everybody.where(by.codes == by.names.index(name)), e) for name, e in expected["sex"].items()]
    for part, figures in slices:
        found = in_the_large(part)
        assert found.estimate == pytest.approx(figures["calibration_in_the_large"], abs=1e-7)
        assert (found.lower, found.upper) == pytest.approx(figures["calibration_in_the_large_wald_ci95"], abs=1e-5)


def test_a_shift_is_found_in_log_odds():
    rng = np.random.default_rng(1)
    eta = rng.normal(-1, 1, 20_000)
    label = rng.random(20_000) < 1 / (1 + np.exp(-eta))
    found = in_the_large(_scores(label, 1 / (1 + np.exp(-(eta - 0.7)))))
    assert found.lower < 0.7 < found.upper
    assert found.upper - found.lower < 0.1
    assert found.details["observed_expected"] > 1.3


def test_constant_scores_are_compared_with_the_prevalence():
    found = in_the_large(_scores([1] * 30 + [0] * 70, np.full(100, 0.3)))
    assert found.estimate == pytest.approx(0, abs=1e-10)
    assert found.details["se"] == pytest.approx(1 / np.sqrt(100 * 0.3 * 0.7))


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = in_the_large(_scores(label, np.full(len(label), 0.4)))
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)


def test_certainty_gives_no_verdict():
    found = in_the_large(_scores([0, 1, 0, 1], [0.1, 0.9, 0.0, 1.0]))
    assert (found.estimate, found.sufficient) == (None, False)
    assert "2 of 4 scores are exactly 0 or 1 (0 of them wrong)" in found.message


def test_repeating_rows_of_patients_does_not_shrink_the_interval():
    rng = np.random.default_rng(2)
    score = rng.uniform(0.05, 0.95, 200)
    label = (rng.random(200) < score).astype(np.int8)
    once = in_the_large(_scores(label, score))
    again = in_the_large(_scores(np.tile(label, 6), np.tile(score, 6), np.tile(np.arange(200), 6)))
    assert again.estimate == pytest.approx(once.estimate)
    assert again.upper - again.lower == pytest.approx(once.upper - once.lower, rel=0.15)


def test_a_single_patient_is_no_evidence():
    found = in_the_large(_scores([0, 1, 0, 1, 1], [0.1, 0.3, 0.4, 0.6, 0.7], np.zeros(5, dtype=np.int64)))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 1)
    assert "one patient" in found.message
