"""A mean of rows and its interval, the patient being the unit."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.proportion import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is left of the sum of deviations by rounding alone, as a share of the sum.
_ROUNDING = 1e-12


def student(values: NDArray[np.float64], patient: NDArray[np.int64] | None, *, level: float = 0.95) -> Interval | None:
    """Return the t interval of the mean of ``values`` (shape (n,)), with k-1 degrees of freedom.

    The variance is that of the patients' sums of deviations (linearisation of the ratio of the sum to
    the number of rows), k/(k-1) times their sum of squares over n^2: for independent rows the ordinary
    s^2/n. ``None`` where one patient alone, or no variance, leaves nothing to judge by.
    """
    from scipy.special import stdtrit

    mean = float(values.mean())
    deviation = totals(values - mean, patient)
    k, squares = len(deviation), float(deviation @ deviation)
    if k < 2 or squares <= (_ROUNDING * np.abs(values).sum()) ** 2:
        return None
    se = sqrt(k / (k - 1) * squares) / len(values)
    half = float(stdtrit(k - 1, (1 + level) / 2)) * se
    return mean - half, mean + half
