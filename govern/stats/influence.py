"""An estimate and what each row contributes to its error: the delta method, for any smooth statistic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.mean import student
from govern.stats.proportion import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Below this skewness the transformation is the identity, up to rounding.
_SYMMETRIC = 1e-8


@dataclass(frozen=True, kw_only=True)
class Influence:
    """An estimate and the influence of each row on it, shape (n,), of mean 0.

    The variance of the estimate is that of the mean of ``influence``: the delta method, or the infinitesimal
    jackknife (Jaeckel 1972; Efron, The jackknife, the bootstrap and other resampling plans, 1982, ch. 6).
    """

    estimate: float
    influence: NDArray[np.float64]

    def half_width(self, patient: NDArray[np.int64] | None = None, *, level: float = 0.95) -> float | None:
        """Return half the width of the t interval, over rows, or over patients (codes 0..k-1) where they repeat.

        ``None`` where a single patient, or no variance, leaves nothing to judge by.
        """
        limits = student(self.estimate + self.influence, patient, level=level)
        return None if limits is None else (limits[1] - limits[0]) / 2

    def skewed_interval(self, patient: NDArray[np.int64] | None = None, *, level: float = 0.95) -> Interval | None:
        """Return the t interval after Hall's transformation, for influences that are skewed: errors and squared errors.

        With T the t statistic and a its skewness (that of the influences, over the root of their number),
        T + a T^2 / 3 + a^2 T^3 / 27 + a / 6 is more nearly normal, and can be solved for T (Hall, JRSS B
        1992;54:221). The plain interval's upper limit of a mean of squares is too low. ``None`` as in
        :meth:`half_width`.
        """
        from scipy.special import stdtrit

        half = self.half_width(patient, level=level)
        if half is None:
            return None
        each = totals(self.influence, patient)
        quantile = float(stdtrit(len(each) - 1, (1 + level) / 2))
        skew = float(np.mean(each**3) / np.mean(each**2) ** 1.5 / np.sqrt(len(each)))
        if abs(skew) < _SYMMETRIC:
            return self.estimate - half, self.estimate + half
        low, high = 3 / skew * (np.cbrt(1 + skew * (np.array([quantile, -quantile]) - skew / 6)) - 1)
        return self.estimate - half / quantile * float(low), self.estimate - half / quantile * float(high)


def ratio_of_means(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> Influence:
    """Return mean(numerator) / mean(denominator), both of shape (n,) and not negative, the second not all 0.

    Linearised (Cochran, Sampling techniques, 1977, ch. 6).
    """
    below = float(np.mean(denominator))
    ratio = float(np.mean(numerator)) / below
    return Influence(estimate=ratio, influence=(numerator - ratio * denominator) / below)
