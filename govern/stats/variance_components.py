"""One-way random effects: how far readings of one patient lie apart, and how far patients do."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.proportion import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is left of a sum of squares by rounding alone, as a share of the values' own sum of squares.
_ROUNDING = 1e-20


@dataclass(frozen=True, kw_only=True)
class Components:
    """Mean squares within and between patients, with their degrees of freedom, from an analysis of variance.

    ``size`` is the number of readings a patient in the expected mean square between patients: their number where
    it is the same for all.
    """

    within: float
    within_freedom: int
    between: float
    between_freedom: int
    size: float

    @property
    def between_variance(self) -> float:
        """The variance of the patients' true values, at least 0."""
        return max(0.0, (self.between - self.within) / self.size)

    def within_limits(self, *, level: float = 0.95) -> Interval:
        """Return the chi-square limits of the standard deviation within patients, exact for normal errors."""
        from scipy.special import chdtri

        squares = self.within * self.within_freedom
        high, low = (float(chdtri(self.within_freedom, tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
        return sqrt(squares / high), sqrt(squares / low) if low > 0 else inf

    def correlation_limits(self, *, level: float = 0.95) -> Interval:
        """Return F limits of the intraclass correlation (Shrout and Fleiss, Psychol Bull 1979;86:420, ICC(1,1)).

        Exact for normal errors where every patient has the same number of readings; ``within`` above 0. They may
        lie below 0, where readings of one patient are less alike than those of two.
        """
        from scipy.special import fdtri

        tail, ratio = (1 + level) / 2, self.between / self.within
        low = ratio / float(fdtri(self.between_freedom, self.within_freedom, tail))
        high = ratio * float(fdtri(self.within_freedom, self.between_freedom, tail))
        return (low - 1) / (low + self.size - 1), (high - 1) / (high + self.size - 1)


def components(values: NDArray[np.float64], patient: NDArray[np.int64]) -> Components:
    """Return the analysis of variance of ``values`` (shape (n,)) by patient (codes 0..k-1, some repeating, k > 1).

    Searle, Casella and McCulloch, Variance Components, 1992, chapter 3.
    """
    readings = totals(np.ones(len(values)), patient)
    means = totals(values, patient) / readings
    n, k = len(values), len(readings)
    within = float(np.square(values - means[patient]).sum())
    return Components(
        within=0.0 if within <= _ROUNDING * float(values @ values) else within / (n - k),
        within_freedom=n - k,
        between=float(readings @ np.square(means - values.mean())) / (k - 1),
        between_freedom=k - 1,
        size=(n - float(readings @ readings) / n) / (k - 1),
    )
