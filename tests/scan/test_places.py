"""Places of many rows: the same as numpy gives them, in fewer bytes and a block at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.scan import places
from govern.scan.places import blocks, counted, looked_up, occurring, smallest
from govern.scan.scores import equivocal, factorized, groups, labels, probabilities


@pytest.fixture(params=[7, 1 << 17])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(places, "_BLOCK", request.param)
    return int(request.param)


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 100])
@pytest.mark.parametrize("size", [1, 128, 256, 300])
def test_places(block: int, rows: int, size: int) -> None:
    place = np.random.default_rng(rows).integers(0, size, rows)
    few = smallest(place, size)
    assert few.dtype.itemsize == (1 if size <= 256 else 2)
    assert np.array_equal(few, place)
    assert np.array_equal(counted(few, size), np.bincount(place, minlength=size))
    table = np.random.default_rng(1).random(size)
    assert np.array_equal(looked_up(table, few), table[place])
    signed = (place - 1).astype(np.int16)
    assert np.array_equal(occurring(signed, size), np.isin(np.arange(size), signed))
    assert np.array_equal(looked_up(table, signed), table[place - 1])
    assert [i for here in blocks(rows) for i in range(here.start, here.stop)] == list(range(rows))


@pytest.mark.parametrize("categories", [3, 127, 128, 129])
def test_categories_are_their_places(block: int, categories: int) -> None:
    names = [f"n{i:03}" for i in range(categories)][::-1]
    values = np.resize([*names, None], 3 * categories + 3)
    column = pd.Series(pd.Categorical(values, categories=names))
    codes, distinct = factorized(column)
    assert codes.dtype == column.cat.codes.dtype
    assert [None if c < 0 else distinct[c] for c in codes] == values.tolist()
    if categories <= 99:
        expected = groups("a", pd.Series(values, dtype=object))
        found = groups("a", column)
        assert found.names == expected.names
        assert np.array_equal(found.codes, expected.codes)
        assert found.codes.dtype == np.uint8


def test_what_no_row_has_is_no_group_and_no_label() -> None:
    column = pd.Series(pd.Categorical(["b", "b", "a"], categories=["c", "b", "a"]))
    assert groups("x", column).names == ("a", "b")
    assert groups("x", column).codes.tolist() == [1, 1, 0]
    assert labels(column, "b", "y").tolist() == [1, 1, 0]
    assert equivocal(column, ["c", "a"]).tolist() == [False, False, True]


def test_scores_that_are_fit_are_not_copied_and_no_others_pass() -> None:
    score = np.array([0.0, 0.5, 1.0])
    assert probabilities(score, "s") is score
    for wrong in (np.nan, -5e-324, np.nextafter(1.0, 2.0), np.inf, -np.inf):
        with pytest.raises(Exception, match="s: "):
            probabilities(np.array([0.5, wrong, 0.1]), "s")
