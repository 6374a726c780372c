"""``calibration.linear_slope`` against scipy and statsmodels, on real patients and under simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import linregress
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

from govern.checks.calibration.linear_slope import linear_slope
from govern.scan.outcomes import Values


def _values(true, predicted, patient=None) -> Values:
    return Values(true=np.asarray(true, dtype=float), predicted=np.asarray(predicted, dtype=float), patient=patient)


def _cohort(n: int, seed: int, slope: float = 0.8) -> Values:
    rng = np.random.default_rng(seed)
    predicted = rng.gamma(2, 3, size=n)
    return _values(1 + slope * predicted + rng.normal(size=n) * (0.5 + predicted / 4), predicted)


def test_real_patients_equal_scipy_and_statsmodels():
    x, y = load_diabetes(return_X_y=True)
    predicted = LinearRegression().fit(x[::2], y[::2]).predict(x[1::2])
    found, n = linear_slope(_values(y[1::2], predicted)), len(predicted)
    line = linregress(predicted, y[1::2])
    assert found.estimate == pytest.approx(line.slope, abs=1e-12)
    assert found.details["intercept"] == pytest.approx(line.intercept, abs=1e-9)
    theirs = sm.OLS(y[1::2], sm.add_constant(predicted)).fit(cov_type="HC3", use_t=True).conf_int()[1]
    # HC3 approximates the jackknife to 1/n
    assert (found.lower, found.upper) == pytest.approx(tuple(theirs), abs=(theirs[1] - theirs[0]) / n)


def test_interval_covers():
    found = [linear_slope(_cohort(100, seed)) for seed in range(400)]
    # predictions are skewed and errors grow with them: few rows decide, and 92 % are covered (2000 simulations)
    assert 0.89 <= np.mean([m.lower <= 0.8 <= m.upper for m in found]) <= 0.98


def test_repeating_rows_of_patients_changes_nothing():
    cohort = _cohort(80, 1)
    once = linear_slope(cohort)
    again = linear_slope(_values(np.tile(cohort.true, 3), np.tile(cohort.predicted, 3), np.tile(np.arange(80), 3)))
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert (again.n, again.support) == (240, 80)


@pytest.mark.parametrize(
    ("values", "estimate"),
    [(_values([], []), None), (_values([1, 2], [0.1, 0.1]), None), (_values([1, 2, 3], [1, 2, 3]), 1.0)],
)
def test_no_line_or_a_perfect_one_gives_no_verdict(values, estimate):
    found = linear_slope(values)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (estimate, None, None, False)
    assert found.message
