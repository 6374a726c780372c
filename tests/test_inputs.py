from __future__ import annotations

import pandas as pd
import pytest

from govern.checks.inputs import INPUTS
from govern.errors import UnavailableError
from govern.inputs import Inputs
from govern.types import Role


@pytest.fixture
def bare() -> Inputs:
    """Inputs of which nothing but a test table is there."""
    return Inputs(scores=None, frames={Role.TEST: pd.DataFrame({"x": [1]})}, group_columns={}, seed=7)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_every_input_of_the_closed_list_is_there_or_says_why_not(bare: Inputs, name: str) -> None:
    try:
        assert bare.get(name) is not None
    except UnavailableError as e:
        assert e.hint


def test_what_is_there_and_what_is_not(bare: Inputs) -> None:
    assert bare.get("seed") == 7
    assert list(bare.get("datasets")) == [Role.TEST]
    for name in ("scores", "groups", "reference", "reference_scores", "attributions", "documentation"):
        with pytest.raises(UnavailableError):
            bare.get(name)
