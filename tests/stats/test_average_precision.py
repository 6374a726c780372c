"""The error of an average precision, against numerical derivatives, the bootstrap and simulated samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import average_precision_score

from govern.stats.average_precision import Error, error, logit_interval
from govern.stats.precision_recall import rank, resampled


def _cohort(n: int, base: float, seed: int, *, decimals: int = 12):
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-rng.normal(base, 1.2, n)))
    return (rng.random(n) < score).astype(np.int8), score.round(decimals)


@pytest.mark.parametrize("decimals", [1, 12])
@pytest.mark.parametrize("clustered", [False, True])
def test_equals_numerical_derivatives_of_sklearns(decimals: int, clustered: bool):
    label, score = _cohort(60, -0.8, 1, decimals=decimals)
    patient = np.random.default_rng(2).permutation(np.repeat(np.arange(20), 3)) if clustered else None
    unit, h = np.arange(60) if patient is None else patient, 1e-4

    def at(weight):
        return average_precision_score(label, score, sample_weight=weight)

    moved = [(at(1 + h * (unit == u)), at(1 - h * (unit == u))) for u in range(unit.max() + 1)]
    first = [(up - down) / (2 * h) for up, down in moved]
    second = [(up - 2 * at(np.ones(60)) + down) / h**2 for up, down in moved]
    found = error(rank(label, score), patient)
    assert found.se == pytest.approx(np.sqrt(np.sum(np.square(first))), rel=1e-7)
    assert found.bias == pytest.approx(np.sum(second) / 2, rel=1e-3)  # second differences lose digits


@pytest.mark.parametrize(
    ("n", "base", "decimals"), [(900, -3.8, 12), (1500, -2.2, 2), (3000, -1.5, 12), (700, -0.5, 1)]
)
@pytest.mark.parametrize("clustered", [False, True])
def test_equals_the_spread_and_shift_of_the_bootstrap(n: int, base: float, decimals: int, clustered: bool):
    label, score = _cohort(n, base, 3, decimals=decimals)
    order = np.random.default_rng(4).permutation(n)
    patient = np.arange(n)[order] // 3 if clustered else None
    ranking = rank(label, score)
    values = resampled(ranking, patient, replicates=3000, seed=5, exact=10_000, most=512)
    found = error(ranking, patient)
    assert found.se == pytest.approx(values.std(), rel=0.06)  # noise of 3,000 replicates is 1.3 %
    assert found.bias == pytest.approx(values.mean() - ranking.average_precision, abs=4 * found.se / np.sqrt(3000))


def test_weights_equal_repeated_rows_and_rows_equal_patients_of_one():
    label, score = _cohort(200, -1.0, 6, decimals=1)
    weight = np.random.default_rng(7).integers(1, 30, 200)
    cells = error(rank(label, score, weight=weight))
    rows = rank(np.repeat(label, weight), np.repeat(score, weight))
    each = np.random.default_rng(8).permutation(int(weight.sum()))
    for other in (error(rows), error(rows, each)):
        assert (cells.se, cells.bias) == pytest.approx((other.se, other.bias), rel=1e-10)


def test_constant_scores_have_the_error_of_a_proportion():
    found = error(rank(np.repeat([1, 0], [30, 170]).astype(np.int8), np.full(200, 0.4)))
    assert found.se == pytest.approx(np.sqrt(0.15 * 0.85 / 200), rel=1e-12)
    assert found.bias == pytest.approx(0, abs=1e-15)


def test_perfect_order_shows_no_error():
    assert error(rank(np.array([0, 0, 1, 1], dtype=np.int8), np.array([0.1, 0.2, 0.3, 0.4]))).se is None


def test_bias_and_error_are_those_of_samples():
    values, found = [], []
    truth = average_precision_score(*_cohort(400_000, -2.2, 0))
    for seed in range(400):
        ranking = rank(*_cohort(700, -2.2, seed + 10))
        values.append(ranking.average_precision)
        found.append(error(ranking))
    assert np.mean([f.se for f in found]) == pytest.approx(np.std(values), rel=0.1)
    bias = np.mean(values) - truth
    assert np.mean([f.bias for f in found]) == pytest.approx(bias, abs=3 * np.std(values) / 20)
    assert np.mean([f.bias for f in found]) > 0


def test_logit_interval_by_hand():
    lower, upper = logit_interval(0.5, Error(bias=0.0, se=0.1), 9)
    half = student.ppf(0.975, 9) * 0.1 / 0.25
    assert (lower, upper) == pytest.approx((1 / (1 + np.exp(half)), 1 / (1 + np.exp(-half))), rel=1e-12)


@pytest.mark.parametrize("estimate", [1e-4, 0.3, 0.9999])
@pytest.mark.parametrize("bias", [-0.5, 0.0, 0.5])
def test_logit_interval_contains_the_estimate_and_stays_within_0_and_1(estimate: float, bias: float):
    for se in (1e-6, 0.1, 10.0):
        lower, upper = logit_interval(estimate, Error(bias=bias, se=se), 1)
        assert 0 <= lower <= estimate <= upper <= 1


@pytest.mark.parametrize(("estimate", "se", "freedom"), [(0.5, None, 9), (0.5, 0.1, 0), (1.0, 0.1, 9)])
def test_without_an_error_there_is_no_interval(estimate: float, se: float | None, freedom: int):
    assert logit_interval(estimate, Error(bias=0.0, se=se), freedom) is None
