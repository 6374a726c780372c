"""The ratio of two proportions, against scipy and statsmodels."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy.stats.contingency import relative_risk
from statsmodels.stats.proportion import confint_proportions_2indep

from govern.stats.likelihood_ratio import katz, post_test


@pytest.mark.parametrize(("x", "n", "y", "m"), [(36, 40, 16, 80), (10, 75, 12, 225), (4200, 5000, 3400, 20000)])
def test_equals_scipy_and_statsmodels(x, n, y, m):
    expected = relative_risk(x, n, y, m).confidence_interval(0.95)
    assert katz(x, n, y, m) == pytest.approx(tuple(expected), rel=1e-12)
    assert katz(x, n, y, m) == pytest.approx(
        confint_proportions_2indep(x, n, y, m, compare="ratio", method="log"), rel=1e-12
    )
    assert katz(x, n, y, m, level=0.9) == pytest.approx(
        tuple(relative_risk(x, n, y, m).confidence_interval(0.9)), rel=1e-12
    )


@pytest.mark.parametrize(("x", "n", "y", "m"), [(0, 10, 3, 10), (10, 10, 3, 10), (5, 10, 10, 10)])
def test_a_proportion_of_0_or_1_is_moved_as_agresti_and_coull_move_it(x, n, y, m):
    z2 = 1.959963984540054**2
    low, high = confint_proportions_2indep(x + z2 / 2, n + z2, y + z2 / 2, m + z2, compare="ratio", method="log")
    found = katz(x, n, y, m)
    assert found == pytest.approx((min(low, x / n / (y / m)), max(high, x / n / (y / m))), rel=1e-12)


def test_an_empty_denominator_has_no_upper_limit():
    low, high = katz(5, 10, 0, 10)
    assert 0.5 < low < 5
    assert high == inf
    assert katz(0, 10, 0, 10) == (0.0, inf)


def test_covers():
    rng = np.random.default_rng(1)
    x, y = rng.binomial(50, 0.8, 2000), rng.binomial(200, 0.1, 2000)
    inside = [low <= 8 <= high for low, high in (katz(int(a), 50, int(b), 200) for a, b in zip(x, y, strict=True))]
    assert 0.93 <= np.mean(inside) <= 0.98


def test_bayes():
    assert post_test(9.0, 0.1) == pytest.approx(0.5, abs=1e-15)
    assert (post_test(0.0, 0.1), post_test(1.0, 0.1), post_test(inf, 0.1)) == (0.0, pytest.approx(0.1), 1.0)
