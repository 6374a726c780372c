"""Gaps between a group and the rest that are no proportions: of areas under the ROC curve, and of calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.planning.area import standard_error
from govern.planning.gap import Side, accepted, compared, moved
from govern.planning.law import Case, Count, Law
from govern.planning.region import normal_mass
from govern.stats.auroc import logit_interval
from govern.stats.proportion import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Standard deviations of an area's logit that are looked at, and in how many steps.
_REACH, _STEPS = 5.0, 121
#: An area nearer to 1 has another interval in the check; it is too rare here to matter.
_EDGE = 1e-9


def auroc_gap(case: Case) -> Law:
    """Return the power of the gap in areas by number of rows in all; the rest has the area of the score model."""
    comparisons, level = compared(case)
    rest = case.model.auroc

    def met(group: tuple[int, int], others: tuple[int, int]) -> float:
        return accepted(case, _areas(moved(rest, case.assumed, -1), *group, level), _areas(rest, *others, level))

    return _law(case, met, f"normal power of DeLong's limits, squared and added, Bonferroni over {comparisons}")


def calibration_gap(case: Case) -> Law:
    """Return the power of the gap in mean risk less event rate by number of rows in all.

    The variance of one row is the mean of p(1-p), p being its risk: what the outcome adds to a calibrated risk.
    """
    comparisons, level = compared(case)
    variance = float(replace(case.model, intercept=0.0, slope=1.0).information[0, 0])

    def met(group: tuple[int, int], others: tuple[int, int]) -> float:
        se = sqrt(variance / sum(group) + variance / sum(others))
        half = quantile(level) * se
        most = min(c.bound - (half if c.on == "upper" else 0.0) for c in case.rule.accept.criteria)
        return normal_mass(-most, most, case.assumed, se) if most > 0 else 0.0

    return _law(case, met, f"normal power of Welch's limits, Bonferroni over {comparisons}")


def _law(case: Case, met: Callable[[tuple[int, int], tuple[int, int]], float], method: str) -> Law:
    """Return the law of a gap from its power at (events, non-events) of the group and of the rest."""
    p, share = case.model.prevalence, case.share
    parts = [(share * part, (1 - share) * part) for part in (p, 1 - p)]

    def at(rows: int) -> float:
        group, rest = zip(*((round(rows * own), round(rows * other)) for own, other in parts), strict=True)
        if min(*group, *rest) < max(2, case.rule.min_events):
            return 0.0
        return met(group, rest)

    def power(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array([at(int(n)) for n in rows])

    names = ("events", "non-events")
    return Law(
        unit="rows in all",
        power=power,
        counts=lambda n: [
            Count(name=name, n=round(n * own), share=own) for name, (own, _) in zip(names, parts, strict=True)
        ],
        method=method,
        floor=max(1, int(case.rule.min_events / min(min(both) for both in parts))),
    )


def _areas(area: float, events: int, others: int, level: float) -> Side:
    """Return areas that may be found where ``area`` is true, normal on the logit scale, with their limits."""
    se = standard_error(area, events, others) / (area * (1 - area))
    steps = np.linspace(-_REACH, _REACH, _STEPS)
    mass = np.exp(-(steps**2) / 2)
    found = [min(1 - _EDGE, 1 / (1 + exp(-x))) for x in log(area / (1 - area)) + se * steps]
    limits = np.array([logit_interval(a, standard_error(a, events, others), level=level) for a in found])
    return np.array(found), limits[:, 0], limits[:, 1], mass / mass.sum()
