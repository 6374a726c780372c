"""The shipped catalogues hold together, and the linter finds what does not."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern import declared
from govern.checks import catalogue as checked
from govern.errors import InputError
from govern.regulations.catalogue import folder, load
from govern.regulations.coverage import PROFILE_FACT
from govern.regulations.lint import lint
from govern.regulations.model import Force, Kind
from govern.regulations.reference import reference
from tests.forbidden import claims


def test_the_shipped_catalogues_hold_together() -> None:
    assert lint(checks=checked.names()) == []


def test_every_clause_of_both_maps_is_there() -> None:
    catalogue = load()
    count = {i.id: len(i.clauses) for i in catalogue.instruments.values()}
    assert sum(count.values()) == len(catalogue.clauses) == 545
    assert count["hti-1"] >= 31
    assert count["tripod-ai"] == 52
    by_region = {r: sum(len(i.clauses) for i in catalogue.region(r)) for r in ("eu", "us")}
    assert by_region == {"eu": 251, "us": 294}


def test_every_control_is_reached_and_every_kind_has_its_source() -> None:
    catalogue = load()
    assert {c for clause in catalogue.clauses.values() for c in clause.controls} == set(catalogue.controls)
    for clause in catalogue.clauses.values():
        needs = {Kind.COMPUTED: clause.computed, Kind.DECLARED: clause.declared, Kind.SIGNED: clause.signed}
        assert {kind for kind, ids in needs.items() if ids} == set(clause.kinds), clause.id


def test_every_profile_can_be_declared() -> None:
    known = declared.load().facts
    for region, fact in PROFILE_FACT.items():
        assert set(known[fact].choices) == {p.id for p in load().profiles.values() if p.region == region}


def test_a_draft_is_labelled_wherever_it_is_cited() -> None:
    drafts = [c for c in load().clauses.values() if c.force is Force.DRAFT]
    assert len(drafts) > 100
    assert all(c.cited.endswith("(draft, January 2025)") for c in drafts if c.instrument == "fda-ai-dsf")
    assert all(c.label for c in drafts)


def test_what_was_not_read_in_a_text_is_marked() -> None:
    remembered = [c for c in load().clauses.values() if c.from_memory]
    assert 30 < len(remembered) < 80
    assert all("memory" in c.confirmed for c in remembered)


def test_nothing_in_the_catalogues_claims_too_much() -> None:
    assert {text: claims(text) for text in _texts() if claims(text)} == {}


def test_the_search_for_claims_finds_them() -> None:
    for text in (
        "The file is Part 11 compliant.",
        "an FDA-approved device",
        "It conforms to Annex IV",
        "PHI-free data",
    ):
        assert claims(text), text
    assert claims("not FDA authorised, and how compliance is kept") == []


def test_what_is_broken_in_a_catalogue_is_named(tmp_path: Path) -> None:
    root = tmp_path / "regulations"
    shutil.copytree(folder(), root)
    probes, clauses = root / "probes.yaml", root / "gmlp.yaml"
    probes.write_text(probes.read_text().replace("performance.net_benefit", "performance.net_gain", 1))
    clauses.write_text(clauses.read_text().replace("controls: [K", "controls: [KX", 1))
    found = lint(root, checks=checked.names())
    assert any("performance.net_gain" in text for text in found)
    assert any("KX" in text for text in found)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("force: ", "forces: ", "govern/regulation/1"),
        ("    requirement: ", "    asks: ", "asks"),
        ("id: gmlp\n", "id: gmpl\n", "gmpl"),
    ],
    ids=["head", "clause", "name"],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    root = tmp_path / "regulations"
    shutil.copytree(folder(), root)
    path = root / "gmlp.yaml"
    path.write_text(path.read_text().replace(before, after, 1))
    with pytest.raises(InputError) as refused:
        load(root)
    assert said in refused.value.message


def _texts() -> Iterator[str]:
    catalogue = load()
    for part in (catalogue.probes, catalogue.signatures, catalogue.profiles, catalogue.controls, catalogue.clauses):
        for value in part.values():
            yield json.dumps(dataclasses.asdict(value), default=str, ensure_ascii=False)
    for instrument in catalogue.instruments.values():
        yield f"{instrument.title} {instrument.version} {instrument.label} {'; '.join(instrument.groups.values())}"
    yield json.dumps(dict(catalogue.facts), ensure_ascii=False)


def test_the_page_is_up_to_date(repository: Path) -> None:
    assert (repository / "docs" / "regulations.md").read_text(encoding="utf-8") == reference(), "run `make docs`"
