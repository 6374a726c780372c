"""Rows among which counts are reached: against the binomial distribution itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from govern.planning.search import LARGEST, least, rows_for


@pytest.mark.parametrize(("count", "share"), [(20, 0.3), (112, 0.3), (100, 0.015), (1, 0.5)])
def test_rows_for_one_count(count: int, share: float) -> None:
    rows = rows_for([(count, share)])
    assert rows is not None
    assert binom.sf(count - 1, rows, share) >= 0.95
    assert binom.sf(count - 1, rows - 1, share) < 0.95


def test_rows_for_two_counts_hold_together() -> None:
    rows = rows_for([(100, 0.3), (233, 0.7)])
    assert rows is not None
    events = np.random.default_rng(3).binomial(rows, 0.3, size=20_000)
    assert ((events >= 100) & (rows - events >= 233)).mean() >= 0.945


def test_rows_of_everybody_are_no_chance() -> None:
    assert rows_for([(777, 1.0)]) == 777
    assert rows_for([(5, 0.0)]) is None


def test_what_is_never_reached() -> None:
    assert least(lambda n: np.full(n.shape, 0.79), 0.8) is None
    assert least(lambda n: (n >= LARGEST // 3).astype(float), 0.8) == LARGEST // 3
