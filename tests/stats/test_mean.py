"""The t interval of a mean, against statsmodels, with weights and patients."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from govern.stats.mean import student, t_limits


def test_weighted_equals_statsmodels_and_repeated_rows():
    rng = np.random.default_rng(0)
    values, weight = rng.normal(size=50), rng.integers(1, 9, 50)
    found = student(values, None, weight=weight)
    assert found == pytest.approx(DescrStatsW(values, weights=weight, ddof=1).tconfint_mean(), abs=1e-12)
    assert found == pytest.approx(student(np.repeat(values, weight), None), abs=1e-12)


def test_level():
    values = np.random.default_rng(1).normal(size=20)
    assert student(values, None, level=0.9) == pytest.approx(DescrStatsW(values).tconfint_mean(0.1), abs=1e-12)


def test_no_rows_and_one_weighted_value_have_no_interval():
    assert student(np.array([]), None) is None
    assert student(np.array([0.4]), None, weight=np.array([50])) is None
    assert student(np.array([0.1, 0.3]), None, weight=np.array([1, 0])) is None


def test_t_limits():
    from scipy.stats import t

    assert t_limits(0.2, 0.05, 7) == pytest.approx(t.interval(0.95, 7, loc=0.2, scale=0.05), abs=1e-12)
