"""Average precision and the precision-recall curve, also under resampling weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Rows in descending order of score: their order, their labels, and the last row of each distinct score."""

    order: NDArray[np.int64]
    label: NDArray[np.float64]
    ends: NDArray[np.int64]


def rank(label: NDArray[np.int8], score: NDArray[np.float64]) -> Ranking:
    """Return the ranking of rows by score, once for all resamples."""
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    return Ranking(order=order, label=label[order].astype(np.float64), ends=ends)


def average_precision(ranking: Ranking, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision under each row of ``weights`` (b, n), given in the ranking's order, shape (b,).

    The sum over distinct scores of the gain in recall times the precision, without interpolation (as
    in scikit-learn). In (0, 1]; NaN where no event has weight.
    """
    hits = np.cumsum(weights * ranking.label, axis=1)[:, ranking.ends]
    taken = np.cumsum(weights, axis=1)[:, ranking.ends]
    precision = np.divide(hits, taken, out=np.zeros_like(hits), where=taken > 0)
    area = (np.diff(hits, axis=1, prepend=0.0) * precision).sum(axis=1)
    total = hits[:, -1]
    mean: NDArray[np.float64] = np.divide(area, total, out=np.full_like(total, np.nan), where=total > 0)
    return mean


def curve(ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return recall and precision at each distinct score, from the highest score down."""
    hits = np.cumsum(ranking.label)[ranking.ends]
    return hits / hits[-1], hits / (ranking.ends + 1)
