from __future__ import annotations

import pytest

from govern.checks.documentation.completeness import completeness
from govern.checks.inputs import Documentation

GOOD = "Predicts death within 180 days in adults in intensive care."


def measured(facts, required=None, **params):
    return completeness(Documentation(facts=facts, required=required or list(facts)), **params)


def test_an_exact_share_that_names_what_is_missing():
    facts = {"intended_use": GOOD, "users": "", "limitations": ["Not validated in children"]}
    found = measured(facts, ["intended_use", "users", "limitations", "human_oversight"])
    assert found.estimate == found.lower == found.upper == 0.5
    assert found.n == 4
    assert found.details["missing"] == ["users", "human_oversight"]
    assert "2 of 4 required facts are not declared" in found.message
    assert "users, human_oversight" in found.message


def test_all_there():
    found = measured({"intended_use": GOOD})
    assert found.estimate == 1
    assert found.details["missing"] == []


@pytest.mark.parametrize(
    "text",
    [
        None, "", "   ", "TODO", "todo", "[TODO]", "TBD.", "tbd", "...", "…", "n/a", "N/A.", "-", "--- --- ---",
        "none", "unknown", "xxx", "Lorem ipsum dolor sit amet, consectetur", "To be determined.",
        "to be confirmed", "(fill me in)", ["n/a"], ["none"], {"name": "n/a"},
        "TODO: describe who uses it", "The users are FIXME before release", "short text",
        "<describe the intended use here>", "[name of the person here]", [], ["TODO"],
        ["Not validated in children", ""], {}, {"name": "Jane Doe", "email": ""}, {"name": "TBD", "email": "a@b.c"},
        True,
    ],
)  # fmt: skip
def test_placeholders_do_not_count(text):
    assert measured({"fact": text}).estimate == 0


@pytest.mark.parametrize(
    "text",
    [
        GOOD, "No known limitations: studied in 9,105 patients.", "Ein Arzt prüft jede Warnung.", ["One", "Two"],
        "Se aplica a todo el hospital.", {"name": "Jane Doe", "organisation": "City Hospital", "email": "j@city.org"},
        "Not applicable, because the device has no network interface.", "Used <daily> by nurses.",
    ],
)  # fmt: skip
def test_facts_count(text):
    assert measured({"fact": text}).estimate == 1


def test_how_many_words_is_the_policys_to_say():
    assert measured({"fact": "City Hospital"}, words=2).estimate == 1
    assert measured({"fact": GOOD}, words=30).estimate == 0


def test_nothing_required_is_never_a_pass():
    found = completeness(Documentation(facts={"intended_use": GOOD}, required=[]))
    assert found.estimate is None
    assert not found.sufficient


def test_a_fact_required_twice_counts_once():
    assert measured({"a": GOOD}, ["a", "a", "b"]).estimate == 0.5


@pytest.mark.parametrize("value", [True, False, 0, "device", "2026-11-24"])
def test_a_fact_whose_answer_is_a_word_is_declared_by_it(value):
    from govern import declared

    kinds = {f.kind: f.id for f in declared.load().facts.values()}
    name = kinds[{bool: "yes_no", int: "number"}.get(type(value), "choice")]
    assert measured({name: value}).estimate == 1
    assert measured({name: None}).estimate == 0
    assert measured({name: ""}).estimate == 0
