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

    def mean_distances(self, gaps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integrated calibration index of each row of gaps at the knots (r, m), shape (r,)."""
        return np.abs(gaps) @ self.share


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
        share=_shares(smooth.knots, score, rows),
        distance=np.abs(fitted - score),
        rows=rows,
    )


def weighted_quantiles(
    values: NDArray[np.float64], rows: NDArray[np.float64], shares: Sequence[float]
) -> NDArray[np.float64]:
    """Return quantiles of values (k,) of which each stands for ``rows``, interpolated between ranks (R's type 7)."""
    if not bool((values[:-1] <= values[1:]).all()):
        order = np.argsort(values)
        values, rows = values[order], rows[order]
    upto = np.cumsum(rows)
    rank = np.asarray(shares, dtype=np.float64) * (upto[-1] - 1)
    below = np.floor(rank)
    low, high = (values[np.searchsorted(upto, at, side="right")] for at in (below, np.ceil(rank)))
    found: NDArray[np.float64] = low + (rank - below) * (high - low)
    return found


def _independent(smooth: Smoother, residual: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    n = float(rows.sum())
    squares = totals(rows * residual**2, smooth.cell)
    covariance: NDArray[np.float64] = (smooth.matrix * squares) @ smooth.matrix.T * (n / max(n - 1, 1))
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


def _shares(knots: NDArray[np.float64], score: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the rows that each knot stands for: a row counts for the two knots around it by nearness."""
    if len(knots) == 1:
        return np.ones(1)
    left = np.clip(np.searchsorted(knots, score, side="right") - 1, 0, len(knots) - 2)
    toward = (score - knots[left]) / np.diff(knots)[left]
    shares = np.bincount(left, weights=rows * (1 - toward), minlength=len(knots)).astype(np.float64)
    shares += np.bincount(left + 1, weights=rows * toward, minlength=len(knots))
    return np.asarray(shares / rows.sum(), dtype=np.float64)
