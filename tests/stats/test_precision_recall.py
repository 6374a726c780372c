"""Average precision, against scikit-learn, and its bootstrap on stretches of the score."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from govern.stats.precision_recall import average_precision, rank, resampled


def _cohort(n: int, base: float, seed: int):
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-rng.normal(base, 1.2, n)))
    return (rng.random(n) < score).astype(np.int8), score


@pytest.mark.parametrize("levels", [1, 3, 20, 10_000])
def test_equals_sklearn_with_ties_and_weights(levels):
    rng = np.random.default_rng(levels)
    label, score = (rng.random(500) < 0.1).astype(np.int8), rng.integers(0, levels, 500) / levels
    assert rank(label, score).average_precision == pytest.approx(average_precision_score(label, score), abs=1e-14)
    for _ in range(3):
        weight = rng.integers(0, 3, size=500)
        expected = average_precision_score(label, score, sample_weight=weight)
        assert rank(label, score, weight=weight).average_precision == pytest.approx(expected, abs=1e-14)


def test_curve_equals_sklearn():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.integers(0, 30, 200) / 30
    precision, recall, _ = precision_recall_curve(label, score)
    found = rank(label.astype(np.int8), score).curve()
    assert found[0] == pytest.approx(recall[:-1][::-1], abs=1e-14)
    assert found[1] == pytest.approx(precision[:-1][::-1], abs=1e-14)


def test_a_draw_without_events_has_no_value():
    # one event above one non-event: events at both places, then the others
    found = average_precision(np.array([[0.0, 0.0, 0.0, 2.0], [1.0, 0.0, 0.0, 1.0]]))
    assert np.isnan(found[0])
    assert found[1] == 1.0


@pytest.mark.parametrize("base", [-1.0, -3.0, -7.0])
def test_stretches_are_few_and_cost_little(base):
    label, score = _cohort(100_000, base, 1)
    ranking = rank(label, score)
    merged = ranking.merged(512)
    assert merged.place[-1] < 512
    assert (np.diff(merged.place) >= 0).all()
    assert merged.counts.sum() == ranking.counts.sum()
    assert merged.average_precision == pytest.approx(ranking.average_precision, rel=0.02)


@pytest.mark.parametrize("base", [-1.5, -5.0])
def test_bootstrap_on_stretches_spreads_as_that_of_rows(base):
    label, score = _cohort(6000, base, 2)
    ranking = rank(label, score)
    rows = resampled(ranking, None, replicates=1500, seed=1, exact=10_000, most=512)
    cells = resampled(ranking, None, replicates=1500, seed=2, exact=100, most=512)
    assert np.std(cells) == pytest.approx(np.std(rows), rel=0.07)  # 2.6 % is noise of 1,500 replicates
    assert np.mean(cells) == pytest.approx(np.mean(rows), abs=0.15 * np.std(rows))
    patient = np.arange(6000)
    patients = resampled(ranking, patient, replicates=1500, seed=1, exact=100, most=512)
    assert np.std(patients) == pytest.approx(np.std(rows), rel=0.07)


def test_patients_are_drawn_whole_in_the_rows_own_order():
    # patient 0 holds every event: a draw without him has no value, whatever the order of the rows
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(20), 10)
    label, score = (patient == 0).astype(np.int8), rng.random(200)
    found = resampled(rank(label, score), patient, replicates=4000, seed=4, exact=1000, most=512)
    assert np.isnan(found).mean() == pytest.approx((19 / 20) ** 20, abs=0.025)
