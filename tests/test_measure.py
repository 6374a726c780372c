"""One check on one file: what is wrong with the question is told before the file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import PolicyError
from govern.measure import measure_file
from govern.project import Data


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"params": ["threshold=30"]}, "threshold: 30 is out of range", "above 0 and at most 1"),
        ({"params": ["threshold=high"]}, "a number was expected", ""),
        ({"params": ["treshold=0.3"]}, "unknown parameter", "threshold"),
        ({"by": ["*"]}, "--by *: the name of a column is missing", "--by 'sex*race'"),
        ({"by": ["sex", "sex*"]}, "--by sex*: the name of a column is missing", "--by sex,race"),
    ],
)
def test_a_question_that_is_wrong_is_refused_before_the_file_is_read(
    given: dict[str, list[str]], message: str, hint: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        measure_file("performance.sensitivity", data=Path("there is none.csv"), columns=Data(label="y"), **given)
    assert message in caught.value.message
    assert hint in caught.value.hint
