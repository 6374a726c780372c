"""Limits of observed events over expected ones against printed tables, scipy and coverage."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest
from scipy.stats import norm, poisson

from govern.stats.observed_expected import log_limits, poisson_limits


@pytest.mark.parametrize(
    ("count", "lower", "upper"), [(1, 0.0253, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39), (50, 37.11, 65.92)]
)
def test_poisson_limits_are_those_of_printed_tables(count, lower, upper):
    found = [limit * count for limit in poisson_limits(count)]
    assert found == pytest.approx([lower, upper], abs=0.006)


@pytest.mark.parametrize("count", [1, 7, 300])
def test_poisson_limits_have_their_tails(count):
    lower, upper = (limit * count for limit in poisson_limits(count))
    assert poisson.sf(count - 1, lower) == pytest.approx(0.025, rel=1e-8)
    assert poisson.cdf(count, upper) == pytest.approx(0.025, rel=1e-8)


def test_log_limits_are_those_of_metamisc():
    # oecalc's test: exp(log(OE) -/+ qnorm(0.975) * sqrt(1/O - 1/N))
    half = norm.ppf(0.975) * sqrt(1 / 80 - 1 / 900)
    assert log_limits(80, 900) == pytest.approx((exp(-half), exp(half)), rel=1e-12)
    assert log_limits(40, 40) == (1, 1)


def test_log_limits_cover():
    rng = np.random.default_rng(1)
    events = rng.binomial(400, 0.1, 2000)
    covered = [o * log_limits(o, 400)[0] <= 40 <= o * log_limits(o, 400)[1] for o in events]
    assert 0.93 <= np.mean(covered) <= 0.97
