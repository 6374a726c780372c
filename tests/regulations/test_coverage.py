"""States of clauses, from what evidence holds, what people declared and what they signed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from govern.errors import PolicyError
from govern.evidence.bundle import Bundle
from govern.regulations.answer import combined
from govern.regulations.catalogue import load
from govern.regulations.coverage import Coverage, Current, coverage, facts_digest
from govern.regulations.model import Kind, State
from govern.regulations.named import instruments
from govern.regulations.record import groups_of
from govern.types import Outcome, Record
from tests.evidence.samples import finding, people, record, signed

TODAY = date(2026, 11, 24)
Make = Callable[..., Bundle]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return evidence of the sample record with some of it changed, signed and logged."""
    who = people(tmp_path_factory.mktemp("people")).author

    def made(system: dict[str, Any] | None = None, **changes: Any) -> Bundle:
        folder = tmp_path_factory.mktemp("evidence")
        what = record()
        if system is not None:
            changes["system"] = {**what.system, **system}
        return signed(folder, who, log=folder / "log.db", what=dataclasses.replace(what, **changes))

    return made


def us(bundle: Bundle, **how: Any) -> Coverage:
    return coverage(bundle, "us", today=TODAY, **how)


def answer(found: Coverage, clause: str, need: str) -> Any:
    return next(a for a in found.by_clause[clause].answers if a.need == need)


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ((), State.NOT_RUN),
        ((State.PASS, State.DECLARED, State.SIGNED), State.PASS),
        ((State.DECLARED, State.SIGNED), State.SIGNED),
        ((State.DECLARED, State.NOT_APPLICABLE), State.DECLARED),
        ((State.NOT_APPLICABLE,), State.NOT_APPLICABLE),
        ((State.PASS, State.INCONCLUSIVE), State.INCONCLUSIVE),
        ((State.INCONCLUSIVE, State.NOT_RUN), State.NOT_RUN),
        ((State.NOT_RUN, State.STALE), State.STALE),
        ((State.STALE, State.FAIL), State.FAIL),
    ],
)
def test_the_worst_need_decides(states: tuple[State, ...], whole: State) -> None:
    assert combined(states) is whole
    assert combined(reversed(states)) is whole


def test_what_was_measured_and_met_its_criterion_passes(make: Make) -> None:
    told = answer(us(make()), "aidsf-c-6", "perf.calibration")
    assert told.state is State.PASS
    assert told.findings == ("calibrated",)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.FAIL, State.FAIL),
        (Outcome.INCONCLUSIVE, State.INCONCLUSIVE),
        (Outcome.ERROR, State.NOT_RUN),
        (Outcome.NOT_AVAILABLE, State.NOT_RUN),
    ],
)
def test_a_finding_that_does_not_pass_is_never_a_pass(make: Make, outcome: Outcome, state: State) -> None:
    findings = (finding("fair"), finding("calibrated", outcome), finding("steady"), finding("explained"))
    assert answer(us(make(findings=findings)), "aidsf-c-6", "perf.calibration").state is state


def test_what_no_rule_measures_was_not_run(make: Make) -> None:
    told = answer(us(make()), "aidsf-xa-2", "robust.perturb")
    assert told.state is State.NOT_RUN
    assert told.why == "No rule of the policy measures it."


def test_a_rule_without_a_finding_was_not_run(make: Make) -> None:
    told = answer(us(make(findings=(finding("fair"),))), "aidsf-c-6", "perf.calibration")
    assert told.state is State.NOT_RUN


def test_a_declared_fact_never_answers_a_computed_need(make: Make) -> None:
    """Everything that can be declared is, and no computed need changes."""
    everything = dict.fromkeys(load().facts, "said")
    before, after = us(make()), us(make(everything | {"eu_profile": "", "us_profile": ""}))
    computed = {(c.clause.id, a.need): a.state for c in before.covered for a in c.answers if a.kind is Kind.COMPUTED}
    for c in after.covered:
        for a in c.answers:
            if a.kind is Kind.COMPUTED and a.need != "text.ai_statement":
                assert a.state is computed[c.clause.id, a.need], (c.clause.id, a.need)
            if a.kind is Kind.DECLARED and a.need not in ("eu_profile", "us_profile"):
                assert a.state is State.DECLARED
    assert not any(c.state is State.PASS for c in after.covered if not c.clause.computed)


