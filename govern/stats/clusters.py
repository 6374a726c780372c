"""The patient is the unit: counting patients, and what rows of the same patient are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def repeated(patient: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """Return the patients of the rows as codes 0..k-1, or ``None`` where no patient repeats.

    A slice of clustered data may hold one row of each of its patients: it then is not clustered.
    """
    if patient is None:
        return None
    distinct, codes = np.unique(patient, return_inverse=True)
    return None if len(distinct) == len(patient) else codes.astype(np.int64)


def units(rows: NDArray[np.bool_], patient: NDArray[np.int64] | None) -> int:
    """Return how many patients have a row where ``rows`` (shape (n,)) holds; rows where ``patient`` is ``None``."""
    return int(rows.sum()) if patient is None else len(np.unique(patient[rows]))


def totals(values: NDArray[Any], patient: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Return the sum of ``values`` (shape (n,)) of each patient, shape (k,); ``values`` if ``patient`` is ``None``."""
    if patient is None:
        return values.astype(np.float64)
    return np.bincount(patient, weights=values).astype(np.float64)


def effective(hit: NDArray[np.bool_], patient: NDArray[np.int64] | None, *, level: float = 0.95) -> tuple[float, float]:
    """Return the hits and the size of the simple random sample that is worth as much as these rows.

    Independent rows count as they are. Where a patient repeats, the size is p(1-p) / v with v the
    between-patient (linearisation) variance of the proportion p, times the squared ratio of the t
    quantiles of n-1 and k-1 degrees of freedom, never above the number of rows (Korn and Graubard,
    Survey Methodology 1998;24:193). A proportion of 0 or 1 shows no variance: the size is then the
    number of patients. Any interval for a proportion may be given both numbers (Franco et al.,
    J Surv Stat Methodol 2019;7:334, recommend Wilson's).
    """
    n, count = len(hit), int(hit.sum())
    codes = repeated(patient)
    if codes is None:
        return float(count), float(n)
    p, k = count / n, int(codes.max()) + 1
    if count in (0, n) or k == 1:
        return p * k, float(k)
    from scipy.special import stdtrit

    deviation = totals(hit - p, codes)
    variance = k / (k - 1) * float(deviation @ deviation) / n**2
    tail = (1 + level) / 2
    shrink = float(stdtrit(n - 1, tail) / stdtrit(k - 1, tail)) ** 2
    size = min(float(n), p * (1 - p) / variance * shrink) if variance > 0 else float(n)
    return p * size, size
