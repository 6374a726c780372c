"""``performance.interval_coverage`` against statsmodels' Wilson interval and conformal prediction's guarantee."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from statsmodels.stats.proportion import proportion_confint

from govern.checks.performance.interval_coverage import interval_coverage
from govern.errors import UnavailableError
from govern.scan.outcomes import Values


def _values(true, lower, upper, patient=None) -> Values:
    true, lower, upper = (np.asarray(a, dtype=float) for a in (true, lower, upper))
    return Values(true=true, predicted=(lower + upper) / 2, lower=lower, upper=upper, patient=patient)


def _normal(n: int, seed: int, width: float) -> Values:
    middle = np.random.default_rng(seed).normal(size=n)
    return _values(middle + np.random.default_rng(seed + 1).normal(size=n), middle - width, middle + width)


def test_equals_statsmodels_wilson():
    cohort = _normal(300, 1, 1.645)
    inside = int(((cohort.lower <= cohort.true) & (cohort.true <= cohort.upper)).sum())
    found = interval_coverage(cohort)
    assert found.estimate == inside / 300
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(inside, 300, method="wilson"), abs=1e-12)
    assert found.details["below"] + found.details["above"] + found.estimate == pytest.approx(1)
    assert found.details["mean_width"] == pytest.approx(2 * 1.645)
    assert found.message == ""


def test_conformal_intervals_of_real_patients_hold_what_they_promise():
    x, y = load_diabetes(return_X_y=True)
    fit, calibrate, test = (slice(i, None, 3) for i in range(3))
    model = LinearRegression().fit(x[fit], y[fit])
    residuals = np.sort(np.abs(y[calibrate] - model.predict(x[calibrate])))
    rank = int(np.ceil(0.9 * (len(residuals) + 1))) - 1  # split conformal prediction (Vovk et al. 2005)
    predicted = model.predict(x[test])
    found = interval_coverage(_values(y[test], predicted - residuals[rank], predicted + residuals[rank]))
    assert found.lower <= 0.9 <= found.upper
    half = interval_coverage(_values(y[test], predicted - residuals[rank] / 2, predicted + residuals[rank] / 2))
    assert half.upper < 0.9
    assert half.message == "the promised 0.9 lies above its interval"
    assert half.details["difference"] == pytest.approx(half.estimate - 0.9)


def test_limits_are_part_of_the_interval_and_sides_are_told_apart():
    found = interval_coverage(_values([0, 1, 2, 3, -1], [0] * 5, [1, 1, 1, 1, 1]), nominal=0.5)
    assert found.estimate == pytest.approx(0.4)
    assert (found.details["below"], found.details["above"]) == pytest.approx((0.2, 0.4))


def test_wide_intervals_always_cover():
    found = interval_coverage(_normal(200, 3, 20.0), nominal=0.8)
    assert (found.estimate, found.upper) == (1.0, 1.0)
    assert found.message == "the promised 0.8 lies below its interval"


def test_repeating_rows_of_patients_does_not_narrow_the_interval():
    cohort = _normal(60, 4, 1.0)
    once = interval_coverage(cohort)
    again = interval_coverage(
        _values(*(np.tile(a, 5) for a in (cohort.true, cohort.lower, cohort.upper)), np.tile(np.arange(60), 5))
    )
    assert again.estimate == once.estimate
    assert again.lower <= once.lower
    assert again.upper >= once.upper
    assert (again.n, again.support) == (300, 60)
    assert "patient" in again.method


def test_without_intervals_it_is_not_available_and_without_rows_unknown():
    with pytest.raises(UnavailableError, match="no prediction intervals"):
        interval_coverage(Values(true=np.ones(3), predicted=np.ones(3)))
    found = interval_coverage(_values([], [], []))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
