"""``calibration.slope`` against rms, and scores that have no logit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.calibration.slope import slope
from govern.scan.scores import Scores, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _cohort(n: int, seed: int, stretch: float = 1.0) -> Scores:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    return _scores(rng.random(n) < 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(-eta * stretch)))


def test_support2_equals_rms_where_the_logit_exists(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    expected = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    expected = expected["death_60d~model_60d"]["overall"]
    rows = table.dropna(subset=["death_60d", "model_60d"])
    rows = rows[(rows.model_60d > 0) & (rows.model_60d < 1)]
    found = slope(scores(rows.death_60d, rows.model_60d))
    assert found.estimate == pytest.approx(expected["calibration_slope"], abs=1e-8)
    assert (found.lower, found.upper) == pytest.approx(expected["calibration_slope_wald_ci95"], abs=1e-5)
    assert found.details["intercept"] == pytest.approx(expected["logistic_intercept_joint"], abs=1e-8)
    assert found.n == expected["n_for_calibration_model"]


def test_scores_of_exactly_one_give_no_verdict(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    rows = table.dropna(subset=["death_180d", "model_180d"])
    found = slope(scores(rows.death_180d, rows.model_180d))
    sure = (rows.model_180d == 1) | (rows.model_180d == 0)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (None, None, None, False)
    assert f"{sure.sum()} of {len(rows)} scores are exactly 0 or 1" in found.message
    assert found.support >= 1000
    assert len(found.details["bins"]) == 10


def test_wrong_certainty_is_counted():
    cohort = _cohort(200, 1)
    label, score = np.append(cohort.label, [0, 1]), np.append(cohort.score, [1.0, 1.0])
    assert "2 of 202 scores are exactly 0 or 1 (1 of them wrong)" in slope(_scores(label, score)).message


def test_overconfidence_is_a_slope_below_one():
    found = slope(_cohort(5000, 2, stretch=2.0))
    assert found.lower < 0.5 < found.upper
    assert found.upper < 0.6


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = slope(_scores(label, np.full(len(label), 0.4)))
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)


@pytest.mark.parametrize("score", [np.linspace(0.1, 0.9, 40), np.linspace(0.9, 0.1, 40), np.full(40, 0.3)])
def test_separated_or_constant_scores_have_no_slope(score):
    found = slope(_scores([0] * 20 + [1] * 20, score))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 20)
    assert "no slope exists" in found.message


def test_repeating_rows_of_patients_does_not_shrink_the_interval():
    cohort = _cohort(300, 3)
    alone = slope(cohort)
    again = slope(_scores(np.tile(cohort.label, 6), np.tile(cohort.score, 6), np.tile(np.arange(300), 6)))
    assert again.estimate == pytest.approx(alone.estimate)
    assert again.upper - again.lower == pytest.approx(alone.upper - alone.lower, rel=0.15)
    assert again.support == alone.support
    assert "patients" in again.method


def test_points_of_the_plot():
    cohort = _cohort(1000, 4)
    bins = slope(cohort).details["bins"]
    assert [b["n"] for b in bins] == [100] * 10
    assert sum(b["events"] for b in bins) == cohort.events
    assert all(b["lower"] <= b["observed"] <= b["upper"] for b in bins)
    assert np.mean([b["predicted"] for b in bins]) == pytest.approx(cohort.score.mean())


def test_extreme_but_finite_scores_are_measured():
    cohort = _cohort(500, 5)
    score = cohort.score.copy()
    score[0], score[1] = 1e-300, 1 - 1e-16
    found = slope(_scores(cohort.label, score))
    assert np.isfinite([found.estimate, found.lower, found.upper]).all()


def test_a_single_patient_is_no_evidence():
    found = slope(_scores([0, 1, 0, 1, 1], [0.1, 0.3, 0.4, 0.6, 0.7], np.zeros(5, dtype=np.int64)))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 1)
    assert "one patient" in found.message
