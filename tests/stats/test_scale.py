"""Limits on another scale: inside the range, symmetric there, and near the plain ones where the interval is narrow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from govern.stats.auroc import logit_interval
from govern.stats.proportion import quantile
from govern.stats.scale import on_fisher, on_log, on_logit


def test_logit_is_that_of_the_auroc():
    assert on_logit(0.9, quantile(0.95) * 0.03) == pytest.approx(logit_interval(0.9, 0.03), abs=1e-15)


@pytest.mark.parametrize(
    ("function", "scale", "estimate", "range_"),
    [(on_log, np.log, 3.0, (0, np.inf)), (on_logit, logit, 0.8, (0, 1)), (on_fisher, np.arctanh, -0.6, (-1, 1))],
)
def test_limits_are_symmetric_on_their_scale(function, scale, estimate, range_):
    lower, upper = function(estimate, 0.2)
    assert scale(upper) - scale(estimate) == pytest.approx(scale(estimate) - scale(lower), abs=1e-12)
    slope = (scale(estimate + 1e-6) - scale(estimate - 1e-6)) / 2e-6
    assert scale(upper) - scale(estimate) == pytest.approx(0.2 * slope, rel=1e-6)
    narrow = function(estimate, 1e-5)
    assert narrow == pytest.approx((estimate - 1e-5, estimate + 1e-5), abs=1e-9)
    wide = function(estimate, 2.0)
    assert range_[0] <= wide[0] < wide[1] <= range_[1]


def test_the_widest_interval_does_not_overflow():
    assert on_logit(1 - 1e-9, 1.0) == (0.0, 1.0)
    assert on_fisher(1 - 1e-9, 1.0) == (-1.0, 1.0)
