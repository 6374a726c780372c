"""How often a fair model is accused of a gap between groups, and how often a true gap is found.

Prints the Markdown table of docs/statistics.md. Every model is drawn anew; measured by the bias checks, judged by
`govern.judge`. Seeded: equal arguments give equal tables.

    python scripts/simulate_gaps.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from govern.checks.bias.auroc_gap import auroc_gap
from govern.checks.bias.calibration_gap import calibration_gap
from govern.checks.bias.demographic_parity import demographic_parity
from govern.checks.bias.equal_opportunity import equal_opportunity
from govern.checks.bias.equalized_odds import equalized_odds
from govern.checks.bias.error_gap import error_gap
from govern.checks.bias.predictive_parity import predictive_parity
from govern.checks.bias.representation import representation
from govern.checks.inputs import Population
from govern.judge import holds, judge
from govern.policy.model import Rule
from govern.scan.scores import Groups, Scores
from govern.types import Measurement, Outcome

THRESHOLD = 0.3
MIN_EVENTS = 50
#: Rows of the groups, from tiny to large.
SIZES: tuple[tuple[int, ...], ...] = (
    (30, 10),
    (200, 200),
    (1900, 100),
    (400, 60, 20),
    (840, 250, 180, 90, 20, 10),
    (500, 500, 500, 500, 500, 500),
    (2000, 1000, 500, 300, 200, 100),
)
#: Groups of which the second is treated worse.
UNFAIR: tuple[tuple[int, ...], ...] = ((2000, 500), (2000, 1000, 500, 300, 200, 100))

#: From scores, groups, a seed and the sizes that the groups are meant to have.
Measure = Callable[[Scores, Groups, int, Sequence[int]], list[Measurement]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A check, its criterion, and the defect that gives it a true gap."""

    measure: Measure
    accept: dict[str, str]
    defect: str


def _at_threshold(check: Callable[..., list[Measurement]]) -> Measure:
    return lambda scores, groups, seed, sizes: check(scores, groups, seed, threshold=THRESHOLD)


def _unseeded(check: Callable[..., list[Measurement]]) -> Measure:
    return lambda scores, groups, seed, sizes: check(scores, groups)


def _shares(scores: Scores, groups: Groups, seed: int, sizes: Sequence[int]) -> list[Measurement]:
    shares = {f"g{i}": size / sum(sizes) for i, size in enumerate(sizes)}
    return representation(scores, groups, Population(shares={groups.attribute: shares}, source="the population"))


#: The criteria are those of policies/clinical-decision-support.yaml; of what it does not hold, its nearest kin's.
CHECKS = {
    "demographic_parity": Case(
        measure=_at_threshold(demographic_parity), accept={"upper": "<= 0.10"}, defect="shifted"
    ),
    "equal_opportunity": Case(measure=_at_threshold(equal_opportunity), accept={"upper": "<= 0.10"}, defect="shifted"),
    "equalized_odds": Case(measure=_at_threshold(equalized_odds), accept={"upper": "<= 0.15"}, defect="shifted"),
    "predictive_parity": Case(measure=_at_threshold(predictive_parity), accept={"upper": "<= 0.10"}, defect="shuffled"),
    "auroc_gap": Case(measure=_unseeded(auroc_gap), accept={"upper": "<= 0.10"}, defect="shuffled"),
    "calibration_gap": Case(measure=_unseeded(calibration_gap), accept={"upper": "<= 0.05"}, defect="shifted"),
    "error_gap": Case(measure=_unseeded(error_gap), accept={"upper": "<= 0.03"}, defect="shuffled"),
    "representation": Case(measure=_shares, accept={"lower": ">= 0.80", "upper": "<= 1.25"}, defect="recruited"),
}


