"""Each closed form against the check itself: patients are drawn, measured and judged as the gate does it."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from govern.planning import area, gap, recalibration, stability, unpaired
from govern.planning.law import Law, NotPlanned
from govern.planning.population import ScoreModel, information
from govern.planning.search import least
from govern.policy.model import Rule
from govern.scan.scores import Groups, Scores
from govern.stats.calibration import recalibrate
from tests.planning.rules import case, flags, passes, rule

MODEL = ScoreModel(prevalence=0.3, auroc=0.8)
REPLICATES = 400


def simulated(of: Rule, model: ScoreModel, rows: int, *, seed: int = 5) -> float:
    events = round(rows * model.prevalence)
    rng = np.random.default_rng(seed)
    return float(np.mean([passes(of, model.draw(rng, events, rows - events)) for _ in range(REPLICATES)]))


def agree(simulation: float, law: Law, size: int, *, within: float = 0.0) -> None:
    """The simulated power is that of the law, up to three Monte-Carlo standard errors and what normality misses."""
    power = float(law.power(np.array([size]))[0])
    assert simulation == pytest.approx(power, abs=3 * sqrt(power * (1 - power) / (REPLICATES // 2)) + within)


@pytest.mark.parametrize("interval", ["logit", "wald"])
@pytest.mark.parametrize("accept", [{"lower": ">= 0.74"}, {"upper": "<= 0.86"}, {"estimate": ">= 0.78"}])
def test_auroc(interval: str, accept: dict[str, str]) -> None:
    of = rule("performance.auroc", accept, params={"interval": interval}, min_events=20)
    agree(simulated(of, MODEL, 700), area.auroc(case(of, 0.8, MODEL)), 700, within=0.015)


def test_auroc_next_to_1_and_bounds_out_of_range() -> None:
    sharp = ScoreModel(prevalence=0.3, auroc=0.97)
    of = rule("performance.auroc", {"lower": ">= 0.94"}, min_events=20)
    agree(simulated(of, sharp, 400), area.auroc(case(of, 0.97, sharp)), 400, within=0.04)
    for accept, power in (({"lower": ">= 0"}, 1.0), ({"lower": ">= 1"}, 0.0), ({"upper": "<= 0"}, 0.0)):
        law = area.auroc(case(rule("performance.auroc", accept), 0.8, MODEL))
        assert law.power(np.array([500]))[0] == pytest.approx(power, abs=1e-9)


def test_standard_error_of_an_area() -> None:
    # pmvalsampsize 1.0 (R): 4252 rows for an interval 0.1 wide, at an area of 0.8 and 1.8 % events. It uses the
    # exponential form of Hanley and McNeil, the normal one is 2 % narrower here.
    se = area.standard_error(0.8, round(4252 * 0.018), 4252 - round(4252 * 0.018))
    assert se == pytest.approx(0.1 / 2 / 1.96, rel=0.025)
    rng = np.random.default_rng(2)
    drawn = [np.mean(np.subtract.outer(rng.normal(1.19, 1, 60), rng.normal(0, 1, 140)) > 0) for _ in range(4000)]
    assert area.standard_error(float(np.mean(drawn)), 60, 140) == pytest.approx(np.std(drawn), rel=0.03)


def test_information_gives_the_sizes_of_pmvalsampsize() -> None:
    # Its own tests: slope's interval 0.2 wide, which it takes as a standard error of 0.0511; its linear predictors
    # are a million random draws, hence the tolerance.
    z = np.linspace(-9, 9, 20_001)
    mass = np.exp(-(z**2) / 2)
    log_odds = -5 + 2.5 * z
    normal = information(log_odds, log_odds, mass / mass.sum())
    binormal = ScoreModel(prevalence=0.018, auroc=0.8).information
    for found, published in ((normal, 4544), (binormal, 17_080)):
        assert np.linalg.inv(found)[1, 1] / 0.0511**2 == pytest.approx(published, rel=2e-3)


@pytest.mark.parametrize(
    ("check", "law", "accept", "model", "assumed"),
    [
        ("calibration.slope", recalibration.slope, {"lower": ">= 0.8", "upper": "<= 1.25"}, MODEL, 1.0),
        ("calibration.slope", recalibration.slope, {"lower": ">= 0.7"}, replace(MODEL, slope=0.9), 0.9),
        ("calibration.in_the_large", recalibration.in_the_large, {"lower": ">= -0.25", "upper": "<= 0.25"}, MODEL, 0.0),
        (
            "calibration.in_the_large",
            recalibration.in_the_large,
            {"lower": ">= -0.3", "upper": "<= 0.3"},
            replace(MODEL, intercept=0.1),
            0.1,
        ),
    ],
)
def test_recalibration(check: str, law: object, accept: dict[str, str], model: ScoreModel, assumed: float) -> None:
    of = rule(check, accept, min_events=50)
    assert callable(law)
    made = law(case(of, assumed, MODEL))
    size = least(made.power, 0.8, start=made.floor)
    assert size is not None
    # the intercept's own simulation draws outcomes; with fixed numbers of events it would vary less
    agree(outcomes_drawn(of, model, size), made, size, within=0.02)


def outcomes_drawn(of: Rule, model: ScoreModel, rows: int) -> float:
    rng = np.random.default_rng(11)
    found = []
    for _ in range(REPLICATES):
        events = int(rng.binomial(rows, model.prevalence))
        found.append(passes(of, model.draw(rng, events, rows - events)))
    return float(np.mean(found))


def test_error_of_a_slope_is_that_of_a_fit() -> None:
    even = replace(MODEL, slope=0.8).even(20_000)
    fit = recalibrate(even.label, even.score)
    assert fit is not None
    assert fit.coefficients == pytest.approx([0.0, 0.8], abs=2e-3)
    expected = np.linalg.inv(replace(MODEL, slope=0.8).information) / even.n
    assert fit.covariance == pytest.approx(expected, rel=5e-3)


def compared(of: Rule, shares: list[float], rates: list[tuple[float, float]], rows: int) -> float:
    """Draw flags of events and others of each group at the given rates."""
    rng, p = np.random.default_rng(7), MODEL.prevalence
    found = []
    for _ in range(REPLICATES // 2):
        parts = []
        for share, (hit, false) in zip(shares, rates, strict=True):
            events, others = round(rows * share * p), round(rows * share * (1 - p))
            parts.append(flags(rng.binomial(events, hit), events, rng.binomial(others, false), others))
        codes = np.repeat(np.arange(len(parts)), [s.n for s in parts])
        groups = Groups(attribute="g", names=tuple("abcdef"[: len(parts)]), codes=codes)
        scores = Scores(label=np.concatenate([s.label for s in parts]), score=np.concatenate([s.score for s in parts]))
        found.append(passes(of, scores, groups))
    return float(np.mean(found))


@pytest.mark.parametrize("shares", [[0.4, 0.6], [0.2, 0.5, 0.3]])
def test_equal_opportunity(shares: list[float]) -> None:
    of = rule("bias.equal_opportunity", {"upper": "<= 0.1"}, params={"threshold": 0.5}, by=["g"], min_events=50)
    law = gap.equal_opportunity(case(of, 0.03, MODEL, shares=shares, sensitivity=0.85))
    rates = [(0.82, 0.2), *[(0.85, 0.2)] * (len(shares) - 1)]
    size = 4000
    agree(compared(of, shares, rates, size), law, size, within=0.01)


def test_equalized_odds() -> None:
    shares = [0.3, 0.7]
    of = rule("bias.equalized_odds", {"upper": "<= 0.12"}, params={"threshold": 0.5}, by=["g"], min_events=50)
    law = gap.equalized_odds(case(of, 0.03, MODEL, shares=shares, sensitivity=0.85, specificity=0.8))
    agree(compared(of, shares, [(0.82, 0.23), (0.85, 0.2)], 3000), law, 3000, within=0.01)


def test_demographic_parity() -> None:
    shares = [0.3, 0.7]
    of = rule("bias.demographic_parity", {"upper": "<= 0.1"}, params={"threshold": 0.5}, by=["g"], min_events=50)
    law = gap.demographic_parity(case(of, 0.04, MODEL, shares=shares, flagged=0.4))
    agree(compared(of, shares, [(0.36, 0.36), (0.4, 0.4)], 1500), law, 1500, within=0.01)


@pytest.mark.parametrize(("negative", "flagged", "size"), [(False, 0.395, 2500), (True, 0.3826, 3500)])
def test_predictive_parity(negative: bool, flagged: float, size: int) -> None:
    """The rest flags at a sensitivity of 0.85 and a specificity of 0.8; a flag of the group means 0.03 less."""
    p, shares = MODEL.prevalence, [0.3, 0.7]
    of = rule(
        "bias.predictive_parity",
        {"upper": "<= 0.12"},
        params={"threshold": 0.5, "negative": negative},
        by=["g"],
        min_events=50,
    )
    law = gap.predictive_parity(case(of, 0.03, MODEL, shares=shares, sensitivity=0.85, specificity=0.8, flagged=0.395))
    ppv = p * 0.85 / 0.395 - 0.03
    group = (ppv * flagged / p, (1 - ppv) * flagged / (1 - p))
    agree(compared(of, shares, [group, (0.85, 0.2)], size), law, size, within=0.03)


def unequal(of: Rule, shares: list[float], models: list[ScoreModel], rows: int) -> float:
    """Draw the patients of each group from its own score model, the events by chance."""
    rng = np.random.default_rng(13)
    found = []
    for _ in range(REPLICATES // 2):
        parts = []
        for share, model in zip(shares, models, strict=True):
            n = round(rows * share)
            events = int(rng.binomial(n, model.prevalence))
            parts.append(model.draw(rng, events, n - events))
        codes = np.repeat(np.arange(len(parts)), [s.n for s in parts])
        groups = Groups(attribute="g", names=tuple("abcdef"[: len(parts)]), codes=codes)
        scores = Scores(label=np.concatenate([s.label for s in parts]), score=np.concatenate([s.score for s in parts]))
        found.append(passes(of, scores, groups))
    return float(np.mean(found))


@pytest.mark.parametrize(("gap_", "bound", "size"), [(0.0, 0.1, 1200), (0.04, 0.12, 1600)])
@pytest.mark.parametrize("shares", [[0.3, 0.7], [0.3, 0.5, 0.2]])
def test_auroc_gap(shares: list[float], gap_: float, bound: float, size: int) -> None:
    of = rule("bias.auroc_gap", {"upper": f"<= {bound}"}, by=["g"], min_events=20)
    models = [replace(MODEL, auroc=MODEL.auroc - gap_), *[MODEL] * (len(shares) - 1)]
    law = unpaired.auroc_gap(case(of, gap_, MODEL, shares=shares))
    agree(unequal(of, shares, models, size), law, size, within=0.03)


@pytest.mark.parametrize(("shift", "bound", "size"), [(0.0, 0.09, 1200), (0.2, 0.11, 1200)])
@pytest.mark.parametrize("shares", [[0.3, 0.7], [0.3, 0.5, 0.2]])
def test_calibration_gap(shares: list[float], shift: float, bound: float, size: int) -> None:
    of = rule("bias.calibration_gap", {"upper": f"<= {bound}"}, by=["g"], min_events=20)
    off = replace(MODEL, intercept=shift)
    even = off.even(40_000)
    true = abs(float((even.score - even.label).mean()))
    law = unpaired.calibration_gap(case(of, true, MODEL, shares=shares))
    agree(unequal(of, shares, [off, *[MODEL] * (len(shares) - 1)], size), law, size, within=0.03)


def test_gaps_of_areas_and_calibration_are_planned_for_upper_bounds_of_two_groups_at_least() -> None:
    for law in (unpaired.auroc_gap, unpaired.calibration_gap):
        of = rule("bias.auroc_gap", {"upper": "<= 0.1"}, by=["g"], min_events=50)
        with pytest.raises(NotPlanned, match="two groups"):
            law(case(of, 0.03, MODEL, shares=[1.0]))
        made = law(case(of, 0.03, MODEL, shares=[0.3, 0.7]))
        assert [(c.name, c.share) for c in made.counts(1000)] == [
            ("events", pytest.approx(0.09)),
            ("non-events", pytest.approx(0.21)),
        ]
        assert made.power(np.array([made.floor // 2]))[0] == 0, "fewer than min_events"
        powers = made.power(np.array([1000, 3000, 10_000, 100_000]))
        assert (np.diff(powers) >= 0).all()
        assert powers[-1] == pytest.approx(1.0, abs=1e-6)


def test_gaps_that_are_not_planned() -> None:
    for accept, shares in (({"upper": "<= 0.1"}, [1.0]), ({"lower": ">= 0.1"}, [0.5, 0.5])):
        of = rule("bias.equal_opportunity", accept, by=["g"])
        with pytest.raises(NotPlanned):
            gap.equal_opportunity(case(of, 0.03, MODEL, shares=shares))


@pytest.mark.parametrize("reference", [0, 3000])
def test_prediction_shift(reference: int) -> None:
    from govern.stats.drift import stability_index

    of = rule("drift.prediction", {"upper": "<= 0.1"})
    share = np.full(10, 0.1)
    moved = share + 0.05 * np.linspace(-1, 1, 10)
    moved /= moved.sum()
    true = float(((moved - share) * np.log(moved / share)).sum())
    law = stability.prediction(case(of, true, MODEL, reference=reference))
    rng, found = np.random.default_rng(1), []
    for _ in range(REPLICATES):
        then, now = rng.multinomial(reference or 1000, share), rng.multinomial(1000, moved)
        found.append(stability_index(then.astype(float), now.astype(float)).upper <= 0.1)
    agree(float(np.mean(found)), law, 1000, within=0.03)


def test_a_small_reference_is_never_enough() -> None:
    of = rule("drift.psi", {"upper": "<= 0.25"})
    assert least(stability.psi(case(of, 0.05, MODEL, reference=100)).power, 0.8) is None
