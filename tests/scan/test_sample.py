from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from govern.scan import sample
from govern.scan.codes import mix
from govern.scan.sample import positions


@pytest.mark.parametrize(("rows", "most"), [(1, 1), (10, 3), (1000, 999), (50_000, 20_000), (300_000, 100)])
def test_the_smallest_hashes_are_drawn(rows: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_BLOCK", 7001)
    found = positions(rows, most)
    hashed = mix(np.arange(rows, dtype=np.uint64))
    assert np.array_equal(found, np.sort(np.argsort(hashed)[:most]))


def test_all_where_there_are_no_more() -> None:
    assert positions(5, 9).tolist() == [0, 1, 2, 3, 4]


def test_a_sample_of_parts_is_the_sample_of_the_whole() -> None:
    whole = positions(1000, 50)
    first = positions(600, 50)
    assert set(whole[whole < 600]) <= set(first)


def test_no_stretch_is_preferred() -> None:
    counts = np.bincount(positions(1_000_000, 20_000) // 50_000)
    assert chisquare(counts).pvalue > 0.001
