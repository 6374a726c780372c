"""Correlation of profiles and of ranks, in many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is left by rounding alone of a variance of values of order one.
_ROUNDING = 1e-12


def pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each row of ``a`` with the same row of ``b``, both of shape (k, m), shape (k,).

    0 where all values of a row are the same.
    """
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (a, b))
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    rho: NDArray[np.float64] = np.divide((x * y).sum(axis=1), scale, out=np.zeros(len(x)), where=scale > 0)
    return np.clip(rho, -1.0, 1.0)


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank correlation of each row of ``a`` with the same row of ``b``, ties at their mean rank."""
    from scipy.stats import rankdata

    return pearson(rankdata(a, axis=1), rankdata(b, axis=1))


def weighted_spearman(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Spearman's correlation of ``x`` and ``y`` (shape (n,)) where row i stands for ``weights[., i]`` rows.

    ``weights`` has shape (b, n), as a bootstrap draws them; the result, shape (b,), equals that of the repeated rows,
    ties at their mean rank. NaN where all that is drawn of x or y is the same.
    """
    total = weights.sum(axis=1, keepdims=True)
    a, b = (_mean_ranks(v, weights) for v in (x, y))
    a, b = (r - (weights * r).sum(axis=1, keepdims=True) / total for r in (a, b))
    spread = [(weights * r * r).sum(axis=1) / total[:, 0] ** 3 for r in (a, b)]
    varies = (spread[0] > _ROUNDING) & (spread[1] > _ROUNDING)
    together = (weights * a * b).sum(axis=1) / total[:, 0] ** 3
    scale = np.sqrt(spread[0] * spread[1])
    rho: NDArray[np.float64] = np.divide(together, scale, out=np.full(len(weights), np.nan), where=varies)
    return np.clip(rho, -1.0, 1.0)


def _mean_ranks(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rank of each value among the rows that are drawn, shape (b, n)."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))
    held = np.add.reduceat(weights[:, order], starts, axis=1)
    below = np.cumsum(held, axis=1) - held
    ranks: NDArray[np.float64] = (below + (held + 1) / 2)[:, place]
    return ranks
