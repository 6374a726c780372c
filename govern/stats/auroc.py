"""Area under the ROC curve: exact, with DeLong's variance, by one sort; ties count half."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import squares, totals, units
from govern.stats.proportion import Interval, quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Area:
    """An area, and what each row contributes to its error.

    ``influence`` (shape (n,)) is of one row each; over all the rows that they stand for it sums to 0 over the
    events and over the non-events, and its between-patient sum of squares is DeLong's variance.
    """

    estimate: float
    influence: NDArray[np.float64]


def area(label: NDArray[np.int8], score: NDArray[np.float64], *, weight: NDArray[np.int64] | None = None) -> Area:
    """Return the probability that an event scores above a non-event, ties counting half (Mann-Whitney).

    ``weight`` says how many rows each entry stands for. O(n) where the scores ascend, else O(n log n). The count of
    pairs is an integer, so the estimate is exact to the last division. Both classes must be present. Placement
    values as in DeLong et al., Biometrics 1988;44:837, computed from ranks (Sun and Xu, IEEE SPL 2014;21:1389).
    """
    order = None
    if not bool((score[:-1] <= score[1:]).all()):
        order = np.argsort(score, kind="stable")
        label, score, weight = label[order], score[order], None if weight is None else weight[order]
    event = label == 1
    rows = np.ones(len(label), dtype=np.int64) if weight is None else weight
    starts = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    pos = np.add.reduceat(np.where(event, rows, 0), starts)
    neg = np.add.reduceat(rows, starts) - pos
    m, n = int(pos.sum()), int(neg.sum())
    below_neg = 2 * np.cumsum(neg) - neg  # twice the non-events below, ties half
    below_pos = 2 * np.cumsum(pos) - pos
    # Whole numbers while the pairs can be counted in 64 bits (3 billion events and non-events each), else rounded.
    exact = 2 * m * n < np.iinfo(np.int64).max
    pairs = int(pos @ below_neg) if exact else float(pos.astype(np.float64) @ below_neg.astype(np.float64))
    estimate = pairs / (2 * m * n)
    ties = np.diff(np.append(starts, len(score)))
    of_event = np.repeat((below_neg / (2 * n) - estimate) / m, ties)
    of_other = np.repeat((1 - below_pos / (2 * m) - estimate) / n, ties)
    influence = np.where(event, of_event, of_other)
    if order is not None:
        in_order, influence = influence, np.empty_like(influence)
        influence[order] = in_order
    return Area(estimate=estimate, influence=influence)


def variance(
    influence: NDArray[np.float64],
    label: NDArray[np.int8],
    patient: NDArray[np.int64] | None = None,
    *,
    weight: NDArray[np.int64] | None = None,
) -> float | None:
    """Return the variance of an area, or of a difference of areas, from its influence values.

    Independent rows: DeLong 1988. Where a patient repeats (codes 0..k-1): Obuchowski, Biometrics
    1997;53:567, which sums the influence of each patient and keeps the covariance between a
    patient's events and non-events. ``None`` where fewer than two patients have events or non-events.
    """
    event = label == 1
    with_events, with_others = (units(rows, patient, weight=weight) for rows in (event, ~event))
    if min(with_events, with_others) < 2:
        return None
    of_events, of_others = np.where(event, influence, 0.0), np.where(event, 0.0, influence)
    found = with_events / (with_events - 1) * squares(of_events, patient, weight=weight) + with_others / (
        with_others - 1
    ) * squares(of_others, patient, weight=weight)
    if patient is not None:  # else no patient has both
        each, other = totals(of_events, patient), totals(of_others, patient)
        found += 2 * len(each) / (len(each) - 1) * float(each @ other)
    return found


def logit_interval(estimate: float, se: float, *, level: float = 0.95) -> Interval:
    """Return the interval that is symmetric on the logit scale; 0 < estimate < 1."""
    centre, half = log(estimate / (1 - estimate)), quantile(level) * se / (estimate * (1 - estimate))
    return 1 / (1 + exp(half - centre)), 1 / (1 + exp(-half - centre))


def wald_interval(estimate: float, se: float, *, level: float = 0.95) -> Interval:
    """Return estimate -/+ z se, cut at 0 and 1; what pROC prints."""
    half = quantile(level) * se
    return max(0.0, estimate - half), min(1.0, estimate + half)


def newcombe_interval(estimate: float, m: int, n: int, *, level: float = 0.95) -> Interval:
    """Return an interval that needs no variance estimate, for areas of 0 or 1 and for constant scores.

    Method 5 of Newcombe, Stat Med 2006;25:559: all theta with (estimate - theta)^2 <= z^2 V(theta),
    V being Hanley and McNeil's variance with both sample sizes less one replaced by their mean.
    ``m`` events and ``n`` non-events, at least one of each.
    """
    from scipy.optimize import brentq

    z2, mean = quantile(level) ** 2, (m + n) / 2 - 1

    def excess(theta: float) -> float:
        spread = 1 + mean * (1 - theta) / (2 - theta) + mean * theta / (1 + theta)
        return (estimate - theta) ** 2 - z2 * theta * (1 - theta) * spread / (m * n)

    # excess is positive at 0 and at 1 unless the estimate lies there, and at most 0 at the estimate
    tiny = 1e-12
    lower = float(brentq(excess, 0.0, min(estimate, 1 - tiny), xtol=tiny)) if estimate > 0 else 0.0
    upper = float(brentq(excess, max(estimate, tiny), 1.0, xtol=tiny)) if estimate < 1 else 1.0
    return lower, upper


def difference(
    label: NDArray[np.int8],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> tuple[float, float | None]:
    """Return the difference of two scores' areas on the same rows and its standard error (DeLong, paired).

    The standard error is ``None`` where :func:`variance` is.
    """
    a, b = area(label, first, weight=weight), area(label, second, weight=weight)
    v = variance(a.influence - b.influence, label, patient, weight=weight)
    return a.estimate - b.estimate, None if v is None else sqrt(max(v, 0.0))
