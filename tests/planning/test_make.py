"""The plan of a whole policy: assumptions, groups, simulation, what is never enough and what is not planned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.errors import PolicyError
from govern.planning.assumptions import STATED, Assumed, Study, read_expected, read_groups
from govern.planning.make import plan
from govern.planning.need import NEVER, NOT_PLANNED, PLANNED, Need, Plan
from govern.planning.report import as_json, markdown, totals
from govern.planning.search import rows_for
from tests.planning.rules import policy

AUROC = {"id": "discrimination", "check": "performance.auroc", "accept": {"lower": ">= 0.7"}, "min_events": 100}
SENSITIVITY = {
    "id": "sensitivity",
    "check": "performance.sensitivity",
    "params": {"threshold": 0.3},
    "accept": {"lower": ">= 0.75"},
}
BY_SEX = {**SENSITIVITY, "id": "by-sex", "by": ["sex"], "accept": {"lower": ">= 0.6"}, "insufficient": "limit"}
GAP = {
    "id": "gap",
    "check": "bias.equal_opportunity",
    "params": {"threshold": 0.3},
    "by": ["sex"],
    "accept": {"upper": "<= 0.1"},
    "min_events": 50,
}
SEXES = read_groups(["sex=female:0.2,male:0.8"])


def study(**given: Any) -> Study:
    return Study(**{"prevalence": Assumed(value=0.3, source=STATED), "groups": SEXES, **given})


def one(made: Plan, name: str) -> Need:
    (need,) = (n for n in made.needs if n.name == name)
    return need


def test_a_golden_size_comes_through() -> None:
    made = plan(policy(SENSITIVITY), study(expected={"sensitivity": 0.84}))
    need = one(made, "sensitivity")
    assert (need.outcome, dict(need.counts or {})) == (PLANNED, {"events": 173})
    assert need.rows == rows_for([(173, 0.3)])
    assert need.power is not None
    assert need.power >= 0.8
    assert need.assumed == Assumed(value=0.84, source=STATED)
    assert dict(plan(policy(SENSITIVITY), study(expected={"sensitivity": 0.84}, power=0.9)).needs[0].counts or {}) == {
        "events": 223
    }


def test_a_group_is_as_good_as_everybody_unless_stated() -> None:
    made = plan(policy(SENSITIVITY, BY_SEX), study(expected={"sensitivity": 0.84, "by-sex[sex=female]": 0.7}))
    female, male = (one(made, f"by-sex[sex={sex}]") for sex in ("female", "male"))
    assert female.assumed == Assumed(value=0.7, source=STATED)
    assert male.assumed == Assumed(value=0.84, source="as sensitivity")
    assert (female.share, male.share) == (0.2, 0.8)
    assert female.rows is not None
    assert male.rows is not None
    assert female.rows > male.rows


def test_the_smallest_group_sets_the_rows_in_all() -> None:
    made = plan(policy(SENSITIVITY, BY_SEX), study(expected={"sensitivity": 0.84}))
    assert made.to_pass.driver == "sensitivity"  # a limitation of use blocks nothing
    assert made.for_everyone.driver == "by-sex[sex=female]" or made.for_everyone.rows == made.to_pass.rows
    female = one(made, "by-sex[sex=female]")
    assert female.counts is not None
    assert female.rows == rows_for([(female.counts["events"], 0.2 * 0.3)])


def test_what_is_assumed_to_fail_is_never_enough() -> None:
    made = plan(policy(SENSITIVITY), study(expected={"sensitivity": 0.7}))
    (need,) = made.never
    assert (need.outcome, need.counts, need.rows) == (NEVER, None, None)
    assert "0.7 is not >= 0.75" in need.message
    # at the bound itself the power is 2.5 % at any size
    assert plan(policy(SENSITIVITY), study(expected={"sensitivity": 0.75})).never


def test_counts_are_not_planned() -> None:
    rules = [
        {"id": "apart", "check": "data.patient_overlap", "accept": {"estimate": "<= 0"}},
        {"id": "explained", "check": "explainability.concentration", "accept": {"upper": "<= 0.9"}},
        {"id": "extremes", "check": "data.exact_extremes", "accept": {"estimate": "<= 0"}},
    ]
    made = plan(policy(*rules), study())
    assert {n.rule: n.outcome for n in made.needs} == dict.fromkeys(("apart", "explained", "extremes"), NOT_PLANNED)
    assert all(n.counts is None and n.rows is None and n.power is None and n.message for n in made.needs)
    assert made.to_pass.rows == 0


def test_groups_without_shares_have_counts_and_no_rows() -> None:
    made = plan(policy(SENSITIVITY, BY_SEX, GAP), study(groups={}))
    group = one(made, "by-sex[sex=each group]")
    assert group.outcome == PLANNED
    assert group.counts
    assert group.rows is None
    gap = one(made, "gap[sex=each group]")
    assert (gap.outcome, gap.counts) == (NOT_PLANNED, None)
    assert "--group" in gap.message


def test_a_gap_needs_its_group_and_the_rest() -> None:
    made = plan(policy(SENSITIVITY, GAP), study(expected={"sensitivity": 0.85, "gap": 0.03}))
    female, male = (one(made, f"gap[sex={sex}]") for sex in ("female", "male"))
    assert female.rows is not None
    assert male.rows is not None
    # Wilson's longer limit points to one half: a small group that is worse is harder to clear than a large one
    assert female.rows > male.rows
    for need, share in ((female, 0.2), (male, 0.8)):
        assert need.counts is not None
        assert need.rows == rows_for([(need.counts["events"], share * 0.3)])


def test_a_design_effect_inflates_counts_and_rows() -> None:
    plain, clustered = (
        one(plan(policy(SENSITIVITY), study(expected={"sensitivity": 0.84}, design_effect=d)), "sensitivity")
        for d in (1.0, 1.5)
    )
    assert plain.counts is not None
    assert clustered.counts == {"events": 260}  # 1.5 x 173, rounded up
    assert clustered.rows == rows_for([(260, 0.3)])


def test_the_policys_own_floor_counts() -> None:
    made = plan(policy(SENSITIVITY, data={"test": {"min_rows": 9000, "min_events": 100}}), study())
    assert (made.to_pass.rows, made.to_pass.driver) == (9000, "data.test.min_rows")


def test_a_check_without_a_formula_is_simulated() -> None:
    brier = {"id": "brier", "check": "performance.brier", "accept": {"upper": "<= 0.18"}}
    made = plan(policy(brier), study(auroc=Assumed(value=0.8, source=STATED), replicates=200))
    need = one(made, "brier")
    assert need.outcome == PLANNED
    assert need.assumed is not None
    assert need.assumed.source == "score model"
    assert need.error == pytest.approx(0.028, abs=0.01)
    assert need.power is not None
    assert need.counts is not None
    # delta method: mean and spread of squared errors in the score model
    from govern.planning.population import ScoreModel

    even = ScoreModel(prevalence=0.3, auroc=0.8).even(20_000)
    errors = (even.score - even.label) ** 2
    assert need.assumed.value == pytest.approx(errors.mean(), abs=1e-9)
    rows = sum(need.counts.values())
    expected = ((1.96 + 0.84) * errors.std() / (0.18 - errors.mean())) ** 2
    assert rows == pytest.approx(expected, rel=0.25)
    assert plan(made.policy, made.study).needs == made.needs


def test_a_simulated_value_may_be_stated() -> None:
    ece = {"id": "ece", "check": "calibration.ece", "accept": {"upper": "<= 0.1"}}
    fair, off = (one(plan(policy(ece), study(expected=e, replicates=60)), "ece") for e in ({}, {"ece": 0.04}))
    assert (fair.outcome, off.outcome) == (PLANNED, PLANNED)
    assert fair.rows is not None
    assert off.rows is not None
    assert off.rows > fair.rows
    assert one(plan(policy(ece), study(expected={"ece": 0.2}, replicates=60)), "ece").outcome == NEVER
    with pytest.raises(PolicyError, match=r"values from .* can be assumed"):
        plan(policy(ece), study(expected={"ece": 0.99}, replicates=60))


def test_a_simulated_gap_is_of_groups_that_do_not_differ() -> None:
    gap = {"id": "apart", "check": "bias.error_gap", "by": ["sex"], "accept": {"upper": "<= 0.1"}}
    shares = read_groups(["sex=female:0.5,male:0.5"])
    need = plan(policy(gap), study(groups=shares, replicates=50)).needs[0]
    assert need.outcome == PLANNED
    assert need.unit == "rows in all"
    stated = plan(policy(gap), study(groups=shares, expected={"apart": 0.05})).needs[0]
    assert stated.outcome == NOT_PLANNED


def test_defaults_say_that_they_are_defaults() -> None:
    slope = {"id": "slope", "check": "calibration.slope", "accept": {"lower": ">= 0.8", "upper": "<= 1.25"}}
    made = plan(policy(AUROC, SENSITIVITY, slope), Study())
    assumed = {n.rule: n.assumed for n in made.needs}
    assert assumed["discrimination"] == Assumed(value=0.85, source="default: halfway to the ideal")
    assert assumed["slope"] == Assumed(value=1.0, source="default: ideal")
    said = {what: (value, source) for what, value, source in made.assumptions}
    assert said["prevalence"] == ("0.2", "default")
    assert said["AUROC of the score model"][0] == "0.85"


PLAUSIBLE = {"id": "plausible", "check": "performance.auroc", "accept": {"upper": "<= 0.99"}}


@pytest.mark.parametrize("on", ["upper", "estimate", "lower and upper"])
def test_a_bound_from_above_on_what_is_best_at_1_takes_what_is_assumed_besides(on: str) -> None:
    accept = {"lower": ">= 0.6", "upper": "<= 0.99"} if " " in on else {on: "<= 0.99"}
    guard = {**PLAUSIBLE, "accept": accept}
    for rules in ((AUROC, guard), (guard, AUROC)):
        made = plan(policy(*rules), study())
        need = one(made, "plausible")
        assert (need.outcome, need.assumed) == (PLANNED, Assumed(value=0.85, source="as discrimination"))
        assert {what: value for what, value, _ in made.assumptions}["AUROC of the score model"] == "0.85"
    assert one(plan(policy(guard), study()), "plausible").assumed == Assumed(value=0.8, source="default")
    stated = plan(policy(guard, AUROC), study(expected={"plausible": 0.995}))
    assert one(stated, "plausible").outcome == NEVER, "what is stated counts, though it fails"


def test_a_bound_from_above_on_a_rate_takes_what_the_score_model_implies() -> None:
    from govern.planning.population import ScoreModel

    model = ScoreModel(prevalence=0.3, auroc=0.8)
    for check, implied in (
        ("performance.sensitivity", model.sensitivity(0.3)),
        (
            "performance.ppv",
            0.3 * model.sensitivity(0.3) / (0.3 * model.sensitivity(0.3) + 0.7 * (1 - model.specificity(0.3))),
        ),
    ):
        guard = {"id": "guard", "check": check, "params": {"threshold": 0.3}, "accept": {"upper": "<= 0.98"}}
        need = one(plan(policy(guard), study(replicates=50)), "guard")
        assert need.outcome == PLANNED
        assert need.assumed is not None
        assert need.assumed.source == "score model"
        assert need.assumed.value == pytest.approx(implied, abs=2e-3)


def test_no_more_is_simulated_than_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size found is that of all replicates at every step, within the Monte-Carlo error; and far fewer are drawn."""
    from govern.planning import simulation

    brier = {"id": "brier", "check": "performance.brier", "accept": {"upper": "<= 0.18"}}
    drawn = []
    draw = simulation._Run._draw
    monkeypatch.setattr(simulation._Run, "_draw", lambda run, *a: (drawn.append(1), draw(run, *a)))
    few = one(plan(policy(brier), study(replicates=200)), "brier")
    fewer = len(drawn)
    monkeypatch.setattr(simulation, "_RARE", 0.0)
    drawn.clear()
    all_of_them = one(plan(policy(brier), study(replicates=200)), "brier")
    assert fewer < 0.6 * len(drawn)
    assert sum((few.counts or {}).values()) == pytest.approx(sum((all_of_them.counts or {}).values()), rel=0.15)
    assert few.power is not None
    assert few.power >= 0.8 - 3 * (few.error or 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prevalence": Assumed(value=0.0, source=STATED)}, "--prevalence 0"),
        ({"prevalence": Assumed(value=1.2, source=STATED)}, "--prevalence 1.2"),
        ({"prevalence": Assumed(value=float("nan"), source=STATED)}, "--prevalence nan"),
        ({"power": 1.0}, "--power 1"),
        ({"design_effect": 0.5}, "--design-effect 0.5"),
        ({"replicates": 3}, "--replicates 3"),
        ({"auroc": Assumed(value=0.4, source=STATED)}, "--auroc 0.4"),
        ({"expected": {"sensitivty": 0.8}}, "did you mean 'sensitivity'"),
        ({"expected": {"by-sex[sex=other]": 0.8}}, "no such group"),
        ({"expected": {"sensitivity[sex=female]": 0.8}}, "no such group"),
    ],
)
def test_assumptions_out_of_range(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        plan(policy(SENSITIVITY, BY_SEX), study(**given))
    assert message in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("text", ["sex", "sex=", "sex=female", "sex=female:x", "sex=female:0.5", "sex=a:1.5,b:-0.5"])
def test_shares_that_are_none(text: str) -> None:
    with pytest.raises(PolicyError):
        read_groups([text])


def test_rounded_shares_add_up_to_1() -> None:
    shares = read_groups(["race=a:0.33,b:0.33,c:0.33"])["race"]
    assert sum(shares.of.values()) == pytest.approx(1.0, abs=1e-12)


def test_expectations_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "expected.yaml"
    file.write_text("discrimination: 0.78\nby-sex[sex=female]: 0.7\n")
    assert read_expected([str(file), "discrimination=0.8"]) == {"discrimination": 0.8, "by-sex[sex=female]": 0.7}
    for wrong in ("a=x", "a=nan", "a=inf"):
        with pytest.raises(PolicyError):
            read_expected([wrong])
    file.write_text("discrimination: [1]\n")
    with pytest.raises(PolicyError, match="a number was expected"):
        read_expected([str(file)])


def test_reports_say_the_same() -> None:
    made = plan(policy(SENSITIVITY, BY_SEX), study(expected={"sensitivity": 0.84}, test_rows=300))
    value = as_json(made)
    assert json.loads(json.dumps(value)) == value
    assert value["short"] == [n.name for n in made.short]
    assert "by-sex[sex=female]" in value["short"]
    text = markdown(made)
    assert "| sensitivity | everybody | lower >= 0.75 | 0.84 (stated) | 173 events |" in text
    assert any("300 rows is too small for" in line for line in totals(made))