def rows(rng: np.random.Generator, sizes: Sequence[int], defect: str = "") -> tuple[Scores, Groups]:
    """Return labels drawn from calibrated scores (mean risk 0.25, AUROC 0.78), the second group with a defect.

    ``shifted``: its scores are those of odds three times lower. ``shuffled``: half of them belong to other patients.
    ``recruited``: it has three fifths of its rows. Every group has the same risks, so that nothing differs without.
    """
    codes = np.repeat(np.arange(len(sizes)), sizes)
    if not defect or defect == "recruited":  # who is in the test set is chance as well
        shares = np.array(sizes, dtype=float)
        shares[1] *= 0.6 if defect else 1.0
        codes = rng.choice(len(sizes), size=len(codes), p=shares / shares.sum())
    risk = rng.beta(0.9, 2.7, size=len(codes))
    label = (rng.random(len(codes)) < risk).astype(np.int8)
    worse = np.flatnonzero(codes == 1)
    if defect == "shifted":
        risk[worse] = risk[worse] / (risk[worse] + 3 * (1 - risk[worse]))
    if defect == "shuffled":
        half = rng.permutation(worse)[: len(worse) // 2]
        risk[half] = risk[rng.permutation(half)]
    present, codes = np.unique(codes, return_inverse=True)
    groups = Groups(attribute="group", names=tuple(f"g{i}" for i in present), codes=codes.astype(np.int64))
    return Scores(label=label, score=risk), groups


def failing(check: str, sizes: Sequence[int], *, simulations: int, seed: int, defect: str = "") -> NDArray[np.float64]:
    """Return how often a group fails: under the shipped rule, under the tightest one, and by its estimate alone.

    The tightest rule has a criterion that every estimate violates and no floor of events, so the second share bounds
    those of all rules. The third is what judging an estimate without its interval would give under the shipped rule.
    Any group counts; with a ``defect`` the second, which has it.
    """
    case = CHECKS[check]
    tightest = {"estimate": "< 0"}  # no gap and no ratio is negative
    rules = [
        Rule.model_validate({"id": "gap", "check": f"bias.{check}", "min_events": floor, "accept": accept})
        for accept, floor in ((case.accept, MIN_EVENTS), (tightest, 0))
    ]
    counts = np.zeros(3)
    for i in range(simulations):
        measured = case.measure(*rows(np.random.default_rng([seed, i]), sizes, defect), i, sizes)
        if defect:
            measured = measured[1:2]
        counts[:2] += [any(judge(m, rule)[0] is Outcome.FAIL for m in measured) for rule in rules]
        counts[2] += any(_violates(m, rules[0]) for m in measured)
    return counts / simulations


def _violates(measured: Measurement, rule: Rule) -> bool:
    """Whether there is enough evidence, and the estimate lies outside the criteria, whatever its interval."""
    if measured.estimate is None or not measured.sufficient or (measured.support or 0) < rule.min_events:
        return False
    return not all(holds(c.operator, measured.estimate, c.bound) for c in rule.accept.criteria)


def table(*, simulations: int = 300, checks: Sequence[str] = tuple(CHECKS), seed: int = 0) -> str:
    """Return the Markdown table: a row for each check and each choice of groups."""
    lines = [
        "| check | criterion | rows of the groups | true gap | fails | fails under the tightest rule | "
        "would fail by its estimate alone |",
        "|---|---|---|---|---|---|---|",
    ]
    for check in checks:
        case = CHECKS[check]
        criterion = ", ".join(f"{on} {text}" for on, text in case.accept.items())
        plan = [(sizes, "") for sizes in SIZES] + [(sizes, case.defect) for sizes in UNFAIR]
        for sizes, defect in plan:
            shares = failing(check, sizes, simulations=simulations, seed=seed, defect=defect)
            gap = f"{_true(case, sizes):.2f} ({defect})" if defect else "none"
            numbers = " | ".join(f"{share:.3f}" for share in shares)
            lines.append(f"| {check} | {criterion} | {_sizes(sizes)} | {gap} | {numbers} |")
    return "\n".join(lines)


def _true(case: Case, sizes: Sequence[int]) -> float:
    """Return the second group's estimate in fifty times as many rows."""
    many = [50 * size for size in sizes]
    estimate = case.measure(*rows(np.random.default_rng(0), many, case.defect), 0, many)[1].estimate
    return float("nan") if estimate is None else estimate


def _sizes(sizes: Sequence[int]) -> str:
    return f"{len(sizes)} x {sizes[0]}" if len(set(sizes)) == 1 else ", ".join(map(str, sizes))


if __name__ == "__main__":
    sys.stdout.write(f"<!-- begin: gaps -->\n{table()}\n<!-- end: gaps -->\n")
