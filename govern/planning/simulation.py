"""The power of any other check of scores: patients are drawn, the check measures them, the policy's rule judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from govern import canonical
from govern.errors import PolicyError
from govern.judge import judge
from govern.planning.law import Case, NotPlanned
from govern.types import Measurement, Outcome

if TYPE_CHECKING:
    from govern.checks.catalogue import Check
    from govern.planning.population import ScoreModel
    from govern.scan.scores import Scores

#: Rows of the even sample whose value stands for the population's.
_POPULATION = 20_000
#: Rows beyond which a criterion is not simulated, and how often a size that proves too small is raised.
_LARGEST, _RAISES = 50_000, 6
#: How often the last doubling is halved (by ratio) before the line is laid.
_HALVINGS = 2
_STEPS = 14
#: A size is decided where a power at the goal would give such a count of passes less often than this.
_RARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """The least size found (rows of the group, ``None`` beyond reach), its power with the Monte-Carlo standard error.

    ``points`` are all sizes that were tried, with their power.
    """

    rows: int | None
    power: float
    error: float
    points: tuple[tuple[int, float], ...]


def value(check: Check, case: Case, model: ScoreModel, shares: Sequence[float] = ()) -> float:
    """Return what a check measures in the population, on patients that lie evenly in it."""
    parts = [model.even(round(_POPULATION * share)) for share in shares or (1.0,)]
    measured = _call(check, case, parts, seed=0)
    if measured.estimate is None:
        raise NotPlanned(f"it cannot be simulated: {measured.message}")
    return measured.estimate


def assume(check: Check, case: Case, target: float) -> ScoreModel:
    """Return the score model in which the check's value is ``target``.

    A check of calibration is moved by an intercept, any other by the area under the curve.

    Raises:
        PolicyError: no such model has that value.
    """
    of_calibration = check.family == "calibration"

    def moved(by: float) -> ScoreModel:
        return replace(case.model, intercept=by) if of_calibration else replace(case.model, auroc=by)

    low, high = (0.0, 3.0) if of_calibration else (0.501, 0.999)
    at_low, at_high = (value(check, case, moved(x)) for x in (low, high))
    if not min(at_low, at_high) <= target <= max(at_low, at_high):
        raise PolicyError(
            f"--expect {case.rule.id}={target:g}: values from {min(at_low, at_high):.3g} to {max(at_low, at_high):.3g} "
            f"can be assumed at a prevalence of {case.model.prevalence:g}",
            hint="give a value in this range, or leave it out",
        )
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if (value(check, case, moved(middle)) < target) == (at_low < at_high):
            low = middle
        else:
            high = middle
    return moved((low + high) / 2)


def simulate(
    check: Check, case: Case, model: ScoreModel, goal: float, *, replicates: int, shares: Sequence[float] = ()
) -> Simulated:
    """Return the least number of rows with the power ``goal``, by the check's own measurement.

    Sizes are doubled from the rule's floor until the power is reached, and the last step is halved; a probit line in
    the root of the size through all that were tried gives the size, at which the power is simulated with all
    replicates. Elsewhere no more are drawn than show on which side of the goal the power lies.
    ``shares`` are those of all groups, the case's own first, for a check that compares groups; rows are then rows in
    all.
    """
    run = _Run(check, case, model, goal, replicates, shares)
    rows = run.start
    while not run.reaches(rows):
        rows *= 2
        if rows > _LARGEST:
            return Simulated(rows=None, power=run.points[-1][1], error=0.0, points=run.points)
    low = rows // 2
    for _ in range(_HALVINGS if low >= run.start else 0):
        middle = round(sqrt(low * rows))
        low, rows = (low, middle) if run.reaches(middle) else (middle, rows)
    found = min(rows, max(run.start, run.between(rows)))
    for _ in range(_RAISES):
        if run.reaches(found):
            break
        found = min(rows, int(found * 1.06) + 1)
    power = run.power(found)
    error = sqrt(max(power * (1 - power), 1 / replicates) / replicates)
    return Simulated(rows=found, power=power, error=error, points=run.points)


class _Run:
    """The sizes that were tried for one case."""

    def __init__(
        self, check: Check, case: Case, model: ScoreModel, goal: float, replicates: int, shares: Sequence[float]
    ) -> None:
        self._check, self._case, self._model = check, case, model
        self._goal, self._replicates, self._shares = goal, replicates, shares
        #: Size -> whether the rule passed in each replicate that was drawn.
        self._tried: dict[int, list[bool]] = {}
        self._seed = int(canonical.digest([case.rule.model_dump(mode="json"), case.model.prevalence])[:8], 16)
        smallest = min(shares) if shares else 1.0
        self.start = max(50, int(case.floor_rows / smallest))

    @property
    def points(self) -> tuple[tuple[int, float], ...]:
        return tuple((rows, sum(found) / len(found)) for rows, found in sorted(self._tried.items()))

    def power(self, rows: int) -> float:
        """Return the share of all replicates that pass."""
        found = self._tried.setdefault(rows, [])
        while len(found) < self._replicates:
            self._draw(rows, found)
        return sum(found) / self._replicates

    def reaches(self, rows: int) -> bool:
        """Whether the power is the goal or more: by all replicates, or by as many as leave no doubt."""
        found = self._tried.setdefault(rows, [])
        while len(found) < self._replicates and not self._decided(found):
            self._draw(rows, found)
        return sum(found) / len(found) >= self._goal

    def _decided(self, found: Sequence[bool]) -> bool:
        """Whether a power at the goal would rarely give so many or so few passes (exact binomial)."""
        from scipy.special import bdtr, bdtrc

        passed, drawn = sum(found), len(found)
        if drawn == 0:
            return False
        so_many = 1.0 if passed == 0 else float(bdtrc(passed - 1, drawn, self._goal))
        return min(float(bdtr(passed, drawn, self._goal)), so_many) < _RARE

    def _draw(self, rows: int, found: list[bool]) -> None:
        i = len(found)
        found.append(self._passes(rows, np.random.default_rng([self._seed, rows, i]), i))

    def between(self, top: int) -> int:
        """Return where a probit line in the root of the size through the sizes tried reaches the goal."""
        from scipy.special import ndtri

        sizes = np.array(sorted(self._tried))
        drawn = np.array([len(self._tried[s]) for s in sizes])
        shares = (np.array([sum(self._tried[s]) for s in sizes]) + 0.5) / (drawn + 1)
        inner = (shares > 0.02) & (shares < 0.99)
        if inner.sum() < 2:
            return top
        line = np.polyfit(np.sqrt(sizes[inner]), ndtri(shares[inner]), 1, w=np.sqrt(drawn[inner]))
        slope, level = map(float, line)
        return int(np.ceil(((float(ndtri(self._goal)) - level) / slope) ** 2)) if slope > 0 else top

    def _passes(self, rows: int, rng: np.random.Generator, seed: int) -> bool:
        p = self._model.prevalence
        parts = []
        for share in self._shares or (1.0,):
            events = round(rows * share * p)
            parts.append(self._model.draw(rng, events, round(rows * share) - events))
        return judge(_call(self._check, self._case, parts, seed=seed), self._case.rule)[0] is Outcome.PASS


def _call(check: Check, case: Case, parts: Sequence[Scores], *, seed: int) -> Measurement:
    """Return what a check measures of patients, or of the first of several groups of them."""
    from govern.scan.scores import Groups, Scores

    scores = Scores(label=np.concatenate([p.label for p in parts]), score=np.concatenate([p.score for p in parts]))
    codes = np.repeat(np.arange(len(parts), dtype=np.int64), [p.n for p in parts])
    groups = Groups(attribute="group", names=tuple(str(i) for i in range(len(parts))), codes=codes)
    inputs: dict[str, Any] = {"scores": scores, "seed": seed, "groups": groups}
    measured = check.function(**{name: inputs[name] for name in check.inputs}, **case.rule.params)
    found: Measurement = measured[0] if isinstance(measured, list) else measured
    return found


def simulable(check: Check) -> bool:
    """Whether a check asks for nothing but scores (and groups), which can be drawn."""
    return "scores" in check.inputs and set(check.inputs) <= {"scores", "seed", "groups"}
