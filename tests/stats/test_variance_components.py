"""Components of variance, against published tables, scipy and statsmodels."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import f_oneway

from govern.stats.variance_components import components

#: Peak expiratory flow of 20 children, l/min (Bland and Altman, BMJ 1996;313:744, table 1).
PEFR = np.array(
    [
        [190, 220, 200, 200],
        [220, 200, 240, 230],
        [260, 260, 240, 280],
        [210, 300, 280, 265],
        [270, 265, 280, 270],
        [280, 280, 270, 275],
        [260, 280, 280, 300],
        [275, 275, 275, 305],
        [280, 290, 300, 290],
        [320, 290, 300, 290],
        [300, 300, 310, 300],
        [270, 250, 330, 370],
        [320, 330, 330, 330],
        [335, 320, 335, 375],
        [350, 320, 340, 365],
        [360, 320, 350, 345],
        [330, 340, 380, 390],
        [335, 385, 360, 370],
        [400, 420, 425, 420],
        [430, 460, 480, 470],
    ],
    dtype=float,
).ravel()
#: Six targets, four judges (Shrout and Fleiss, Psychol Bull 1979;86:420, table 2).
JUDGES = np.array([9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7], dtype=float)


def test_bland_and_altmans_children():
    found = components(PEFR, np.repeat(np.arange(20), 4))
    assert round(found.within, 2) == 460.52
    assert round(sqrt(found.within), 1) == 21.5
    assert (found.within_freedom, found.between_freedom, found.size) == (60, 19, 4)


def test_shrout_and_fleiss_judges():
    found = components(JUDGES, np.repeat(np.arange(6), 4))
    assert round(found.between, 2) == 11.24
    assert round(found.within, 2) == 6.26
    correlation = found.between_variance / (found.between_variance + found.within)
    assert round(correlation, 2) == 0.17
    assert [round(limit, 3) for limit in found.correlation_limits()] == [-0.133, 0.723]


def test_unequal_numbers_of_readings_equal_scipy():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    values = rng.normal(size=30)[patient] + rng.normal(size=len(patient))
    found = components(values, patient)
    parts = [values[patient == p] for p in range(30)]
    assert found.between / found.within == pytest.approx(f_oneway(*parts).statistic, rel=1e-12)
    counts = np.array([len(part) for part in parts])
    assert found.size == pytest.approx((counts.sum() - (counts**2).sum() / counts.sum()) / 29, rel=1e-12)


def test_balanced_components_equal_restricted_maximum_likelihood():
    from statsmodels.regression.mixed_linear_model import MixedLM

    fit = MixedLM(PEFR / 100, np.ones((80, 1)), groups=np.repeat(np.arange(20), 4)).fit(reml=True)
    found = components(PEFR / 100, np.repeat(np.arange(20), 4))
    assert found.within == pytest.approx(fit.scale, rel=1e-5)
    assert found.between_variance == pytest.approx(float(fit.cov_re[0, 0]), rel=1e-4)


def test_limits_cover():
    rng, inside, also = np.random.default_rng(2), 0, 0
    patient = np.repeat(np.arange(12), 3)
    for _ in range(1000):
        found = components(rng.normal(size=12)[patient] + 0.5 * rng.normal(size=36), patient)
        low, high = found.within_limits()
        inside += low <= 0.5 <= high
        low, high = found.correlation_limits()
        also += low <= 0.8 <= high
    assert 0.93 <= inside / 1000 <= 0.97
    assert 0.93 <= also / 1000 <= 0.97


def test_equal_readings_leave_no_variance_but_rounding():
    assert components(np.repeat([0.1, 0.7, 0.3], 7), np.repeat([0, 1, 2], 7)).within == 0
