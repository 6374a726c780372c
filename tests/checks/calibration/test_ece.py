"""``calibration.ece`` against scikit-learn's calibration curve, and what its interval may claim."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve

from govern.checks.calibration.ece import ece
from govern.scan.scores import Scores, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _cohort(n: int, seed: int, stretch: float = 1.0) -> Scores:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    return _scores(rng.random(n) < 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(-eta * stretch)))


@pytest.mark.parametrize("bins", [5, 10, 20])
def test_equals_sklearn_quantile_bins(bins):
    cohort = _cohort(1000, 1, stretch=1.5)
    observed, predicted = calibration_curve(cohort.label, cohort.score, n_bins=bins, strategy="quantile")
    assert ece(cohort, 1, bins=bins).estimate == pytest.approx(np.abs(observed - predicted).mean(), abs=1e-12)


def test_equal_seeds_give_equal_intervals():
    cohort = _cohort(500, 2)
    assert ece(cohort, 3) == ece(cohort, 3)


def test_a_calibrated_model_is_not_accused_and_the_upper_limit_is_never_too_low():
    measured = [ece(_cohort(1000, seed), seed) for seed in range(60)]
    assert np.mean([m.lower == 0 for m in measured]) >= 0.94
    assert np.mean([m.estimate for m in measured]) == pytest.approx(
        np.mean([m.details["expected_if_calibrated"] for m in measured]), rel=0.1
    )


def test_interval_covers_a_miscalibrated_model():
    large = _cohort(400_000, 0, stretch=1.8)
    true = ece(large, 0).estimate
    measured = [ece(_cohort(1000, seed, stretch=1.8), seed) for seed in range(60)]
    assert np.mean([m.upper >= true for m in measured]) >= 0.94
    assert np.mean([m.lower <= true <= m.upper for m in measured]) >= 0.9
    assert all(m.lower > 0 for m in measured)


def test_scores_of_zero_and_one_are_measured():
    cohort = _cohort(500, 4)
    label, score = np.append(cohort.label, [0] * 100), np.append(cohort.score, [1.0] * 100)
    found = ece(_scores(label, score), 1)
    assert found.estimate > 0.15
    assert found.sufficient


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = ece(_scores(label, np.full(len(label), 0.4)), 1)
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)


def test_no_variation_gives_no_interval():
    found = ece(_scores([0, 1] * 20, np.tile([0.0, 1.0], 20)), 1)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (0.0, None, None, False)


def test_repeating_rows_of_patients_does_not_shrink_the_interval():
    cohort = _cohort(300, 5, stretch=2)
    once = ece(cohort, 1)
    again = ece(_scores(np.tile(cohort.label, 5), np.tile(cohort.score, 5), np.tile(np.arange(300), 5)), 1)
    assert again.estimate == pytest.approx(once.estimate)
    assert (again.lower, again.upper) == pytest.approx((once.lower, once.upper))
    assert again.details["expected_if_calibrated"] == pytest.approx(once.details["expected_if_calibrated"])


def test_a_single_patient_is_no_evidence():
    found = ece(_scores([0, 1, 0, 1, 1], [0.1, 0.3, 0.4, 0.6, 0.7], np.zeros(5, dtype=np.int64)), 1)
    assert (found.estimate, found.sufficient, found.support) == (None, False, 1)
    assert "one patient" in found.message


def test_equal_width_equals_r_on_support2_and_sklearn(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    for name in ("death_60d~model_60d", "death_180d~physician_180d"):
        rows = table[name.split("~")].dropna()
        found = ece(scores(rows.iloc[:, 0], rows.iloc[:, 1]), 1, binning="equal-width")
        assert found.estimate == pytest.approx(results[name]["overall"]["ece10_equal_width"], abs=1e-9)
        assert found.lower < found.estimate < found.upper
        assert "equal-width" in found.method
    cohort = _cohort(3000, 6, stretch=0.5)
    observed, predicted = calibration_curve(cohort.label, cohort.score, n_bins=5, strategy="uniform")
    rows = np.bincount(np.searchsorted([0.2, 0.4, 0.6, 0.8], cohort.score))
    expected = np.abs(observed - predicted) @ rows[rows > 0] / 3000
    assert ece(cohort, 1, bins=5, binning="equal-width").estimate == pytest.approx(expected, abs=1e-12)
