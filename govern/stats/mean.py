"""A mean of rows and its interval, the patient being the unit."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import squares, units
from govern.stats.proportion import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is left of the sum of deviations by rounding alone, as a share of the sum.
_ROUNDING = 1e-12


def student(
    values: NDArray[np.float64],
    patient: NDArray[np.int64] | None,
    *,
    weight: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> Interval | None:
    """Return the t interval of the mean of ``values`` (shape (n,)), with k-1 degrees of freedom.

    The variance is that of the patients' sums of deviations (linearisation of the ratio of the sum to
    the number of rows), k/(k-1) times their sum of squares over n^2: for independent rows the ordinary
    s^2/n. ``weight`` says how many rows each value stands for. ``None`` where one patient alone, or no
    variance, leaves nothing to judge by.
    """
    rows = len(values) if weight is None else int(weight.sum())
    if not rows:
        return None
    mean = float(values.mean() if weight is None else weight @ values / rows)
    k, spread = (
        units(np.ones(len(values), dtype=bool), patient, weight=weight),
        squares(values - mean, patient, weight=weight),
    )
    size = float(np.abs(values).sum() if weight is None else weight @ np.abs(values))
    if k < 2 or spread <= (_ROUNDING * size) ** 2:
        return None
    return t_limits(mean, sqrt(k / (k - 1) * spread) / rows, k - 1, level=level)


def t_limits(mean: float, se: float, freedom: int, *, level: float = 0.95) -> Interval:
    """Return ``mean`` -/+ the t quantile of ``freedom`` degrees of freedom times ``se``."""
    from scipy.special import stdtrit

    half = float(stdtrit(freedom, (1 + level) / 2)) * se
    return mean - half, mean + half
