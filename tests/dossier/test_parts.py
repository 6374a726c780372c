"""Numbers, characters, facts and figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from govern.dossier.context import _names, _once
from govern.dossier.facts import Facts
from govern.dossier.figures import draw
from govern.dossier.findings import Rule, rules
from govern.dossier.gaps import gap_groups
from govern.dossier.numbers import bounds, criterion, interval, number, readable
from govern.dossier.printable import printable, short
from govern.dossier.render import _sentence
from govern.dossier.signatures import Seal, signatures
from govern.types import Decision, Outcome, Record, Verdict
from tests.dossier.sample_record import record


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),  # noqa: RUF001
        (0.0, "0.000"),
        (0.84249, "0.842"),
        (-0.5, "−0.500"),  # noqa: RUF001
        (0.00012, "1.2e−04"),  # noqa: RUF001
        (123.456, "123.5"),
        (9105.0, "9,105"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


def test_interval_and_criterion() -> None:
    assert interval(0.71, 0.82) == "0.710 to 0.820"
    assert interval(None, None) == "–"  # noqa: RUF001
    assert criterion("lower >= 0.8 and upper <= 1.25") == "lower bound ≥\u00a00.8 and upper bound ≤\u00a01.25"
    assert bounds("lower >= 0.8 and upper <= 1.25") == (("≥", 0.8), ("≤", 1.25))
    assert bounds("") == ()
    assert readable("0.6 where >= 0.7 is required") == "0.6 where ≥ 0.7 is required"


def test_fonts_hold_what_the_templates_print() -> None:
    text = "≥ ≤ ± – — ′ ✓ ✗ ◇ ○ ! β × − “quoted” … · ÄÖÜß éèñ Łódź αλ"  # noqa: RUF001
    assert printable(text) == text


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\x00", "\u05d0", "\U0001f600", "\u4e2d", "\ufeff"])
def test_hidden_and_missing_characters_are_written_out(hidden: str) -> None:
    assert printable(f"a{hidden}b") == f"a[U+{ord(hidden):04X}]b"


def test_short_is_one_line() -> None:
    assert short("a\n b", 10) == "a b"
    assert short("x" * 50, 10) == "x" * 9 + "…"
    assert short("goals of care", 12) == "goals of…"


def test_facts_that_nobody_declared_are_missing() -> None:
    facts = Facts({"users": "  ", "limitations": ["", "a"], "owner": {"name": "", "email": ""}}, ["users", "sites"])
    assert facts.get("limitations").paragraphs == ("a",)
    assert [f.name for f in facts.missing()][:2] == ["users", "sites"]
    assert "owner" in [f.name for f in facts.missing()]
    assert facts.get("sites").label == "Sites"


def _by_id() -> dict[str, Rule]:
    return {r.id: r for r in rules(record())}


def test_every_finding_without_a_pass_is_a_gap() -> None:
    """Also one that the decision forgot to name."""
    forgetful = record(decision=Decision(verdict=Verdict.ALLOW))
    seal = Seal(
        signer="", fingerprint="", development=False, valid="", logged=True, time="", index="", size="", root=""
    )
    groups = gap_groups(forgetful, rules(forgetful), Facts({}, ()), seal, signatures(forgetful))
    listed = {row.id for group in groups for gap in group.gaps for row in gap.rows}
    assert listed == {f.id for f in forgetful.findings if f.outcome is not Outcome.PASS}


def _stopped() -> Record:
    """A record in which one unreadable column stopped every rule of performance."""
    found = tuple(
        replace(f, outcome=Outcome.ERROR, measurement=None, message="risk: scores are not numbers: 'high'")
        if f.family == "performance"
        else f
        for f in record().findings
    )
    blocking = tuple(f.id for f in found if f.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE))
    return record(findings=found, decision=Decision(verdict=Verdict.DENY, blocking=blocking))


def test_a_cause_is_told_once_with_the_rules_that_it_stops() -> None:
    stopped = _stopped()
    names = list(dict.fromkeys(f.rule for f in stopped.findings if f.family == "performance"))
    seal = Seal(
        signer="", fingerprint="", development=False, valid="", logged=True, time="", index="", size="", root=""
    )
    groups = gap_groups(stopped, rules(stopped), Facts({}, ()), seal, signatures(stopped))
    (told,) = [gap for group in groups for gap in group.gaps if "not numbers" in gap.why]
    assert told.what == f"{len(names)} rules"
    assert told.why.endswith(f"stops {len(names)} rules: {', '.join(names)}")
    rows = [row for rule in rules(stopped) for row in rule.open]
    (once,) = [row for row in _once(rows) if "not numbers" in row.message]
    assert once.id == f"{len(names)} rules"
    assert len(_once(rows)) == sum(row.finding.family != "performance" for row in rows) + 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("age band: 3 groups", "age band: 3 groups."),
        ("age bands differ", "Age bands differ."),
        ("p: scores are not numbers.", "p: scores are not numbers."),
        ("patients repeat", "Patients repeat."),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_unless_with_a_name(text: str, sentence: str) -> None:
    assert _sentence(text, names={"p", "age band"}) == sentence


def test_names_are_those_of_columns_inputs_and_declared_columns() -> None:
    told = record(system={"name": "x", "data": {"label": "died", "groups": {"ward": "w"}, "features": ["hgb"]}})
    names = _names(told)
    assert {"died", "ward", "hgb", *told.subject.inputs} <= names
    assert {c.name for d in told.datasets for c in d.columns} <= names
    assert "" not in names


@pytest.mark.parametrize("bars", [1, 2, 3])
@pytest.mark.parametrize("referred", [False, True])
def test_few_bars_have_room_beside_axis_criterion_and_legend(bars: int, referred: bool) -> None:
    """A drawing without room draws a warning, which is an error here."""
    found = []
    for finding in record().findings:
        measured = finding.measurement
        if measured is not None and measured.details.get("features"):
            features = [dict(f) for f in measured.details["features"][:bars]]
            features = [{**f, "reference": 0.3} for f in features] if referred else features
            measured = replace(measured, details={**measured.details, "features": features})
        found.append(replace(finding, measurement=measured))
    drawn = [f for rule in rules(record(findings=tuple(found))) for f in draw(rule)]
    assert any(f.columns[:1] == ("Feature",) for f in drawn)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("discrimination", "ROC curve: area 0.842 (95 % interval 0.826 to 0.858), n 2,276, 1,074 events"),
        ("precision", "Precision-recall curve: area 0.810"),
        ("calibration-slope", "predicted 0.960, observed 0.882"),
        ("sensitivity-by-group", "age_band = 80+ 0.550 (0.468 to 0.632), fail"),
        ("input-drift", "age 0.110; sex 0.093"),
        ("score-drift", "0.000 to 0.100: 0.100 then, 0.082 now"),
        ("explanations-stable", "Mean absolute attribution"),
        ("few-inputs-dominate", "The 12 largest of 20 are shown"),
        ("missing-values", "age 0.368"),
    ],
)
def test_figures_say_what_they_show(rule: str, says: str) -> None:
    (drawn,) = draw(_by_id()[rule])
    assert says.lower() in drawn.alt.lower()
    assert drawn.finding.startswith(rule)
    assert drawn.source.startswith("data:image/svg+xml;base64,")
    assert draw(_by_id()[rule])[0].source == drawn.source


def test_no_points_no_figure() -> None:
    for rule in ("overall-error", "equal-opportunity", "explanations-add-up", "no-shared-patients"):
        assert draw(_by_id()[rule]) == ()
