"""What each kind of fact holds, and how a person is told that something else was written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from govern.declared.catalogue import Fact
from govern.declared.values import LONGEST, MOST, WrongError, blank, recorded

TABLE = {"hazard": "What can go wrong", "harm": "To whom"}


def fact(kind: str) -> Fact:
    more: dict[str, Any] = {"choices": ("low", "high")} if kind == "choice" else {}
    return Fact(id="one", group="g", label="One", ask="?", kind=kind, columns=TABLE if kind == "table" else {}, **more)


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("text", "  Wards.\n\nAnd homes. ", "Wards.\n\nAnd homes."),
        ("text", "x" * LONGEST, "x" * LONGEST),
        ("list", ["a ", "", "b"], ["a", "b"]),
        ("table", [{"harm": 3, "hazard": "a"}, {"hazard": "", "harm": None}], [{"hazard": "a", "harm": "3"}]),
        ("choice", "high", "high"),
        ("yes_no", "Yes", True),
        ("yes_no", False, False),
        ("date", "2026-02-28", "2026-02-28"),
        ("number", 0, 0),
        ("number", 0.25, 0.25),
        ("document", {"title": "Plan", "version": "1.10", "date": ""}, {"title": "Plan", "version": "1.10"}),
        ("owner", {"name": "Ada"}, {"name": "Ada", "organisation": "", "email": ""}),
    ],
)
def test_what_is_right_is_kept(kind: str, written: Any, kept: Any) -> None:
    assert recorded(fact(kind), written) == kept
    assert not blank(kept)


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        ("text", 1.1, 'a text was expected, found the number 1.1: put it in quotes: "1.1"'),
        ("text", True, "found yes (true)"),
        ("text", "x" * (LONGEST + 1), "20,001 characters; at most 20,000"),
        ("text", ["a"], "found a list of 1"),
        ("list", "a", "a list was expected, found 'a': write one item a line"),
        ("list", ["a", {"b": "c"}], "item 2: a text was expected"),
        ("list", ["a"] * (MOST + 1), "501 items"),
        ("table", [{"hazard": "a", "harms": "b"}], "row 1: unknown key 'harms': did you mean 'harm'?"),
        ("table", [{"hazard": "a", "harm": "b"}, {"hazard": "c"}], "row 2: harm is not filled in"),
        ("choice", "hihg", "found 'hihg': did you mean 'high'?"),
        ("choice", 1, "write one of: low, high"),
        ("yes_no", "perhaps", "yes or no was expected"),
        ("yes_no", 1, "yes or no was expected"),
        ("date", "2026-02-30", "a date was expected"),
        ("date", "28.2.2026", "year-month-day"),
        ("number", "12", "a number was expected, found '12'"),
        ("number", True, "a number was expected"),
        ("number", float("nan"), "a number was expected"),
        ("document", {"reference": "RM-1"}, "title is not filled in"),
        ("document", "RM-1", "an entry with keys was expected"),
        ("document", {"title": "a", "version": 1.1}, "put it in quotes"),
        ("document", {"title": "a", "date": "May"}, "date: a date was expected"),
        ("document", {"title": "a", "sha256": "AB"}, "64 hexadecimal"),
        ("owner", {"nam": "Ada"}, "did you mean 'name'?"),
    ],
)
def test_what_is_wrong_is_told(kind: str, written: Any, said: str) -> None:
    with pytest.raises(WrongError) as caught:
        recorded(fact(kind), written)
    assert re.search(re.escape(said), f"{caught.value.message}: {caught.value.hint}")


@pytest.mark.parametrize("nothing", [None, "", " \n", [], [""], [{"a": None}], {"a": "", "b": []}])
def test_what_is_not_filled_in_is_blank(nothing: object) -> None:
    assert blank(nothing)


@pytest.mark.parametrize("something", [0, False, "a", [0], {"a": {"b": "c"}}])
def test_what_says_something_is_not_blank(something: object) -> None:
    assert not blank(something)
