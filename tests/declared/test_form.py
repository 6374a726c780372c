"""A form asks every open question once, reads as nothing declared, and what is filled in is kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from govern import declared, strict_yaml
from govern.declared import form
from govern.declared.catalogue import Fact
from govern.declared.review import by_clause, doubts, missing
from tests.declared.conftest import Declare

ALL = declared.load()
FILLED = {
    "text": "Text: with a colon, # and 'quotes'.\n\nA second paragraph.",
    "list": ["first", "second"],
    "yes_no": True,
    "date": "2026-11-20",
    "number": 0.5,
    "document": {"title": "Plan", "version": "2"},
    "owner": {"name": "Ada", "organisation": "", "email": ""},
}


def write(root: Path, *groups: str) -> dict[Path, int]:
    project = strict_yaml.read(root / "govern.yaml")
    return form.write(project, root, declared.read(project, root), [ALL.group(g) for g in groups])


def everything(root: Path) -> dict[Path, int]:
    return write(root, *(g.id for g in ALL.groups))


def filled(fact: Fact) -> object:
    if fact.kind == "choice":
        return fact.choices[-1]
    if fact.kind == "table":
        return [{name: f"{name} {row}" for name in fact.columns} for row in (1, 2)]
    return FILLED[fact.kind]


def by_hand(text: str, fact: Fact) -> str:
    """Write an answer where the form leaves room for it, as a person would."""
    value = filled(fact)
    head = f"\n  {fact.id}:"
    assert text.count(head) == 1
    before, after = text.split(head)
    body, separator, rest = after.partition("\n\n")
    if fact.kind == "text":
        return f"{before}{head} |-\n    " + str(value).replace("\n\n", "\n\n    ") + separator + rest
    if isinstance(value, list) and fact.kind == "list":
        body = body.replace("- ", f"- {value[0]}\n    - {value[1]}", 1)
    elif isinstance(value, list):
        row = "\n".join(line.split("#")[0].rstrip() for line in body.strip("\n").splitlines())
        for name in fact.columns:
            row = row.replace(f"{name}:", f"{name}: {name} @", 1)
        body = "\n" + "\n".join(row.replace("@", number) for number in "12")
    elif isinstance(value, dict):
        for key, part in value.items():
            body = body.replace(f'{key}: ""', f'{key}: "{part}"')
    else:
        body = f" {'yes' if value is True else value}{body}"
    return before + head + body + separator + rest


def test_an_empty_form_declares_nothing_and_every_question_is_in_it(declare: Declare, tmp_path: Path) -> None:
    declare()
    written = everything(tmp_path)
    assert sum(written.values()) == len(ALL.facts) - 1  # the name is declared
    found = declared.read(strict_yaml.read(tmp_path / "govern.yaml"), tmp_path)
    assert list(found.facts) == ["name"]
    assert not found.problems
    text = " ".join((tmp_path / "facts" / "risk.yaml").read_text().replace("#", "").split())
    assert all(" ".join(fact.ask.split()) in text for fact in ALL.group("risk").facts)


def test_every_form_can_be_filled_in_by_hand(declare: Declare, tmp_path: Path) -> None:
    declare()
    for path in everything(tmp_path):
        text = path.read_text()
        for fact in ALL.group(path.stem).facts:
            text = text if fact.id == "name" else by_hand(text, fact)
        path.write_text(text)
    found = declared.read(strict_yaml.read(tmp_path / "govern.yaml"), tmp_path)
    assert not found.problems
    assert {f: d.value for f, d in found.facts.items()} == {
        f.id: "small" if f.id == "name" else filled(f) for f in ALL.facts.values()
    }


def test_forms_hold_to_the_schema_which_lies_beside_them(declare: Declare, tmp_path: Path) -> None:
    declare()
    paths = list(everything(tmp_path))
    first = paths[0].read_text().splitlines()[0]
    schema = json.loads((tmp_path / "facts" / first.removeprefix("# yaml-language-server: $schema=")).read_text())
    valid = jsonschema.Draft202012Validator(schema)
    for path in paths:
        valid.validate(strict_yaml.read(path).value)
    good = {"schema": "govern/declared/1", "facts": {"users": {"value": "a", "valid_until": "2027-01-01"}}}
    valid.validate(good)
    for bad in ({"usrs": "a"}, {"users": 3}, {"users": {"value": "a", "untill": "b"}}, {"limitations": "a"}):
        assert list(valid.iter_errors({**good, "facts": bad}))


def test_what_is_declared_is_not_asked_and_not_touched(declare: Declare, tmp_path: Path) -> None:
    kept = "by: Dr A.   # me\nfacts:\n    use_environment: Wards.\n    users: Nurses.\npublic: [users]\n"
    declare(interface=kept)
    before = (tmp_path / "facts" / "interface.yaml").read_text()
    (count,) = write(tmp_path, "interface").values()
    after = (tmp_path / "facts" / "interface.yaml").read_text()
    assert count == len([f for f in ALL.group("interface").facts if f.id not in ("use_environment", "users")])
    assert after.startswith(before.partition("public")[0])
    assert after.endswith("public: [users]\n")
    found = declared.read(strict_yaml.read(tmp_path / "govern.yaml"), tmp_path)
    assert not found.problems
    assert found.facts.keys() == {"name", "use_environment", "users"}
    assert write(tmp_path, "interface") == {tmp_path / "facts" / "interface.yaml": 0}
    assert (tmp_path / "facts" / "interface.yaml").read_text() == after
    write(tmp_path, "intended_use")
    assert "\n  users:" not in (tmp_path / "facts" / "intended_use.yaml").read_text()


@pytest.mark.parametrize("text", ["schema: govern/declared/1", "schema: govern/declared/1\nfacts:"])
def test_a_file_without_facts_is_added_to(declare: Declare, tmp_path: Path, text: str) -> None:
    declare(risk="")
    (tmp_path / "facts" / "risk.yaml").write_text(text)
    write(tmp_path, "risk")
    assert list(strict_yaml.read(tmp_path / "facts" / "risk.yaml").value["facts"]) == [
        f.id for f in ALL.group("risk").facts
    ]


def test_what_is_missing_is_known_by_clause(declare: Declare) -> None:
    found = declare("users: Nurses.", more="not_applicable:\n  c-3: {reason: a, person: b}\n")
    clauses = {"c-1": ["users"], "c-2": ["users", "population"], "c-3": ["population"]}
    assert {c: [f.id for f in facts] for c, facts in by_clause(found, clauses, ALL).items()} == {"c-2": ["population"]}
    assert "users" not in [f.id for f in missing(found, ALL.facts.values())]


def test_what_a_person_should_look_at_again_is_told(declare: Declare) -> None:
    secret = next(f.id for f in ALL.facts.values() if not f.public and f.kind == "text")
    found = declare(
        "users: {value: a, valid_until: 2026-11-20}\npopulation: {value: a, on: 2026-11-22}\n"
        f"{secret}: {{value: a, public: true}}"
    )
    assert not found.problems
    told = list(doubts(found, ALL, date(2026, 11, 21)))
    assert len(told) == 3
    assert not list(doubts(declare("users: {value: a, valid_until: 2026-11-21}"), ALL, date(2026, 11, 21)))
