"""Simultaneous levels."""

from __future__ import annotations

import numpy as np
import pytest

from govern.stats.multiplicity import bonferroni
from govern.stats.proportion import quantile


def test_levels():
    assert bonferroni(0.95, 1) == 0.95
    assert bonferroni(0.95, 5) == pytest.approx(0.99)


def test_all_intervals_hold_at_once():
    z = np.random.default_rng(0).normal(size=(4000, 8))
    assert (np.abs(z) < quantile(bonferroni(0.95, 8))).all(axis=1).mean() == pytest.approx(0.95, abs=0.012)
    assert (np.abs(z) < quantile(0.95)).all(axis=1).mean() < 0.7
