"""Calibration slope and intercepts: the power of Wald's limits, by Fisher's information."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.planning.law import Case, Law
from govern.planning.region import normal_mass, region
from govern.stats.proportion import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 0.95


def slope(case: Case) -> Law:
    """Return the power by number of rows of the group; the assumed slope is the true one."""
    information = replace(case.model, slope=case.assumed).information
    return _wald(case, float(np.linalg.inv(information)[1, 1]))


def in_the_large(case: Case) -> Law:
    """Return the power by number of rows of the group; the assumed intercept (log odds) is the true one."""
    return _wald(case, 1 / float(replace(case.model, intercept=case.assumed).information[0, 0]))


def joint_intercept(case: Case) -> Law:
    """Return the power by number of rows of the group; the intercept is estimated together with the slope."""
    information = replace(case.model, intercept=case.assumed).information
    return _wald(case, float(np.linalg.inv(information)[0, 0]))


def _wald(case: Case, variance: float) -> Law:
    """Return the power of estimate -/+ z se, the squared error of one row being ``variance``.

    Riley et al., Stat Med 2021;40:4230, sections 3.1 and 3.2, with the power in place of the width.
    """

    def power(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array([at(int(n)) for n in rows])

    def at(rows: int) -> float:
        if min(count.n for count in case.both(rows)) < max(2, case.rule.min_events):
            return 0.0
        se = sqrt(variance / rows)
        half = quantile(_LEVEL) * se
        low, high = region(case.rule.accept.criteria, of_lower=lambda b: b + half, of_upper=lambda b: b - half)
        return normal_mass(low, high, case.assumed, se)

    return Law(
        unit="rows",
        power=power,
        counts=case.both,
        method="normal power of Wald's limits, Fisher information (Riley 2021)",
        floor=case.floor_rows,
    )
