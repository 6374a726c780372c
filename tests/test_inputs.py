from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.inputs import INPUTS
from govern.errors import UnavailableError
from govern.inputs import Inputs
from govern.project import Data
from govern.scan.local import scan
from govern.scan.request import Columns
from govern.types import Role


@pytest.fixture
def bare() -> Inputs:
    """Inputs of which nothing but a test table is there."""
    return Inputs(declared=Data(label=""), scans={Role.TEST: scan(pd.DataFrame({"x": [1]}), Columns())}, seed=7)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_every_input_of_the_closed_list_is_there_or_says_why_not(bare: Inputs, name: str) -> None:
    try:
        assert bare.get(name) is not None
    except UnavailableError as e:
        assert e.hint


def test_what_is_there_and_what_is_not(bare: Inputs) -> None:
    assert bare.get("seed") == 7
    assert list(bare.get("datasets")) == [Role.TEST]
    for name in sorted(set(INPUTS) - {"seed", "datasets", "test"}):
        with pytest.raises(UnavailableError):
            bare.get(name)


def test_a_check_is_given_groups_with_which_one_can_calculate() -> None:
    rows = pd.DataFrame({"y": [0, 1] * 150, "s": [0.25, 0.75] * 150, "g": [f"g{i % 100:02}" for i in range(300)]})
    columns = Columns(label="y", groups={"g": "g"}, carried=("y", "s", "g"))
    inputs = Inputs(
        declared=Data(label="y", score="s", groups={"g": "g"}), scans={Role.TEST: scan(rows, columns)}, seed=7
    )
    given = inputs.arguments(("scores", "groups"), "g")["groups"]
    for groups in (given, inputs.get("groups", "g")):
        assert groups.codes.dtype == np.int64
        assert [groups.names[code] for code in groups.codes] == rows.g.tolist()
    assert inputs.groups("g").codes.dtype == np.uint8
    both = inputs.groups("g*g")
    assert both.names == tuple(f"g{i:02} & g{i:02}" for i in range(100))
    assert np.array_equal(both.codes, given.codes)
