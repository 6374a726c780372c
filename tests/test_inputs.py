from __future__ import annotations

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