def test_a_fact_whose_time_is_over_is_stale(make: Make) -> None:
    for until, state in (("2026-11-24", State.DECLARED), ("2026-11-23", State.STALE)):
        said = {"users": "Nurses", "declared": {"users": {"by": "Dr A", "on": "2025-11-24", "valid_until": until}}}
        assert answer(us(make(said)), "aidsf-v-4", "users").state is state


def test_not_applicable_needs_reason_and_name(make: Make) -> None:
    whole = {"reason": "No users besides the author", "person": "Dr A"}
    for said, state in ((whole, State.NOT_APPLICABLE), ({**whole, "person": ""}, State.NOT_RUN)):
        found = us(make({"not_applicable": {"aidsf-v-4": said}, "users": ""}))
        assert found.by_clause["aidsf-v-4"].state is state
    assert "Dr A" in us(make({"not_applicable": {"aidsf-v-4": whole}})).by_clause["aidsf-v-4"].why


def test_evidence_of_another_present_is_stale(make: Make) -> None:
    bundle = make()
    same = Current(
        model=bundle.record.subject.sha256,
        policy=str(bundle.record.policy["sha256"]),
        facts=facts_digest(dict(bundle.record.system)),
    )
    fresh = us(bundle, current=same)
    assert fresh.counts()[State.STALE] == 0
    for changed in ("model", "policy", "facts"):
        found = us(bundle, current=dataclasses.replace(same, **{changed: "0" * 64}))
        states = {a.state for c in found.covered for a in c.answers if a.kind is Kind.COMPUTED}
        assert states <= {State.STALE, State.NOT_RUN}
        assert found.counts()[State.STALE] > 0
        assert found.counts()[State.PASS] == 0


def test_expired_evidence_is_stale(make: Make) -> None:
    bundle = make()
    assert coverage(bundle, "us", today=date(2036, 1, 1)).counts()[State.STALE] > 0


def test_every_clause_is_counted_once(make: Make) -> None:
    catalogue = load()
    for region in ("eu", "us"):
        total = sum(len(i.clauses) for i in catalogue.region(region))
        for profile in (p.id for p in catalogue.profiles.values() if p.region == region):
            found = coverage(make(), region, profile, today=TODAY)
            assert sum(found.counts().values()) == len(found.covered) == total - found.outside
            assert set(found.blocking()) == {
                c for c in found.covered if c.state in (State.FAIL, State.STALE, State.NOT_RUN)
            }


def test_the_profile_is_asked_for_declared_or_the_default(make: Make) -> None:
    declared = make({"eu_profile": "annexIII-healthcare"})
    assert coverage(declared, "eu", today=TODAY).profile.id == "annexIII-healthcare"
    assert coverage(declared, "eu", "device-high-risk", today=TODAY).chosen == "asked for"
    assert "default" in coverage(make(), "eu", today=TODAY).chosen
    with pytest.raises(PolicyError) as refused:
        coverage(declared, "eu", "device-hihg-risk", today=TODAY)
    assert "device-high-risk" in str(refused.value.hint)


def test_duties_that_begin_later_say_from_when(make: Make) -> None:
    found = coverage(make(), "eu", "device-high-risk", today=TODAY).by_clause
    assert found["ai-act-art-9-8"].applies_from == date(2028, 8, 2)
    other = coverage(make(), "eu", "annexIII-healthcare", today=TODAY).by_clause
    assert other["ai-act-art-9-8"].applies_from == date(2027, 12, 2)


def test_regulations_are_found_by_region_name_and_first_word() -> None:
    catalogue = load()
    assert instruments(catalogue, "us") == ("us", ())
    assert instruments(catalogue, "fda") == ("us", ("fda-ai-dsf", "fda-pccp"))
    assert instruments(catalogue, "eu-ai-act") == ("eu", ("eu-ai-act",))
    with pytest.raises(PolicyError) as refused:
        instruments(catalogue, "eu-ai-atc")
    assert "eu-ai-act" in str(refused.value.hint)


def test_equal_evidence_gives_equal_coverage(tmp_path: Path, make: Make) -> None:
    bundle: Bundle = make()
    assert us(bundle).covered == us(bundle).covered
    kept: Record = bundle.record
    assert kept == bundle.record


def test_a_reading_of_uncertain_outcomes_is_no_group() -> None:
    """A finding for everybody, made in each reading, does not answer what is asked by group."""
    read = dataclasses.replace(finding("calibrated"), slice={"reading": "equivocal as the event"})
    assert groups_of(read) == set()
    assert groups_of(dataclasses.replace(read, slice={"sex*race": "female, black", "reading": "x"})) == {"sex", "race"}
