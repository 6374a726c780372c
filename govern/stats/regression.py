"""The line through predicted and true numbers, with the error that leaving out each patient shows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: What rounding leaves of the slope where nothing varies, as a share of it.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Line:
    """``y = intercept + slope x`` by least squares; ``se`` of the slope, from ``units`` rows or patients.

    ``se`` is ``None`` where leaving out one unit leaves no slope, or all leave the same.
    """

    slope: float
    intercept: float
    se: float | None
    units: int


def line(x: NDArray[np.float64], y: NDArray[np.float64], patient: NDArray[np.int64] | None = None) -> Line | None:
    """Return the least-squares line of ``y`` on ``x``, both of shape (n,); ``None`` where x does not vary.

    The standard error is the jackknife's over rows, or over patients (codes 0..k-1) where they repeat: right where
    errors vary with x, and in small samples nearer to the truth than the sandwich (MacKinnon and White, J
    Econometrics 1985;29:305, who approximate it by HC3). Exact, from the sums that each unit adds.
    """
    if len(x) == 0 or np.ptp(x) == 0:
        return None
    at = x - x.mean()
    sums = np.array([totals(part, patient) for part in (np.ones_like(x), at, y, at * at, at * y)])
    whole = sums.sum(axis=1, keepdims=True)
    slope = float(_slope(whole)[0])
    k = sums.shape[1]
    without = _slope(whole - sums) if k > 1 else np.array([np.nan])
    variance = (k - 1) / k * float(((without - without.mean()) ** 2).sum())
    known = np.isfinite(variance) and variance > (_ROUNDING * slope) ** 2
    return Line(
        slope=slope, intercept=float(y.mean()) - slope * float(x.mean()), se=sqrt(variance) if known else None, units=k
    )


def _slope(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slopes of sums (5, b) of 1, x, y, x^2 and xy; NaN where x does not vary."""
    n, x, y, xx, xy = sums
    across = n * xx - x * x
    varied = across > _ROUNDING * np.abs(n * xx)
    found: NDArray[np.float64] = np.divide(n * xy - x * y, across, out=np.full_like(across, np.nan), where=varied)
    return found
