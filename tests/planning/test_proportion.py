"""Exact power of proportions: published sizes, and the check itself under every criterion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from govern.planning.law import NotPlanned
from govern.planning.population import ScoreModel
from govern.planning.proportion import power, ppv, sensitivity
from govern.planning.search import least
from govern.types import Criterion
from tests.planning.rules import case, flags, passes, rule

#: Positives needed for a lower limit at or above a goal: goal, true value, then 80 % and 90 % power.
FIXTURES = [
    ("wilson", 0.75, 0.84, 173, 223),
    ("clopper-pearson", 0.75, 0.84, 179, 229),
    ("wilson", 0.80, 0.88, 184, 236),
    ("clopper-pearson", 0.80, 0.88, 185, 237),
    ("wilson", 0.85, 0.90, 378, 483),
    ("clopper-pearson", 0.85, 0.90, 379, 492),
]


@pytest.mark.parametrize(("interval", "goal", "true", "at_80", "at_90"), FIXTURES)
def test_positives_needed(interval: str, goal: float, true: float, at_80: int, at_90: int) -> None:
    criteria = (Criterion(on="lower", operator=">=", bound=goal),)
    found = [least(lambda n: power(n, true, criteria, interval), w, every=True) for w in (0.8, 0.9)]
    assert found == [at_80, at_90]


@pytest.mark.parametrize("interval", ["wilson", "clopper-pearson"])
@pytest.mark.parametrize(
    "accept",
    [
        {"lower": ">= 0.6"},
        {"lower": "> 0"},
        {"lower": ">= 0"},
        {"lower": ">= 1"},
        {"upper": "<= 0.9"},
        {"upper": "< 1"},
        {"lower": ">= 0.3", "upper": "<= 0.95"},
        {"estimate": ">= 0.7"},
        {"estimate": "> 0.7"},
        {"estimate": "< 0.7"},
        {"estimate": "<= 0.7"},
        {"estimate": "== 0.5"},
        {"lower": ">= 0.4", "estimate": "<= 0.8"},
    ],
)
def test_power_is_that_of_the_check_and_the_judge(interval: str, accept: dict[str, str]) -> None:
    of = rule("performance.sensitivity", accept, params={"interval": interval}, min_events=0)
    law = sensitivity(case(of, 0.72, ScoreModel(prevalence=0.3, auroc=0.8)))
    for n in (1, 2, 10, 37):
        accepted = [x for x in range(n + 1) if passes(of, flags(x, n, 0, 1))]
        assert law.power(np.array([n]))[0] == pytest.approx(binom.pmf(accepted, n, 0.72).sum(), abs=1e-12)


def test_the_size_is_the_last_at_which_power_falls_short_and_one_more() -> None:
    of = rule("performance.sensitivity", {"lower": ">= 0.8"}, min_events=20)
    law = sensitivity(case(of, 0.9, ScoreModel(prevalence=0.3, auroc=0.8)))
    size = least(law.power, 0.8, start=law.floor, every=law.every)
    assert size is not None
    powers = law.power(np.arange(1, 3000))
    assert powers[size - 2] < 0.8
    assert (powers[size - 1 :] >= 0.8).all()


def test_a_floor_that_decides() -> None:
    of = rule("performance.sensitivity", {"lower": ">= 0.1"}, min_events=100)
    law = sensitivity(case(of, 0.9, ScoreModel(prevalence=0.3, auroc=0.8)))
    assert least(law.power, 0.8, start=law.floor, every=law.every) == 100


def test_flagged_rows_follow_from_sensitivity_and_predictive_value() -> None:
    of = rule("performance.ppv", {"lower": ">= 0.3"})
    model = ScoreModel(prevalence=0.2, auroc=0.8)
    (count,) = ppv(case(of, 0.5, model, sensitivity=0.75)).counts(40)
    assert (count.name, count.n) == ("flagged", 40)
    assert count.share == pytest.approx(0.2 * 0.75 / 0.5)
    with pytest.raises(NotPlanned, match="contradict"):
        ppv(case(of, 0.1, model, sensitivity=0.75))
