"""The line of numbers against scipy, statsmodels and each patient left out in turn."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import linregress

from govern.stats.regression import line


def _points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.gamma(2, 3, size=n) + 50
    return x, 2 + 0.8 * x + rng.normal(size=n) * x / 20


def _jackknife(slopes: np.ndarray) -> float:
    return float(np.sqrt((len(slopes) - 1) / len(slopes) * ((slopes - slopes.mean()) ** 2).sum()))


def test_the_line_is_scipys_and_its_error_that_of_leaving_out_each_row():
    x, y = _points(60, 1)
    found, theirs = line(x, y), linregress(x, y)
    assert (found.slope, found.intercept) == pytest.approx((theirs.slope, theirs.intercept), abs=1e-11)
    left_out = [linregress(np.delete(x, i), np.delete(y, i)).slope for i in range(60)]
    assert found.se == pytest.approx(_jackknife(np.array(left_out)), rel=1e-9)
    # HC3 approximates the jackknife: it lacks the factor (n-1)/n and the centring
    assert found.se == pytest.approx(sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3").bse[1], rel=1 / 60)


def test_patients_are_left_out_with_all_their_rows():
    x, y = _points(90, 2)
    patient = np.random.default_rng(3).permutation(np.arange(90) % 25)
    left_out = [linregress(x[patient != p], y[patient != p]).slope for p in range(25)]
    found = line(x, y, patient)
    assert found.se == pytest.approx(_jackknife(np.array(left_out)), rel=1e-9)
    assert found.units == 25
    again = line(np.tile(x, 3), np.tile(y, 3), np.tile(np.arange(90), 3))
    assert (again.slope, again.se) == pytest.approx((line(x, y).slope, line(x, y).se), rel=1e-10)


@pytest.mark.parametrize(("x", "y"), [([], []), ([0.1, 0.1, 0.1], [1, 2, 3])])
def test_without_variation_there_is_no_line(x, y):
    assert line(np.array(x, dtype=float), np.array(y, dtype=float)) is None


@pytest.mark.parametrize(
    ("x", "y", "patient"),
    [([1, 2, 4, 7], [3, 5, 9, 15], None), ([1, 1, 1, 5], [1, 2, 3, 4], None), ([1, 2, 3], [1, 3, 2], [0, 0, 0])],
)
def test_no_error_on_a_perfect_line_or_where_one_patient_decides(x, y, patient):
    found = line(np.array(x, dtype=float), np.array(y, dtype=float), None if patient is None else np.array(patient))
    assert found.se is None
    assert found.slope > 0
