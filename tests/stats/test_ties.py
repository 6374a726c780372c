"""Distinct values against ``np.unique``."""

from __future__ import annotations

import numpy as np
import pytest

from govern.stats.ties import distinct


@pytest.mark.parametrize("n", [0, 1, 2, 500])
@pytest.mark.parametrize("ascending", [False, True])
def test_as_unique_whether_sorted_or_not(n: int, ascending: bool) -> None:
    values = np.random.default_rng(n).integers(0, 200, n) / 7
    values = np.sort(values) if ascending else values
    found, place = distinct(values)
    expected, at = np.unique(values, return_inverse=True)
    assert np.array_equal(found, expected)
    assert np.array_equal(place, at)
