"""The smoothed calibration curve against ``rms::val.prob``'s definitions, and its covariance against resampling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.nonparametric.smoothers_lowess import lowess

from govern.stats.calibration_curve import calibration_curve, quantiles


def _cohort(n: int, seed: int, stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8), 1 / (1 + np.exp(-eta * stretch))


@pytest.mark.parametrize("outcome", ["60d", "180d"])
@pytest.mark.parametrize("source", ["model", "physician"])
def test_support2_equals_val_prob_by_statsmodels(shared_data: Path, outcome, source):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    rows = table[[f"death_{outcome}", f"{source}_{outcome}"]].dropna()
    label, score = rows.iloc[:, 0].to_numpy(np.int8), rows.iloc[:, 1].to_numpy(float)
    # val.prob: er <- abs(p - approx(lowess(p, y, iter = 0), xout = p)$y); Eavg, E90 and Emax of it
    error = np.abs(score - lowess(label, score, it=0, delta=0.01 * np.ptp(score), return_sorted=False))
    curve = calibration_curve(label, score)
    assert curve.mean_distance == pytest.approx(error.mean(), abs=1e-6)
    found = quantiles(curve.distance, [0.5, 0.9])
    assert found == pytest.approx(np.quantile(error, [0.5, 0.9]), abs=1e-6)
    # the curve itself is off by some 1e-6 where it is made from cells
    assert np.abs(curve.gap).max() == pytest.approx(error.max(), abs=5e-6)


def test_largest_distance_is_at_a_knot():
    curve = calibration_curve(*_cohort(3000, 1, stretch=1.6))
    assert curve.distance.max() == pytest.approx(np.abs(curve.gap).max(), abs=1e-14)


def test_mean_distance_at_knots_stands_for_that_of_rows():
    curve = calibration_curve(*_cohort(3000, 2, stretch=1.6))
    assert curve.share.sum() == pytest.approx(1)
    assert np.abs(curve.gap) @ curve.share == pytest.approx(curve.mean_distance, rel=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.975, 1.0])
def test_quantiles_are_those_of_repeated_values(share):
    rng = np.random.default_rng(3)
    values, rows = rng.random(50), rng.integers(1, 7, 50)
    expected = np.quantile(np.repeat(values, rows), share)
    assert quantiles(values, [share], weight=rows)[0] == pytest.approx(expected, abs=1e-15)
    assert quantiles(np.repeat(values, rows), [share])[0] == pytest.approx(expected, abs=1e-15)


def test_covariance_is_the_spread_of_new_outcomes():
    rng = np.random.default_rng(4)
    _, score = _cohort(200, 5)
    curves = [calibration_curve((rng.random(200) < score).astype(np.int8), score) for _ in range(400)]
    spread = np.std([c.observed for c in curves], axis=0)
    claimed = np.sqrt(np.mean([np.diag(c.covariance) for c in curves], axis=0))
    assert claimed == pytest.approx(spread, rel=0.2)
    assert np.mean([c.gap for c in curves], axis=0) == pytest.approx(0, abs=4 * spread.max() / 20)


def test_covariance_of_patients_is_that_of_their_summed_residuals():
    label, score = _cohort(300, 6)
    once = calibration_curve(label, score)
    again = calibration_curve(np.tile(label, 4), np.tile(score, 4), np.tile(np.arange(300), 4))
    assert again.covariance == pytest.approx(once.covariance, rel=0.02, abs=1e-6)
    rows = calibration_curve(np.tile(label, 4), np.tile(score, 4))
    assert np.diag(rows.covariance) == pytest.approx(np.diag(once.covariance) / 4, rel=0.02)


def test_patients_in_blocks_add_up(monkeypatch):
    label, score = _cohort(500, 7)
    patient = np.unique(np.random.default_rng(8).integers(0, 100, 500), return_inverse=True)[1]
    whole = calibration_curve(label, score, patient).covariance
    monkeypatch.setattr("govern.stats.calibration_curve._BLOCK", 7)
    assert calibration_curve(label, score, patient).covariance == pytest.approx(whole, abs=1e-14)
