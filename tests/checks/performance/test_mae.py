"""``performance.mae`` against scikit-learn and scipy, on real patients and under simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import d2_absolute_error_score, mean_absolute_error

from govern.checks.performance.mae import mae
from govern.scan.outcomes import Values


def _values(true, predicted, patient=None) -> Values:
    return Values(true=np.asarray(true, dtype=float), predicted=np.asarray(predicted, dtype=float), patient=patient)


def _cohort(n: int, seed: int) -> Values:
    rng = np.random.default_rng(seed)
    true = rng.gamma(2, 3, size=n)
    return _values(true, true + 2 * rng.normal(size=n))


@pytest.fixture(scope="module")
def diabetes() -> Values:
    """Disease progression after a year, 442 patients (Efron et al. 2004): fitted on half, tested on the rest."""
    x, y = load_diabetes(return_X_y=True)
    return _values(y[1::2], LinearRegression().fit(x[::2], y[::2]).predict(x[1::2]))


def test_real_patients_equal_sklearn(diabetes):
    found = mae(diabetes)
    assert found.estimate == pytest.approx(mean_absolute_error(diabetes.true, diabetes.predicted), abs=1e-12)
    assert (found.n, found.support, found.events) == (221, 221, None)
    relative = mae(diabetes, relative=True)
    assert 1 - relative.estimate == pytest.approx(d2_absolute_error_score(diabetes.true, diabetes.predicted), abs=1e-12)
    assert found.details["mean_error"] == pytest.approx((diabetes.predicted - diabetes.true).mean(), abs=1e-12)


def test_real_patients_interval_is_near_scipys_bias_corrected_accelerated_bootstrap(diabetes):
    found, errors = mae(diabetes), np.abs(diabetes.true - diabetes.predicted)
    theirs = bootstrap((errors,), np.mean, n_resamples=4000, method="BCa", rng=1).confidence_interval
    assert (found.lower, found.upper) == pytest.approx(tuple(theirs), abs=0.05 * (found.upper - found.lower))


@pytest.mark.parametrize("relative", [False, True])
def test_interval_covers(relative):
    true = mae(_cohort(1_000_000, 0), relative=relative).estimate
    found = [mae(_cohort(100, seed), relative=relative) for seed in range(1, 401)]
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.98


@pytest.mark.parametrize("relative", [False, True])
def test_repeating_rows_of_patients_changes_nothing(relative):
    cohort = _cohort(80, 2)
    once = mae(cohort, relative=relative)
    patient = np.tile(np.arange(80), 5)
    again = mae(_values(np.tile(cohort.true, 5), np.tile(cohort.predicted, 5), patient), relative=relative)
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert (again.n, again.support) == (400, 80)
    assert "patient" in again.method


def test_the_unit_carries_over_and_the_relative_error_has_none():
    cohort = _cohort(60, 3)
    hours = _values(cohort.true * 24, cohort.predicted * 24)
    assert mae(hours).upper == pytest.approx(24 * mae(cohort).upper)
    assert mae(hours, relative=True).upper == pytest.approx(mae(cohort, relative=True).upper)
    assert mae(_values(cohort.true, np.full(60, np.median(cohort.true))), relative=True).estimate == 1


@pytest.mark.parametrize(
    ("values", "relative"),
    [
        (_values([1, 2, 3], [1, 2, 3]), False),
        (_values([1, 2, 3], [2, 3, 4]), False),
        (_values([1.0], [2.0]), False),
        (_values([1, 2, 3], [2, 3, 9], np.zeros(3, dtype=np.int64)), False),
        (_values([1, 2, 4], [1, 2, 4]), True),
    ],
)
def test_no_variance_gives_no_interval_and_no_verdict(values, relative):
    found = mae(values, relative=relative)
    assert (found.lower, found.upper, found.sufficient) == (None, None, False)
    assert found.estimate is not None
    assert found.message


@pytest.mark.parametrize(("values", "relative"), [(_values([], []), False), (_values([2, 2], [1, 3]), True)])
def test_nothing_to_measure_gives_no_estimate(values, relative):
    found = mae(values, relative=relative)
    assert (found.estimate, found.lower, found.sufficient) == (None, None, False)
    assert found.message
