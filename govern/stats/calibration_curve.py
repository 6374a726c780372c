"""The smoothed calibration curve: the event rate at each risk, how far it lies from the risk, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.lowess import Smoother, smoother

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Patients whose smoothed residuals are held at once.
_BLOCK = 8192


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A calibration curve by lowess: ``observed`` event rate (m,) at the risks ``predicted`` (m,), lines between.

    ``covariance`` (m, m) is of ``observed``; ``share`` (m,) how much of the rows each knot stands for, adding up
    to 1. ``distance`` (k,) is |observed - predicted| at each entry, which is ``rows`` (k,) rows. The fit is not cut
    off at 0 and 1.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    covariance: NDArray[np.float64]
    share: NDArray[np.float64]
    distance: NDArray[np.float64]
    rows: NDArray[np.float64]

    @property
    def gap(self) -> NDArray[np.float64]:
        """Observed minus predicted at the knots, shape (m,)."""
        return self.observed - self.predicted

    @property
    def mean_distance(self) -> float:
        """Integrated calibration index: the distance averaged over rows (Austin and Steyerberg 2019)."""
        return float(self.rows @ self.distance / self.rows.sum())


def calibration_curve(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Curve:
    """Return the calibration curve of rows, shape (k,), k > 0; ``patient`` are codes 0..k-1 where patients repeat.

    The curve is linear in the outcomes, so its covariance is that of the residuals, squared row by row (or
    added up by patient first), carried through the smoother; times k/(k-1). A line is smoothed to
    itself, so a calibrated model has an expected gap of 0 at every knot.
    """
    rows = np.ones(len(score)) if weight is None else weight.astype(np.float64)
    smooth = smoother(score, weight)
    observed = smooth.fit(rows * label)
    fitted = np.interp(score, smooth.knots, observed)
    residual = label - fitted
    return Curve(
        predicted=smooth.knots,
        observed=observed,
        covariance=_independent(smooth, residual, rows) if patient is None else _clustered(smooth, residual, patient),
        share=smooth.share,
        distance=np.abs(fitted - score),
        rows=rows,
    )


def quantiles(
    values: NDArray[np.float64], shares: Sequence[float], *, weight: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return quantiles of values (k,), each of them ``weight`` rows, interpolated between ranks (R's type 7)."""
    n = len(values) if weight is None else int(weight.sum())
    rank = np.asarray(shares, dtype=np.float64) * (n - 1)
    below, above = np.floor(rank), np.ceil(rank)
    ascending = bool((values[:-1] <= values[1:]).all())
    if weight is None:
        places = [at.astype(np.int64) for at in (below, above)]
        placed = values if ascending else np.partition(values, np.unique(places))
        low, high = (placed[at] for at in places)
    else:
        order = slice(None) if ascending else np.argsort(values)
        upto = np.cumsum(weight[order])
        low, high = (values[order][np.searchsorted(upto, at, side="right")] for at in (below, above))
    found: NDArray[np.float64] = low + (rank - below) * (high - low)
    return found


def _independent(smooth: Smoother, residual: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    n = float(rows.sum())
    root = smooth.matrix * np.sqrt(totals(rows * residual**2, smooth.cell))
    covariance: NDArray[np.float64] = root @ root.T * (n / max(n - 1, 1))
    return covariance


def _clustered(smooth: Smoother, residual: NDArray[np.float64], patient: NDArray[np.int64]) -> NDArray[np.float64]:
    from scipy.sparse import csr_array

    k = int(patient.max()) + 1
    sums = csr_array((residual, (patient, smooth.cell)), shape=(k, smooth.matrix.shape[1]))
    covariance = np.zeros((len(smooth.knots), len(smooth.knots)))
    for start in range(0, k, _BLOCK):
        each = np.asarray(sums[start : start + _BLOCK] @ smooth.matrix.T)
        covariance += each.T @ each
    return covariance * (k / max(k - 1, 1))
