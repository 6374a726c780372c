from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.errors import InputError
from govern.scan.scores import Scores, groups, scores

GOOD = [0, 1, 0, 1]


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 0, 1], [False, True, False, True], ["0", "1", "0", "1"], ["no", "Yes", "no", "Yes"], [0.0, 1.0, 0.0, 1.0]],
)
def test_labels_that_are_binary(labels: list[object]) -> None:
    assert scores(labels, [0.1, 0.2, 0.3, 0.4]).label.tolist() == GOOD


def test_a_named_positive_value() -> None:
    found = scores(["Good", "Poor"], [0.1, 0.9], positive="Poor")
    assert found.label.tolist() == [0, 1]
    assert scores([1, 2], [0.1, 0.9], positive=2).label.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 0, 0, 0], "all 4 labels are negative"),
        ([1, 1, 1, 1], "all 4 labels are positive"),
        ([0, 1, 2, 1], "not binary"),
        ([0, 1, None, 1], "1 of 4 labels are missing"),
        ([0, 1, float("nan"), 1], "1 of 4 labels are missing"),
        (["a", "b", "a", "b"], "not binary"),
    ],
)
def test_labels_that_are_refused(labels: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        scores(np.array(labels, dtype=object), [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.1, 1.2, 0.3, 0.4], "1 of 4 scores lie outside 0 to 1, such as 1.2"),
        ([0.1, -0.2, 0.3, 0.4], "outside"),
        ([0.1, float("inf"), 0.3, 0.4], "outside"),
        ([0.1, float("nan"), 0.3, 0.4], "1 of 4 scores are missing"),
        ([0.1, None, 0.3, 0.4], "missing"),
        (["0.1", "high", "0.3", "0.4"], "not numbers: 'high'"),
        ([[0.1, 0.9]] * 4, "one score a row"),
    ],
)
def test_scores_that_are_refused_and_never_clipped(values: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        scores(GOOD, np.array(values, dtype=object) if not isinstance(values[0], list) else values)  # type: ignore[arg-type]


def test_patients_that_repeat_are_kept_together() -> None:
    assert scores(GOOD, [0.1] * 4, patient=["a", "b", "a", "c"]).patient is not None
    assert scores(GOOD, [0.1] * 4, patient=["a", "b", "d", "c"]).patient is None
    with pytest.raises(InputError, match="no patient identifier"):
        scores(GOOD, [0.1] * 4, patient=["a", None, "d", "c"])


def test_bands() -> None:
    found = groups("age", [17, 18, 49.9, 50, 64, 65, 101, None], cut=[18, 50, 65])
    assert found.names == ("<18", "18-49", "50-64", "65+", "missing")
    assert found.codes.tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_identifiers_are_no_groups() -> None:
    with pytest.raises(InputError, match="101 groups"):
        groups("pid", range(101))


@pytest.mark.parametrize(("labels", "positive"), [([1.0, 0.0], 1), ([1, 0], 1.0), ([True, False], 1), ([1, 0], True)])
def test_one_positive_value_in_every_spelling(labels: list[object], positive: object) -> None:
    assert scores(labels, [0.1, 0.2], positive=positive).label.tolist() == [1, 0]


def test_groups_of_categories_are_those_of_their_values() -> None:
    values = ["b", None, "a", "b"]
    held = pd.Series(pd.Categorical(values, categories=["never", "b", "a"]))
    found, expected = groups("g", held), groups("g", values)
    assert found.names == expected.names == ("a", "b", "missing")
    assert found.codes.tolist() == expected.codes.tolist() == [1, 2, 0, 1]
    assert found.codes.dtype == expected.codes.dtype


def test_what_is_made_of_rows_is_made_once() -> None:
    rows, made = scores([0, 1], [0.2, 0.8]), []

    def above(rows: Scores, limit: float) -> int:
        made.append(limit)
        return rows.count(rows.score > limit)

    assert [rows.once(above, limit) for limit in (0.5, 0.1, 0.5)] == [1, 2, 1]
    assert made == [0.5, 0.1]
    assert rows.where(np.array([0])).once(above, 0.5) == 0  # other rows, other results


def test_a_missing_group_is_a_group() -> None:
    assert groups("race", ["b", None, "a"]).names == ("a", "b", "missing")
