"""Calibration of several classes, one against the rest: the gaps of all bins of all classes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.calibration import equal_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Sums of probability minus outcome over the rows of each bin, shape (b,), and their covariance (b, b).

    ``class_of[j]`` is the class of bin j.
    """

    total: NDArray[np.float64]
    covariance: NDArray[np.float64]
    class_of: NDArray[np.int64]


def classwise_gaps(
    true: NDArray[np.int64], probability: NDArray[np.float64], bins: int, patient: NDArray[np.int64] | None = None
) -> Gaps:
    """Return the gaps of up to ``bins`` equal-mass bins of each class; ``probability`` has shape (n, classes).

    The covariance is that between rows, or between patients (codes 0..k-1) where they repeat, by
    linearisation of the ratio of gap to rows. A row lies in one bin of each class, so the matrix of units by bins
    is sparse and never written out.
    """
    from scipy.sparse import csr_array

    n, classes = probability.shape
    binned = [equal_mass(column, bins) for column in probability.T]
    sizes = [int(b.max()) + 1 for b in binned]
    place = np.column_stack(binned) + (np.cumsum(sizes) - sizes)
    gap = probability - (true[:, None] == np.arange(classes))
    unit = np.arange(n) if patient is None else patient
    by_unit = csr_array((gap.ravel(), (np.repeat(unit, classes), place.ravel())), shape=(unit.max() + 1, sum(sizes)))
    rows = np.bincount(unit).astype(np.float64)
    total = np.asarray(by_unit.sum(axis=0), dtype=np.float64).ravel()
    share, cross = total / n, by_unit.T @ rows
    squares = (by_unit.T @ by_unit).toarray() - np.outer(cross, share) - np.outer(share, cross)
    covariance = (squares + float(rows @ rows) * np.outer(share, share)) * (len(rows) / max(len(rows) - 1, 1))
    return Gaps(total=total, covariance=covariance, class_of=np.repeat(np.arange(classes), sizes))
