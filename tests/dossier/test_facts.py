"""What templates see of declared facts."""

from __future__ import annotations

from typing import Any

import pytest

from govern import declared
from govern.declared import CORE
from govern.dossier.facts import Facts

KNOWN = declared.load().facts


def of(kind: str) -> str:
    return next(name for name, fact in KNOWN.items() if fact.kind == kind)


def test_each_kind_is_there_as_templates_print_it() -> None:
    table, document = of("table"), of("document")
    columns = tuple(KNOWN[table].columns)
    system: dict[str, Any] = {
        table: [{name: f"{name} {row}" for name in reversed(columns)} for row in "12"],
        document: {"title": "Plan", "version": "2", "date": "2026-11-20"},
        of("yes_no"): False,
        "limitations": ["a", "b"],
        "owner": {"name": "Ada", "organisation": "", "email": "a@b"},
        "users": "One.\n\nTwo.",
    }
    facts = Facts(system, ())
    assert facts.get(table).columns == columns
    assert facts.get(table).rows == tuple(tuple(f"{name} {row}" for name in columns) for row in "12")
    assert len(facts.get(table).paragraphs) == 2
    assert facts.get(table).items == ()
    assert facts.get(document).paragraphs == ("Plan, version 2, dated 2026-11-20",)
    assert dict(facts.get(document).parts)["version"] == "2"
    assert facts.get(of("yes_no")).paragraphs == ("No",)
    assert facts.get(of("yes_no")).value is False
    assert facts.get("limitations").items == facts.get("limitations").paragraphs == ("a", "b")
    assert facts.get("owner").paragraphs == ("Name: Ada", "Email: a@b")
    assert facts.get("users").paragraphs == ("One.", "Two.")
    assert facts.get("users").label == KNOWN["users"].label
    assert not facts.get("population").declared


def test_numbers_have_their_unit() -> None:
    name = next((n for n, f in KNOWN.items() if f.kind == "number" and f.unit), None)
    if name is None:
        pytest.skip("no fact of the catalogue has a unit")
    assert Facts({name: 0}, ()).get(name).paragraphs == (f"0 {KNOWN[name].unit}",)


def test_who_said_it_and_what_the_public_sees() -> None:
    said = {"users": {"by": "Ada", "on": "2026-11-20", "valid_until": "2027-11-20", "public": True}}
    facts = Facts({"users": "Nurses.", "population": "Adults.", "declared": {**said, "risks": {"public": True}}}, ())
    assert facts.get("users").said == "by Ada on 2026-11-20, valid until 2027-11-20"
    assert facts.get("population").said == ""
    assert [f.name for f in facts.public()] == ["users"]
    assert facts.get("users") in facts.group(KNOWN["users"].group)
    assert facts.group("nothing") == ()


def test_what_does_not_apply_is_printed_and_not_missing() -> None:
    absent = {"limitations": {"reason": "None known.", "person": "Ada", "on": "2026-11-20"}, "users": {"reason": "x"}}
    facts = Facts({"limitations": [], "not_applicable": absent}, ["limitations"])
    found = facts.get("limitations")
    assert found.paragraphs == ("Not applicable: None known (said by Ada).",)
    assert (found.not_applicable, found.by, found.on) == ("None known.", "Ada", "2026-11-20")
    missing = [f.name for f in facts.missing()]
    assert "limitations" not in missing
    assert "users" in missing  # nobody says that it does not apply


def test_only_what_is_required_or_asked_everywhere_is_named_as_missing() -> None:
    other = of("table")
    facts = Facts({"name": "a", "users": "Nurses."}, [other])
    assert [f.name for f in facts.missing()] == [other, *(name for name in CORE if name != "users")]
    assert facts.others_missing == len(KNOWN) - 1 - len(CORE) - 1
    assert facts.get(other).required


@pytest.mark.parametrize(
    "value", ["text", 3, True, ["a", {"b": "c"}], [{"x": "y"}], {"title": {"a": 1}}, {"a": ["b"]}, [["a"]], 1.5]
)
@pytest.mark.parametrize("kind", ["text", "table", "list", "document", "yes_no"])
def test_evidence_of_another_shape_is_printed_all_the_same(kind: str, value: object) -> None:
    found = Facts({of(kind): value, "declared": "x", "not_applicable": [1]}, ()).get(of(kind))
    assert found.paragraphs
    assert all(isinstance(p, str) and p for p in found.paragraphs)
    assert all(len(row) == len(found.columns) for row in found.rows)
