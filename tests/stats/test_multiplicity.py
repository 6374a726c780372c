"""Simultaneous levels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from govern.stats.multiplicity import bonferroni, holm, largest_by_chance
from govern.stats.proportion import quantile


def test_levels():
    assert bonferroni(0.95, 1) == 0.95
    assert bonferroni(0.95, 5) == pytest.approx(0.99)


def test_all_intervals_hold_at_once():
    z = np.random.default_rng(0).normal(size=(4000, 8))
    assert (np.abs(z) < quantile(bonferroni(0.95, 8))).all(axis=1).mean() == pytest.approx(0.95, abs=0.012)
    assert (np.abs(z) < quantile(0.95)).all(axis=1).mean() < 0.7


def test_holm_equals_r():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.5], abs=1e-15)
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_holm_rejects_what_bonferroni_does_and_more():
    for p in np.random.default_rng(1).random((200, 6)) ** 4:
        adjusted = holm(p)
        assert (adjusted <= np.minimum(p * 6, 1) + 1e-15).all()
        assert (adjusted >= p).all()
        assert adjusted.min() == pytest.approx(min(1, 6 * p.min()))


def test_holm_keeps_its_level_where_some_hypotheses_are_false():
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(2000):
        p = rng.random(5)
        p[:2] = 1e-6
        wrong += (holm(p)[2:] <= 0.05).any()
    assert wrong / 2000 == pytest.approx(0.05, abs=0.013)


def test_largest_by_chance_is_exact_for_independent_differences():
    errors = np.array([0.01, 0.05, 0.2])
    limit, p = largest_by_chance(errors, 0.1)
    assert np.prod(2 * norm.cdf(limit / errors) - 1) == pytest.approx(0.95, abs=1e-9)
    assert p == pytest.approx(1 - np.prod(2 * norm.cdf(0.1 / errors) - 1), abs=1e-12)
    one, _ = largest_by_chance(np.array([0.3]), 0.0)
    assert one == pytest.approx(0.3 * quantile(0.95), rel=1e-6)


def test_largest_by_chance_bounds_dependent_differences():
    rng = np.random.default_rng(3)
    means = rng.normal(size=(20000, 4)) / np.sqrt([50, 40, 30, 20])
    n = np.array([50, 40, 30, 20])
    gaps = means - ((means * n).sum(axis=1, keepdims=True) - means * n) / (n.sum() - n)
    limit, _ = largest_by_chance(np.sqrt(1 / n + 1 / (n.sum() - n)), 0.0)
    assert 0.945 < (np.abs(gaps).max(axis=1) <= limit).mean() < 0.975
