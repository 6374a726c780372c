"""``calibration.brier_reliability`` against scikit-learn and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from govern.checks.calibration.brier_reliability import brier_reliability
from govern.scan.scores import Scores


def test_parts_equal_sklearn(cohort):
    rows = cohort(1000, 1, stretch=1.5)
    details = brier_reliability(rows, 1).details
    rate, mean = calibration_curve(rows.label, rows.score, n_bins=10, strategy="quantile")
    assert details["reliability"] == pytest.approx(((rate - mean) ** 2).mean(), abs=1e-14)
    whole = details["reliability"] - details["resolution"] + details["uncertainty"] + details["within"]
    assert whole == pytest.approx(brier_score_loss(rows.label, rows.score), abs=1e-14)


def test_estimate_is_less_what_noise_adds(cohort):
    found = brier_reliability(cohort(1000, 1, stretch=1.5), 1)
    assert found.estimate == found.details["reliability"] - found.details["expected_if_calibrated"] > 0


def test_interval_covers(cohort):
    large = brier_reliability(cohort(400_000, 0, stretch=1.8), 0).estimate
    found = [brier_reliability(cohort(1000, seed, stretch=1.8), seed) for seed in range(1, 101)]
    assert np.mean([m.lower <= large <= m.upper for m in found]) >= 0.9
    assert np.mean([m.upper >= large for m in found]) >= 0.95
    assert np.mean([m.estimate for m in found]) == pytest.approx(large, rel=0.1)


def test_no_variation_gives_no_interval():
    rows = Scores(label=np.tile([0, 1], 20).astype(np.int8), score=np.tile([0.0, 1.0], 20))
    found = brier_reliability(rows, 1)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (0.0, None, None, False)
