from __future__ import annotations

import numpy as np
import pytest

from govern.errors import InputError
from govern.scan.groups import intersection, joined, of_rows
from govern.scan.scores import Groups, Scores, groups

SEX = groups("sex", ["f", "m", "f", "m", "m"])
RACE = groups("race", ["white", "black", "black", "white", None])


def test_an_intersection_holds_the_combinations_that_occur() -> None:
    both = intersection("sex*race", [SEX, RACE])
    assert both.names == ("f & black", "f & white", "m & black", "m & missing", "m & white")
    assert [both.names[c] for c in both.codes] == ["f & white", "m & black", "f & black", "m & white", "m & missing"]


def test_three_attributes_in_their_order() -> None:
    site = groups("site", ["b", "a", "a", "a", "a"])
    both = intersection("sex*race*site", [SEX, RACE, site])
    assert [both.names[c] for c in both.codes][:2] == ["f & white & b", "m & black & a"]


def test_too_many_intersections_are_refused() -> None:
    many = [
        Groups(
            attribute=a,
            names=tuple(f"{a}{i}" for i in range(50)),
            codes=np.repeat(np.arange(50), 50) if a == "x" else np.tile(np.arange(50), 50),
        )
        for a in "xy"
    ]
    with pytest.raises(InputError, match="2,500 intersections"):
        intersection("x*y", many)


def test_groups_of_some_rows_leave_out_those_that_have_none() -> None:
    some = of_rows(RACE, np.array([0, 3, 4]))
    assert some.names == ("missing", "white")
    assert some.codes.tolist() == [1, 1, 0]


def test_cells_of_groups_side_by_side() -> None:
    parts = [
        Scores(label=np.array([0, 1], np.int8), score=np.array([0.1, 0.1]), weight=np.array([5, 2])),
        Scores(label=np.array([1], np.int8), score=np.array([0.7])),
    ]
    scores, whose = joined(parts, SEX)
    assert scores.n == 8
    assert scores.events == 3
    assert whose.codes.tolist() == [0, 0, 1]
