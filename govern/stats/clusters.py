"""The patient is the unit: counting patients, and what rows of the same patient are worth.

``patient`` are codes of each row's patient, ``weight`` how many rows each entry stands for; shape (n,), or
``None`` where each row is a patient of its own and stands for itself. They never occur together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Codes up to this many times the rows are counted in a table; above, the table would cost more than a sort.
_SPARSE = 8


def repeated(patient: NDArray[Any] | None) -> NDArray[np.int64] | None:
    """Return the patients of the rows as codes 0..k-1, or ``None`` where no patient repeats.

    A slice of clustered data may hold one row of each of its patients: it then is not clustered.
    """
    if patient is None or len(patient) == 0:
        return None
    if _dense(patient):
        present = np.bincount(patient) > 0
        k = int(np.count_nonzero(present))
        codes = patient if k == len(present) else (np.cumsum(present) - 1)[patient]
    else:
        distinct, codes = np.unique(patient, return_inverse=True)
        k = len(distinct)
    return None if k == len(patient) else codes.astype(np.int64, copy=False)


def units(
    rows: NDArray[np.bool_], patient: NDArray[np.int64] | None, *, weight: NDArray[np.int64] | None = None
) -> int:
    """Return how many patients have a row where ``rows`` (shape (n,)) holds; rows where ``patient`` is ``None``."""
    if patient is not None:
        whose = patient[rows]
        return int(np.count_nonzero(np.bincount(whose))) if _dense(whose) else len(np.unique(whose))
    return int(np.count_nonzero(rows) if weight is None else weight[rows].sum())


def totals(values: NDArray[Any], patient: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Return the sum of ``values`` (shape (n,)) of each patient, shape (k,); ``values`` if ``patient`` is ``None``."""
    if patient is None:
        return values.astype(np.float64, copy=False)
    return np.bincount(patient, weights=values).astype(np.float64)


def squares(
    values: NDArray[Any], patient: NDArray[np.int64] | None, *, weight: NDArray[np.int64] | None = None
) -> float:
    """Return the sum over patients of the square of the sum of their ``values`` (shape (n,))."""
    each = totals(values, patient)
    return float(each @ each if weight is None else each @ (weight * each))


def effective(
    hit: NDArray[np.bool_],
    patient: NDArray[np.int64] | None,
    *,
    weight: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the hits and the size of the simple random sample that is worth as much as these rows.

    Independent rows count as they are. Where a patient repeats, the size is p(1-p) / v with v the
    between-patient (linearisation) variance of the proportion p, times the squared ratio of the t
    quantiles of n-1 and k-1 degrees of freedom, never above the number of rows (Korn and Graubard,
    Survey Methodology 1998;24:193). A proportion of 0 or 1 shows no variance: the size is then the
    number of patients. Any interval for a proportion may be given both numbers (Franco et al.,
    J Surv Stat Methodol 2019;7:334, recommend Wilson's).
    """
    if weight is not None:
        return float(weight[hit].sum()), float(weight.sum())
    n, count = len(hit), int(np.count_nonzero(hit))
    codes = repeated(patient)
    if codes is None:
        return float(count), float(n)
    p, k = count / n, int(codes.max()) + 1
    if count in (0, n) or k == 1:
        return p * k, float(k)
    from scipy.special import stdtrit

    variance = k / (k - 1) * squares(hit - p, codes) / n**2
    tail = (1 + level) / 2
    shrink = float(stdtrit(n - 1, tail) / stdtrit(k - 1, tail)) ** 2
    size = min(float(n), p * (1 - p) / variance * shrink) if variance > 0 else float(n)
    return p * size, size


def _dense(patient: NDArray[Any]) -> bool:
    """Whether codes are small enough to be counted in a table, which is much faster than sorting them."""
    if len(patient) == 0 or not np.issubdtype(patient.dtype, np.signedinteger):
        return False
    return bool(patient.min() >= 0 and patient.max() < _SPARSE * len(patient))
