"""What a Brier score is made of: reliability, resolution and uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Brier score = ``reliability`` - ``resolution`` + ``uncertainty`` + ``within``, all squared risks (Murphy 1973).

    ``within`` is what the scores' variation inside bins adds; it is 0 where a bin has one score (Stephenson,
    Coelho and Jolliffe 2008). ``excess`` is by how much noise makes reliability too large, ``rows`` (b,) how
    many rows each bin has.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float
    excess: float
    rows: NDArray[np.float64]


def decomposition(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Decomposition:
    """Split the Brier score over bins 0..b-1, none of them empty (Murphy, J Appl Meteorol 1973;12:595).

    Reliability is the mean over rows of (mean score - event rate)^2 of their bin. Its excess is the mean
    sampling variance of the rates (Ferro and Fricker, QJRMS 2012;138:1954): between rows, or between patients
    (codes 0..k-1) where they repeat. A bin with one row or one patient shows no variance and adds nothing.
    """
    each = np.ones(len(score)) if weight is None else weight.astype(np.float64)
    n, b = float(each.sum()), int(bin_of.max()) + 1
    rows = totals(each, bin_of)
    rate, mean = totals(each * label, bin_of) / rows, totals(each * score, bin_of) / rows
    prevalence = float(rows @ rate) / n
    reliability = float(rows @ (mean - rate) ** 2) / n
    resolution = float(rows @ (rate - prevalence) ** 2) / n
    uncertainty = prevalence * (1 - prevalence)
    if patient is None:
        units, squares = rows, rows * rate * (1 - rate)
    else:
        pairs, at = np.unique(patient * b + bin_of, return_inverse=True)
        units = totals(np.ones(len(pairs)), pairs % b)
        squares = totals(totals(label - rate[bin_of], at) ** 2, pairs % b)
    variance = squares * units / np.maximum(units - 1, 1) / rows**2
    return Decomposition(
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within=float(each @ (score - label) ** 2) / n - (reliability - resolution + uncertainty),
        excess=float(rows @ variance) / n,
        rows=rows,
    )
