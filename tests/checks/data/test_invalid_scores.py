from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.data.invalid_scores import invalid_scores
from govern.errors import InputError
from govern.scan.dataset import Recorded
from govern.scan.scores import labels


def found(score, label, positive=None):
    label = np.array(label, dtype=object)
    return invalid_scores(Recorded(score=np.array(score, dtype=float), label=label, positive=positive))


def test_each_kind_is_counted_and_a_row_once():
    measured = found(
        [0.5, np.nan, np.inf, -np.inf, 1.3, -0.1, 0.0, 1.0, np.nan, 0.2, 0.3],
        ["1", "0", "1", "0", "1", "0", "1", "0", None, None, "2"],
    )
    assert measured.estimate == measured.lower == measured.upper == 8
    counts = {key: measured.details[key] for key in measured.details if key not in ("examples", "labels")}
    assert counts == {
        "missing_scores": 2,
        "infinite_scores": 2,
        "scores_outside": 2,
        "missing_labels": 2,
        "other_labels": 1,
        "declared": 0,
    }
    assert measured.details["examples"] == [1, 2, 3, 4, 5, 8, 9, 10]
    assert measured.n == 11


def test_labels_may_come_as_categories() -> None:
    score, label = np.array([0.5, 2.0, 0.1, 0.2]), np.array(["1", "0", None, "2"], dtype=object)
    categories = pd.Categorical(label, categories=["never", "2", "1", "0"])
    assert invalid_scores(Recorded(score=score, label=categories)) == invalid_scores(Recorded(score=score, label=label))


def test_what_is_fit_is_fit():
    measured = found([0.0, 1.0, 0.5], ["yes", "no", "yes"])
    assert (measured.estimate, measured.sufficient) == (0, True)
    assert measured.message == "every row can be measured"


def test_labels_are_those_that_other_checks_accept():
    """Where one check refuses the labels, this one names the rows; where it accepts them, there are none."""
    for label, positive, other in (
        (["1", "2", "2", "1"], None, 2),
        (["1", "2", "2", "1"], "2", 0),
        (["alive", "dead", "dead", "alive"], None, 4),
        (["alive", "dead", "dead", "alive"], "dead", 0),
        (["alive", "dead", "dead", "alive"], "died", 4),
        (["0", "1", "1", "2"], None, 1),
    ):
        assert found([0.5] * 4, label, positive).details["other_labels"] == other
        if other:
            with pytest.raises(InputError):
                labels(label, positive, "died")
        else:
            assert labels(label, positive, "died").sum() == 2


def test_beside_the_event_the_most_frequent_label_counts():
    assert found([0.5] * 6, ["a", "a", "b", "b", "b", "d"], "a").details["other_labels"] == 1


def test_one_class_is_said():
    assert "every label is '1'" in found([0.5, 0.4], ["1", "1"]).message


@pytest.mark.parametrize("score", [[], [np.nan] * 3])
def test_nothing_or_all_of_it(score):
    measured = found(score, ["1", "0", "1"][: len(score)])
    assert measured.estimate == (None if not score else 3)
    assert measured.sufficient is bool(score)
