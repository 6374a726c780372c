"""The catalogue that comes with govern is whole, quick to load, and its files are read strictly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from govern.declared import CORE, compiled, load
from govern.declared.catalogue import read
from govern.errors import PolicyError

GOOD = """\
schema: govern/facts/1
group: small
title: Small
facts:
  - id: first
    label: First
    ask: What is the first?
    kind: text
    controls: [K02]
  - id: rows
    label: Rows
    ask: Which rows?
    kind: table
    columns: {hazard: What can go wrong}
"""


@pytest.fixture
def shipped(repository: Path) -> Path:
    return repository / "policies" / "regulations" / "facts"


def test_facts_of_today_keep_their_meaning() -> None:
    kinds = {name: load().facts[name].kind for name in ("name", *CORE)}
    assert kinds.pop("limitations") == "list"
    assert kinds.pop("owner") == "owner"
    assert set(kinds.values()) == {"text"}


def test_the_json_form_is_fresh_and_says_the_same(shipped: Path) -> None:
    assert compiled.file(shipped).read_text() == compiled.compiled(shipped), "run `make docs`"
    assert compiled.load(shipped) == read(shipped)


def test_an_old_or_damaged_json_form_is_not_believed(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    shutil.copytree(shipped, folder)
    file = shutil.copy(compiled.file(shipped), compiled.file(folder))
    assert compiled.load(folder) is not None
    with (folder / "risk.yaml").open("a") as stream:
        stream.write("# a word more\n")
    assert compiled.load(folder) is None
    (folder / "risk.yaml").unlink()
    assert compiled.load(folder) is None
    Path(file).write_text("{")
    assert compiled.load(folder) is None


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(GOOD)
    found = read(tmp_path)
    assert list(found.facts) == ["first", "rows"]
    assert found.group("small").facts[1].columns == {"hazard": "What can go wrong"}
    with pytest.raises(PolicyError, match="no group of facts 'smal'") as caught:
        found.group("smal")
    assert "'small'" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("kind: text", "kind: txt", 8, "unknown kind 'txt'"),
        ("label: First", "labl: First", 6, "unknown key 'labl'"),
        ("id: rows", "id: first", 10, "also at"),
        ("id: first", "id: First", 5, "snake_case"),
        ("id: first", "id: declared", 5, "word of the file format"),
        ("K02", "K2", 9, "unknown control 'K2'"),
        ("    columns: {hazard: What can go wrong}\n", "", 10, "a table needs columns"),
        ("kind: text", "kind: text\n    choices: [a]", 9, "only a choice has choices"),
        ("ask: What is the first?", "ask: ''", 7, "a text was expected"),
        ("group: small", "group: other", 2, "its file small.yaml"),
        ("facts/1", "facts/2", 1, "schema is"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    (tmp_path / "small.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(PolicyError, match=said) as caught:
        read(tmp_path)
    assert f"small.yaml:{line}:" in caught.value.message


def test_the_schema_of_editors_is_fresh(repository: Path) -> None:
    from govern.declared.schema import schema

    kept = json.loads((repository / "policies" / "regulations" / "facts.schema.json").read_text())
    assert kept == schema(), "run `make docs`"
