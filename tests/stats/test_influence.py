"""The delta method for means and ratios, and Hall's transformation, against statsmodels, scipy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student_t

from govern.stats.influence import Influence, ratio_of_means


def _skewed(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n) ** 2


def test_a_mean_is_a_ratio_to_one():
    values = _skewed(50, 1)
    found = ratio_of_means(values, np.ones(50))
    assert found.estimate == pytest.approx(values.mean(), abs=1e-15)
    expected = student_t.interval(0.95, 49, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(50))
    assert found.half_width() == pytest.approx((expected[1] - expected[0]) / 2, abs=1e-13)


def test_a_ratio_has_the_robust_error_of_a_regression_through_the_origin():
    # the ratio estimator is least squares with weights 1/x (Cochran 1977); its HC1 error has the factor n/(n-1)
    rng = np.random.default_rng(2)
    below = rng.gamma(3, size=80)
    above = below * rng.gamma(2, size=80)
    found = ratio_of_means(above, below)
    fit = sm.WLS(above, below, weights=1 / below).fit(cov_type="HC1", use_t=True)
    assert found.estimate == pytest.approx(fit.params[0], abs=1e-13)
    low, high = fit.conf_int()[0]
    assert found.half_width() == pytest.approx((high - low) / 2, rel=1e-10)
    # statsmodels' factor for clusters is k/(k-1) times (n-1)/(n-1); it takes k-1 degrees of freedom
    patient = np.repeat(np.arange(20), 4)
    clustered = sm.WLS(above, below, weights=1 / below).fit(
        cov_type="cluster", cov_kwds={"groups": patient}, use_t=True
    )
    low, high = clustered.conf_int()[0]
    assert found.half_width(patient) == pytest.approx((high - low) / 2, rel=1e-10)


def test_halls_limits_solve_his_transformation():
    values, quantile = _skewed(40, 3), student_t.ppf(0.975, 39)
    lower, upper = ratio_of_means(values, np.ones(40)).skewed_interval()
    a = ((values - values.mean()) ** 3).mean() / values.std() ** 3 / np.sqrt(40)
    for limit, target in ((lower, quantile), (upper, -quantile)):
        statistic = (values.mean() - limit) / (values.std(ddof=1) / np.sqrt(40))
        assert statistic + a * statistic**2 / 3 + a**2 * statistic**3 / 27 + a / 6 == pytest.approx(target, abs=1e-10)


def test_without_skewness_halls_interval_is_students():
    symmetric = Influence(estimate=5.0, influence=np.array([-2.0, -1, 0, 1, 2]))
    half = symmetric.half_width()
    assert symmetric.skewed_interval() == pytest.approx((5 - half, 5 + half), abs=1e-12)
    nearly = Influence(estimate=5.0, influence=np.array([-2.0, -1, 0, 1, 2 + 1e-5]))
    assert nearly.skewed_interval() == pytest.approx((5 - half, 5 + half), abs=1e-4)


def test_halls_upper_limit_of_a_mean_of_squares_is_less_often_too_low():
    rng, plain, halls = np.random.default_rng(5), 0, 0
    for _ in range(1000):
        values = rng.exponential(size=30) ** 2  # mean 2
        found = ratio_of_means(values, np.ones(30))
        plain += found.estimate + found.half_width() < 2
        halls += found.skewed_interval()[1] < 2
    assert plain > 150
    assert halls < 100  # 25 are meant: nothing but more rows mends so heavy a tail


def test_repeating_rows_of_patients_changes_nothing():
    values = _skewed(30, 6)
    once = ratio_of_means(values, np.ones(30))
    again = ratio_of_means(np.tile(values, 4), np.ones(120))
    patient = np.tile(np.arange(30), 4)
    assert again.half_width(patient) == pytest.approx(once.half_width(), abs=1e-12)
    assert again.skewed_interval(patient) == pytest.approx(once.skewed_interval(), abs=1e-12)


def test_no_variance_gives_no_interval():
    equal = ratio_of_means(np.full(9, 0.1), np.ones(9))
    assert (equal.half_width(), equal.skewed_interval()) == (None, None)
    assert ratio_of_means(np.array([1.0, 3.0]), np.ones(2)).half_width(np.zeros(2, dtype=int)) is None
