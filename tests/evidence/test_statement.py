"""What ``docs/predicate.md`` says of the predicate is what is written and what is refused."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.evidence import bundle, statement
from govern.types import Record, Subject
from tests.evidence.samples import DIGEST, people, record


def stated(what: Record) -> dict[str, Any]:
    contents = {name: DIGEST.encode() for name in bundle.BOUND}
    value: dict[str, Any] = json.loads(statement.payload(what, contents))
    return value


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest) -> str:
    return (request.config.rootpath / "docs" / "predicate.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blocks(page: str) -> tuple[dict[str, Any], dict[str, Any]]:
    schema, example = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    return schema, example


def problems(schema: dict[str, Any], predicate: Any) -> list[str]:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)
    return [e.message for e in Draft202012Validator(schema).iter_errors(predicate)]


def test_the_example_is_what_is_written(blocks: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path) -> None:
    written = bundle.write(record(), tmp_path / "evidence", people(tmp_path).author)
    digest = re.compile(r"[0-9a-f]{64}")  # each changes with any file; that they are there does not
    stated, told = canonical.dumps(written.statement).decode(), canonical.dumps(blocks[1]).decode()
    assert digest.sub("SHA-256", told) == digest.sub("SHA-256", stated)


@pytest.mark.parametrize("name", ["sepsis", None])
def test_what_is_written_fits_the_schema(blocks: tuple[dict[str, Any], dict[str, Any]], name: str | None) -> None:
    bare = dataclasses.replace(
        record(name=name),
        subject=Subject(kind="predictions", name="Vendor", uri="p.csv", sha256=DIGEST, files=(), version="2"),
        environment=dataclasses.replace(record().environment, git_commit=None, git_dirty=None, lock_sha256=None),
    )
    for what in (record(name=name), bare):
        assert problems(blocks[0], stated(what)["predicate"]) == []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from leaves(item, (*path, key))


def test_a_field_more_or_less_does_not_fit_the_schema(blocks: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, example = blocks
    tried = 0
    for *path, last in leaves(example["predicate"]):
        if isinstance(last, int) or path == ["checks"]:
            continue  # a list may be shorter, and a policy may name other checks
        changed = copy.deepcopy(example["predicate"])
        at = changed
        for key in path:
            at = at[key]
        del at[last]
        assert problems(schema, changed), (*path, last)
        at["another"] = 1
        at[last] = "x"
        assert problems(schema, changed), (*path, last)
        tried += 1
    assert tried > 30


def test_the_page_names_every_field_and_every_file(page: str) -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert told == set(stated(record())["predicate"])
    for name in bundle.NAMES - set(bundle.BOUND) - {bundle.STATEMENT}:
        assert f"`{name}`" in page
    assert statement.PREDICATE_TYPE in page


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"registered_name": "other"},
        lambda r: {"subject": dataclasses.replace(r.subject, sha256="cd" * 32)},
        lambda r: {"datasets": (dataclasses.replace(r.datasets[0], git_revision="abc"),)},
        lambda r: {"datasets": (dataclasses.replace(r.datasets[0], dvc_md5="1" * 32),)},
        lambda r: {"policy": {**r.policy, "sha256": DIGEST}},
        lambda r: {"policy": {**r.policy, "evidence": {"valid_days": 30}}},
        lambda r: {"decision": dataclasses.replace(r.decision, blocking=("fair",))},
        lambda r: {"environment": dataclasses.replace(r.environment, git_dirty=True)},
        lambda r: {"environment": dataclasses.replace(r.environment, git_commit="abc")},
        lambda r: {"environment": dataclasses.replace(r.environment, lock_sha256="cd" * 32)},
        lambda r: {"environment": dataclasses.replace(r.environment, checks={"drift.psi": "cd" * 32})},
        lambda r: {"environment": dataclasses.replace(r.environment, seed=7)},
    ],
)
def test_each_fact_is_in_the_statement_itself(change: Any) -> None:
    """Not only through the files' digests, which are equal here: a reader of the statement alone sees it."""
    assert stated(dataclasses.replace(record(), **change(record()))) != stated(record())
