"""``calibration.ici`` against what ``rms::val.prob`` calls Eavg, E90 and Emax, and what its interval may claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.nonparametric.smoothers_lowess import lowess

from govern.checks.calibration.ici import ici
from govern.scan.scores import scores


def test_support2_equals_val_prob_by_statsmodels(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz").dropna(subset=["model_60d"])
    label, score = table.death_60d.to_numpy(float), table.model_60d.to_numpy(float)
    error = np.abs(score - lowess(label, score, it=0, delta=0.01 * np.ptp(score), return_sorted=False))
    found = ici(scores(table.death_60d, table.model_60d), 1)
    assert found.estimate == pytest.approx(error.mean(), abs=1e-6)
    assert found.details["e50"] == pytest.approx(np.median(error), abs=1e-6)
    assert found.details["e90"] == pytest.approx(np.quantile(error, 0.9), abs=1e-6)
    assert found.details["emax"] == pytest.approx(error.max(), abs=5e-6)


def test_interval_covers_the_true_index(cohort):
    # the true event rate at each risk is known: no smoother is needed
    score = cohort(200_000, 0, stretch=1.8).score
    eta = np.log(score / (1 - score)) / 1.8
    true = np.abs(1 / (1 + np.exp(-eta)) - score).mean()
    found = [ici(cohort(1000, seed, stretch=1.8), seed) for seed in range(1, 81)]
    assert np.mean([m.lower <= true <= m.upper for m in found]) >= 0.9
    assert np.mean([m.upper >= true for m in found]) >= 0.95
    assert np.mean([m.estimate for m in found]) == pytest.approx(true, rel=0.08)


def test_a_calibrated_model_shows_what_is_expected_of_one(cohort):
    found = [ici(cohort(500, seed), seed) for seed in range(80)]
    expected = np.mean([m.details["expected_if_calibrated"] for m in found])
    assert np.mean([m.estimate for m in found]) == pytest.approx(expected, rel=0.1)
    assert expected > 0.01


def test_equal_seeds_give_equal_intervals(cohort):
    assert ici(cohort(500, 2), 3) == ici(cohort(500, 2), 3)
    assert ici(cohort(500, 2), 3).upper != ici(cohort(500, 2), 4).upper


def test_points_of_the_curve(cohort):
    points = ici(cohort(5000, 4, stretch=1.5), 1).details["curve"]
    assert 90 <= len(points) <= 200
    assert all(0 <= p["lower"] <= p["observed"] <= p["upper"] <= 1 for p in points)
    predicted = [p["predicted"] for p in points]
    assert predicted == sorted(predicted)
    truth = [1 / (1 + np.exp(-np.log(p / (1 - p)) / 1.5)) for p in predicted]
    assert np.mean([p["lower"] <= t <= p["upper"] for p, t in zip(points, truth, strict=True)]) > 0.8


def test_right_certainty_gives_no_interval():
    found = ici(scores([0, 1] * 20, [0.0, 1.0] * 20), 1)
    assert found.estimate == pytest.approx(0, abs=1e-15)
    assert (found.lower, found.upper, found.sufficient) == (None, None, False)
