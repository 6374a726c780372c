"""True and predicted classes: balanced accuracy and weighted kappa, each with what a row contributes to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import effective, totals, units
from govern.stats.influence import Influence
from govern.stats.proportion import Interval, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


def confusion(true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return the number of rows of each true (row) and predicted (column) class, shape (classes, classes)."""
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def quadratic_kappa(true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Influence | None:
    """Return Cohen's kappa with quadratic weights; classes are 0..classes-1, equally far apart.

    1 - D / E with D the mean squared distance of true and predicted class, and E what it would be if both
    were independent (Cohen, Psychol Bull 1968;70:213). The influence is the delta method's; its variance over n
    is that of Fleiss, Cohen and Everitt (Psychol Bull 1969;72:323). ``None`` where E is 0: one class alone.
    """
    place = np.arange(classes, dtype=np.float64)
    weight = (place[:, None] - place[None, :]) ** 2
    share = confusion(true, predicted, classes) / len(true)
    by_truth, by_answer = weight @ share.sum(axis=0), weight @ share.sum(axis=1)
    expected = float(share.sum(axis=1) @ by_truth)
    if expected == 0:
        return None
    kappa = 1 - float((weight * share).sum()) / expected
    row = by_truth[true] + by_answer[predicted] - expected
    return Influence(estimate=kappa, influence=((1 - kappa) * row - weight[true, predicted]) / expected)


def rarest(true: NDArray[np.int64], classes: int, patient: NDArray[np.int64] | None = None) -> int:
    """Return how many rows (patients where they repeat) there are of the class that has fewest."""
    return min(units(true == c, patient) for c in range(classes))


@dataclass(frozen=True, kw_only=True)
class Recall:
    """The share of the rows of one class that were predicted to be of it, with Wilson's limits."""

    n: int
    estimate: float
    lower: float
    upper: float


def recalls(
    true: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    patient: NDArray[np.int64] | None = None,
    *,
    level: float = 0.95,
) -> list[Recall]:
    """Return the recall of each class, all of which occur in ``true``.

    Where a patient repeats (codes 0..k-1) the limits are those of the effective sample size.
    """
    found = []
    for c in range(classes):
        rows = true == c
        hit = predicted[rows] == c
        lower, upper = wilson(*effective(hit, None if patient is None else patient[rows], level=level), level=level)
        found.append(Recall(n=len(hit), estimate=float(hit.mean()), lower=lower, upper=upper))
    return found


def mean_of_proportions(found: list[Recall], correlation: NDArray[np.float64]) -> Interval:
    """Return the interval of the mean of proportions, by the recovery of variance estimates (MOVER).

    The distance of each proportion to its own limit stands for its standard error at that limit; the
    distances are added as standard errors are, with their correlation (classes, classes): Zou and Donner,
    Stat Med 2008;27:1693; Zou, Psychol Methods 2007;12:399. For two independent proportions it is Newcombe's method 10.
    Unlike the delta method's it does not vanish where a small class is all right or all wrong. In [0, 1].
    """
    estimate = float(np.mean([r.estimate for r in found]))
    below, above = (
        np.array([abs(r.estimate - limit) for r, limit in zip(found, limits, strict=True)])
        for limits in ([r.lower for r in found], [r.upper for r in found])
    )
    low, high = (sqrt(max(0.0, float(d @ correlation @ d))) / len(found) for d in (below, above))
    return max(0.0, estimate - low), min(1.0, estimate + high)


def recall_correlation(
    true: NDArray[np.int64], hit: NDArray[np.bool_], found: list[Recall], patient: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Return the correlation of the classes' recalls, shape (classes, classes).

    Rows of different classes are independent; a patient who has rows of several classes makes their recalls
    dependent (codes 0..k-1; linearisation, over patients).
    """
    if patient is None:
        return np.eye(len(found))
    by_patient = np.column_stack([totals((true == c) * (hit - r.estimate), patient) for c, r in enumerate(found)])
    covariance = by_patient.T @ by_patient
    spread = np.sqrt(np.diag(covariance))
    scale = np.outer(spread, spread)
    correlation = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation, dtype=np.float64)
