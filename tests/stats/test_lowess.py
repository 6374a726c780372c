"""Lowess against R and statsmodels, on rows, ties and weights."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.nonparametric.smoothers_lowess import lowess

from govern.stats.lowess import smoother

#: R's lowess(0:19, y, delta = 0, iter = 0), as statsmodels 0.15 keeps both among its own tests.
_R_Y = [
    1.86299605, 0.89183134, 3.87761229, -0.63442237, 4.30249022, 6.03560416, 6.21163349, 8.14167809, 7.99631825,
    6.91191013, 10.13065417, 9.1947793, 12.60404596, 10.69091796, 15.7081412, 14.45366757, 15.06892052, 18.79023999,
    19.05822445, 17.95469436,
]  # fmt: skip
_R_FIT = [
    0.626447948304564, 1.50083963634256, 2.38617619262433, 3.2716390241964, 4.13972663751248, 4.99266140022312,
    5.90622249996935, 6.85414647844424, 7.81633581357042, 8.66846618267192, 9.53212152727725, 10.4655376106265,
    11.4696917739989, 12.612670577977, 13.8080457514041, 14.9355218408992, 16.0491183613157, 17.1604998952365,
    18.2739171975973, 19.3834268539226,
]  # fmt: skip


def _rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = 1 / (1 + np.exp(-rng.normal(-2, 1.5, n)))
    return x, (rng.random(n) < x**1.3).astype(float)


def _theirs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return lowess(y, x, it=0, delta=0.01 * np.ptp(x), return_sorted=False)


def _ours(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    smooth = smoother(x, weight)
    return np.interp(x, smooth.knots, smooth.fit(y if weight is None else y * weight))


def test_equals_r():
    smooth = smoother(np.arange(20.0))
    assert smooth.fit(np.array(_R_Y)) == pytest.approx(_R_FIT, abs=1e-12)


@pytest.mark.parametrize(("n", "digits"), [(2, 17), (3, 17), (30, 17), (400, 2)])
def test_few_rows_equal_statsmodels(n, digits):
    x, y = _rows(n, n)
    assert _ours(x, y) == pytest.approx(_theirs(x, y), abs=1e-9)
    assert _ours(np.round(x, digits), y) == pytest.approx(_theirs(np.round(x, digits), y), abs=1e-9)


def test_many_rows_in_cells_equal_statsmodels_on_rows():
    x, y = _rows(20_000, 1)
    found, expected = _ours(x, y), _theirs(x, y)
    assert smoother(x).matrix.shape[1] < 1100
    assert found == pytest.approx(expected, abs=5e-6)  # cells: second order in their width
    assert np.abs(found - x).mean() == pytest.approx(np.abs(expected - x).mean(), abs=5e-7)


@pytest.mark.parametrize("n", [40, 3000])
def test_weights_are_repeated_rows(n):
    x, y = _rows(n, 2)
    weight = np.random.default_rng(3).integers(1, 6, n)
    found = _ours(x, y, weight)
    repeated = _ours(np.repeat(x, weight), np.repeat(y, weight))
    assert np.repeat(found, weight) == pytest.approx(repeated, abs=1e-12)
    assert np.repeat(found, weight) == pytest.approx(_theirs(np.repeat(x, weight), np.repeat(y, weight)), abs=5e-6)


def test_two_labels_at_one_score_are_one_mean():
    x = np.array([0.1, 0.1, 0.2, 0.2, 0.4, 0.4])
    y, weight = np.tile([0.0, 1.0], 3), np.array([9, 1, 7, 3, 2, 8])
    smooth = smoother(x, weight)
    rates = smoother(np.array([0.1, 0.2, 0.4]), np.array([10, 10, 10])).fit(np.array([1.0, 3.0, 8.0]))
    assert smooth.fit(weight * y) == pytest.approx(rates, abs=1e-14)


def test_a_line_is_smoothed_to_itself_and_order_does_not_matter():
    x, _ = _rows(5000, 4)
    assert _ours(x, 0.2 + 0.5 * x) == pytest.approx(0.2 + 0.5 * x, abs=1e-6)
    mixed = np.random.default_rng(5).permutation(5000)
    y = (x > 0.3).astype(float)
    assert _ours(x, y)[mixed] == pytest.approx(_ours(x[mixed], y[mixed]), abs=1e-10)


def test_knots_are_a_hundredth_of_the_range_apart_as_far_as_there_are_rows():
    x, _ = _rows(20_000, 6)
    knots = smoother(x).knots
    assert (knots[0], knots[-1]) == (x.min(), x.max())
    assert 100 <= len(knots) <= 201
    assert (np.isin(knots, x)).all()


def test_one_value_is_its_mean():
    smooth = smoother(np.full(50, 0.3))
    assert smooth.fit(np.repeat([1.0, 0.0], [20, 30])) == pytest.approx([0.4])


@pytest.mark.parametrize("ties", [700, 70_000])
def test_where_most_rows_tie_their_rate_is_the_fit_there(ties):
    rng = np.random.default_rng(7)
    x = np.concatenate([np.full(ties, 0.02), rng.random(ties // 2)])
    y = (rng.random(len(x)) < x).astype(float)
    found = _ours(x, y)
    assert np.isfinite(found).all()
    # the bandwidth there is 0: R takes the mean of the tied rows, statsmodels divides by 0
    assert found[0] == pytest.approx(y[:ties].mean(), abs=1e-12)
    with np.errstate(invalid="ignore"):
        far = x > 0.1
        assert found[far] == pytest.approx(_theirs(x, y)[far], abs=2e-5)


def test_scores_that_differ_by_next_to_nothing_are_smoothed():
    x = np.concatenate([np.full(80, 0.0), np.full(10, 5e-324), np.full(5, 1e-310), [1e-250, 1e-3, 0.5, 1.0]])
    found = _ours(x, (np.arange(len(x)) % 3 == 0).astype(float))
    assert np.isfinite(found).all()
