"""``performance.f1`` against scikit-learn, the delta method and the bootstrap of the table."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from govern.checks.performance.f1 import f1
from govern.scan.scores import Scores
from govern.stats.bootstrap import percentile, replicate_cells


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _table(tp: int, fn: int, fp: int, tn: int) -> Scores:
    return Scores(
        label=np.array([1, 1, 0, 0], dtype=np.int8),
        score=np.array([0.9, 0.1, 0.9, 0.1]),
        weight=np.array([tp, fn, fp, tn]),
    )


def test_equals_sklearn():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 300), rng.random(300)
    for threshold in (0.0, 0.3, 0.8):
        found = f1(_scores(label, score), threshold=threshold)
        assert found.estimate == pytest.approx(f1_score(label, score >= threshold), abs=1e-14)
        assert (found.n, found.support) == (300, label.sum())


def test_interval_is_that_of_the_delta_method_in_large_samples():
    # Takahashi et al. 2022: Var(F1) by the delta method on the multinomial table
    table = np.array([6000.0, 2000.0, 3000.0, 89000.0])
    n, (a, c, b, _) = table.sum(), table
    gradient = np.array([2 * (b + c), -2 * a, -2 * a, 0]) / (2 * a + b + c) ** 2 * n
    p = table / n
    sd = np.sqrt((p @ gradient**2 - (p @ gradient) ** 2) / n)
    found = f1(_table(*table.astype(int)))
    assert (found.upper - found.lower) / (2 * 1.959963984540054) == pytest.approx(sd, rel=1e-3)


def test_interval_agrees_with_the_bootstrap_of_the_table():
    counts = np.array([60, 25, 40, 400])
    found = f1(_table(*counts))
    values = replicate_cells(lambda w: 2 * w[:, 0] / (2 * w[:, 0] + w[:, 1] + w[:, 2]), counts, replicates=9000, seed=1)
    assert (found.lower, found.upper) == pytest.approx(percentile(values), abs=0.012)


def test_few_true_positives_are_covered():
    rng, inside = np.random.default_rng(3), 0
    p = np.array([0.04, 0.02, 0.03, 0.91])
    true = 2 * p[0] / (2 * p[0] + p[1] + p[2])
    for _ in range(1000):
        found = f1(_table(*rng.multinomial(150, p)))
        inside += found.lower <= true <= found.upper
    assert 0.93 <= inside / 1000 <= 0.98


def test_no_true_positive_is_zero_with_an_upper_limit():
    found = f1(_table(0, 5, 5, 90))
    assert (found.estimate, found.lower) == (0, 0)
    assert 0.3 < found.upper < 0.6


@pytest.mark.parametrize("cohort", [_scores([0, 0], [0.9, 0.1]), _scores([], [])])
def test_no_events_give_no_estimate(cohort):
    found = f1(cohort)
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert "no events" in found.message


def test_patients_with_many_rows_are_few_patients():
    rng = np.random.default_rng(4)
    label, score = rng.integers(0, 2, 60), rng.random(60)
    once = f1(_scores(label, score))
    again = f1(_scores(np.tile(label, 10), np.tile(score, 10), np.tile(np.arange(60), 10)))
    assert again.lower <= once.lower
    assert again.upper >= once.upper
    assert again.support == once.support
