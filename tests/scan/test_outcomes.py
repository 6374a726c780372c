"""Outcomes of other tasks than the binary one: what is taken, what is refused, and what a slice keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.errors import InputError
from govern.scan.validate import classes, comparator, survival, values

GRADES = ["none", "mild", "severe"]


# ---- classes


def test_classes_are_in_the_declared_order():
    found = classes(["mild", "none", "severe"], ["none", "none", "severe"], names=GRADES)
    assert found.names == ("none", "mild", "severe")
    assert found.true.tolist() == [1, 0, 2]
    assert found.predicted.tolist() == [0, 0, 2]
    assert found.ordered
    assert found.n == 3


def test_undeclared_words_have_no_order_but_numbers_have():
    words = classes(["low", "high", "medium"], ["low", "low", "low"])
    assert (words.names, words.ordered) == (("high", "low", "medium"), False)
    numbers = classes([10, 2, 1], ["2.0", 2.0, "10"])
    assert (numbers.names, numbers.ordered) == (("1", "2", "10"), True)
    assert numbers.predicted.tolist() == [1, 1, 2]


def test_the_most_probable_class_is_predicted_and_the_first_of_equals():
    chances = {"a": [0.2, 0.5, 0.4], "b": [0.7, 0.5, 0.2], "c": [0.1, 0.0, 0.4]}
    found = classes(["a", "b", "c"], probability=chances)
    assert found.predicted.tolist() == [1, 0, 0]
    assert found.names == ("a", "b", "c")
    assert found.ordered


def test_probabilities_are_put_in_the_declared_order():
    found = classes(["a", "b"], probability={"b": [0.9, 0.8], "a": [0.1, 0.2]}, names=["a", "b"])
    assert found.probability.tolist() == [[0.1, 0.9], [0.2, 0.8]]


def test_a_recorded_answer_stands_beside_probabilities():
    found = classes(["a", "b"], ["a", "a"], {"a": [0.1, 0.2], "b": [0.9, 0.8]})
    assert found.predicted.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("label", "predicted", "more", "message"),
    [
        (["a", None], ["a", "b"], {}, "label: 1 of 2 values are missing"),
        (["a", "b"], ["a", float("nan")], {}, "predicted: 1 of 2 values are missing"),
        (["a", " "], ["a", "b"], {}, "label: 1 of 2 values are missing"),
        (["none", "bad"], ["none", "mild"], {"names": GRADES}, "1 of 2 rows are of a class that is not declared: bad"),
        (["none", "severr"], ["none", "mild"], {"names": GRADES}, "not declared: severr"),
        (["a", "a"], ["a", "b"], {}, "of one class"),
        (["a", "b"], None, {}, "no predicted classes and no probabilities"),
        (["a", "b"], ["a"], {}, "different length: label 2, predicted 1"),
        (["a", "b"], ["a", "b"], {"names": ["a", "b", "a"]}, "named twice"),
        ([1, 2], ["1", "2"], {"names": ["1", "2", "1.0"]}, "named twice"),
        ([f"id{i}" for i in range(101)], ["id1"] * 101, {}, "101 classes"),
        ([], [], {}, "no rows"),
        ([["a", "b"]], ["a"], {}, "one value a row"),
    ],
)
def test_classes_that_are_refused(label, predicted, more, message):
    with pytest.raises(InputError, match=message):
        classes(label, predicted, **more)


def test_an_unknown_class_is_told_the_nearest():
    with pytest.raises(InputError) as caught:
        classes(["none", "severr"], ["none", "mild"], names=GRADES)
    assert caught.value.hint == "did you mean 'severe'?"


@pytest.mark.parametrize(
    ("chances", "message"),
    [
        ({"a": [0.5, 0.5], "b": [0.5, 0.6]}, r"1 of 2 rows do not add up to 1 \(row 1: 1.1\)"),
        ({"a": [0.5, 0.5], "b": [0.5, 0.500002]}, "do not add up"),
        ({"a": [0.5, 1.5], "b": [0.5, -0.5]}, "outside 0 to 1"),
        ({"a": [0.5, None], "b": [0.5, 0.5]}, "missing"),
        ({"a": [0.5, 0.5], "c": [0.5, 0.5]}, "unknown class 'c'"),
        ({"a": [1.0, 1.0]}, "no probabilities of b"),
        ({"a": [0.5], "b": [0.5, 0.5]}, "different length"),
    ],
)
def test_probabilities_that_are_refused_and_never_rescaled(chances, message):
    with pytest.raises(InputError, match=message):
        classes(["a", "b"], probability=chances, names=["a", "b"])


def test_probabilities_may_be_off_by_rounding():
    assert classes(["a", "b"], probability={"a": [0.3333333, 0.5], "b": [0.6666666, 0.5]}).n == 2


# ---- values


def test_values_of_any_numeric_form():
    found = values(pd.Series([1, 2]), ["1.5", 2.5], lower=[0, 1], upper=[2, 3], patient=["a", "a"])
    assert found.true.tolist() == [1.0, 2.0]
    assert found.predicted.dtype == np.float64
    assert found.patient.tolist() == [0, 0]
    assert values([1, 2], [1, 2], patient=["a", "b"]).patient is None


@pytest.mark.parametrize(
    ("true", "predicted", "more", "message"),
    [
        ([1, None], [1, 2], {}, r"label: 1 of 2 values are missing \(first in row 1\)"),
        ([1, 2], [1, float("inf")], {}, "predicted: 1 of 2 values are no finite numbers, such as 'inf'"),
        ([1, 2], [1, "two"], {}, "such as 'two'"),
        ([1, 2], [1], {}, "different length"),
        ([1, 2], [1, 2], {"lower": [0, 0]}, "one limit"),
        ([1, 2], [1, 2], {"lower": [0, 3], "upper": [2, 2]}, "in 1 of 2 rows the lower limit lies above"),
        ([1, 2], [1, 2], {"lower": [0, None], "upper": [2, 2]}, "lower: 1 of 2 values are missing"),
        ([], [], {}, "no rows"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), [1, 2], {}, "dates or durations"),
        ([[1], [2]], [1, 2], {}, "one value a row"),
        ([1, 2], [1, 2], {"patient": ["a"]}, "different length"),
        ([1, 2], [1, 2], {"patient": ["a", None]}, "no patient identifier"),
    ],
)
def test_values_that_are_refused(true, predicted, more, message):
    with pytest.raises(InputError, match=message):
        values(true, predicted, **more)


# ---- survival


@pytest.mark.parametrize(
    "event", [[1, 0, 1], [True, False, True], ["1", "0", "1"], [1.0, 0.0, 1.0], ["true", "False", "true"]]
)
def test_events_in_every_form(event):
    found = survival([1, 2, 3], event, [0.1, -5, 7])
    assert found.event.tolist() == [1, 0, 1]
    assert (found.n, found.events) == (3, 2)


def test_a_named_event_and_follow_up_without_censoring():
    assert survival([1, 2], ["dead", "alive"], [1, 2], positive="dead").event.tolist() == [1, 0]
    assert survival([1, 2], ["dead", "dead"], [1, 2], positive="dead").events == 2


@pytest.mark.parametrize(
    ("time", "event", "risk", "more", "message"),
    [
        ([0, 1], [1, 0], [1, 2], {}, "time: 1 of 2 times are not above 0, such as 0.0"),
        ([-1, 1], [1, 0], [1, 2], {}, "not above 0"),
        ([1, None], [1, 0], [1, 2], {}, "time: 1 of 2 values are missing"),
        ([1, float("inf")], [1, 0], [1, 2], {}, "no finite numbers"),
        ([1, 2], [1, None], [1, 2], {}, "event: 1 of 2 values are missing"),
        ([1, 2], [1, 2], [1, 2], {}, "events are not 0/1"),
        ([1, 2, 3], ["a", "b", "c"], [1, 2, 3], {"positive": "a"}, r"not 0/1 or true/false: \['a', 'b', 'c'\]"),
        ([1, 2], [1, 0], [1, float("nan")], {}, "risk: 1 of 2 values are missing"),
        ([1, 2], [1, 0], [1, float("-inf")], {}, "risk: 1 of 2 values are no finite"),
        ([1, 2], [0, 0], [1, 2], {}, "no event among 2 rows"),
        ([1, 2], ["alive", "alive"], [1, 2], {"positive": "dead"}, "no event"),
        ([1, 2], [1], [1, 2], {}, "different length: time 2, event 1, risk 2"),
        (np.array([1, 2], dtype="m8[D]"), [1, 0], [1, 2], {}, "durations"),
    ],
)
def test_survival_that_is_refused(time, event, risk, more, message):
    with pytest.raises(InputError, match=message):
        survival(time, event, risk, **more)


# ---- comparator


def test_a_comparator_may_be_silent_but_not_wrong():
    found = comparator("physician", [0.1, None, 1])
    assert found.score[[0, 2]].tolist() == [0.1, 1.0]
    assert np.isnan(found.score[1])
    for bad, message in (([0.1, 1.2], "outside"), ([None, None], "no score in any of 2"), (["x", 0.1], "not numbers")):
        with pytest.raises(InputError, match=message):
            comparator("physician", np.array(bad, dtype=object))


# ---- slices


@pytest.mark.parametrize("rows", [np.array([True, False, True]), np.array([0, 2])])
def test_a_slice_keeps_rows_together(rows):
    several = classes(
        ["a", "b", "c"], probability={"a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]}, patient=[1, 1, 2]
    ).where(rows)
    assert (several.names, several.ordered, several.absent) == (("a", "b", "c"), True, ("b",))
    assert (several.true.tolist(), several.predicted.tolist(), several.patient.tolist()) == ([0, 2], [0, 2], [0, 1])
    assert several.probability.tolist() == [[1, 0, 0], [0, 0, 1]]
    number = values([1, 2, 3], [4, 5, 6], lower=[0, 1, 2], upper=[7, 8, 9]).where(rows)
    assert (number.true.tolist(), number.lower.tolist(), number.upper.tolist(), number.n) == ([1, 3], [0, 2], [7, 9], 2)
    assert number.patient is None
    follow_up = survival([1, 2, 3], [1, 1, 0], [7, 8, 9]).where(rows)
    assert (follow_up.time.tolist(), follow_up.event.tolist(), follow_up.risk.tolist()) == ([1, 3], [1, 0], [7, 9])
    assert comparator("physician", [0.1, 0.2, 0.3]).where(rows).score.tolist() == [0.1, 0.3]
    assert comparator("physician", [0.1, 0.2, 0.3]).where(rows).n == 2
