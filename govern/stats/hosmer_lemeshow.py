"""The Hosmer-Lemeshow statistic, and how poor the fit is that it shows, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.calibration_curve import quantiles
from govern.stats.clusters import totals

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Expected counts below this are none: what happens nevertheless makes chi-square infinite for all purposes.
_IMPOSSIBLE = 1e-12


@dataclass(frozen=True, kw_only=True)
class GoodnessOfFit:
    """``statistic`` is chi-square with ``freedom`` degrees if the risks are right; ``p`` is how often it is larger.

    ``statistic`` is divided by ``design``, the factor by which patients with several rows inflate it (1
    otherwise). ``misfit`` is epsilon with its 95 % limits ``lower`` and ``upper``. One entry a group:
    ``rows``, ``expected`` and ``observed`` events. ``smallest`` is the smallest expected number of events or
    non-events in a group. ``statistic`` is infinite where something happened that had a risk of 0.
    """

    statistic: float
    freedom: int
    p: float
    design: float
    misfit: float
    lower: float
    upper: float
    rows: NDArray[np.float64]
    expected: NDArray[np.float64]
    observed: NDArray[np.float64]
    smallest: float


def hosmer_lemeshow(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    groups: int,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> GoodnessOfFit:
    """Compare observed and expected counts in groups of risk (Hosmer and Lemeshow, Commun Stat 1980;9:1043).

    Groups end at the quantiles of the scores (interpolated, R's type 7; closed above), as those of
    ``ResourceSelection::hoslem.test``; equal quantiles merge groups. The risks come from outside the rows
    (nothing was fitted to them), so there are as many degrees of freedom as groups, not two fewer.
    Where patients repeat (codes 0..k-1) the statistic is divided by the mean design effect of the
    groups' rates, never below 1 (first-order correction, Rao and Scott, JASA 1981;76:221).

    Misfit is epsilon = sqrt(noncentrality / n), which does not grow with n (Nattino, Pennell and Lemeshow,
    Biometrics 2020;76:549). Their interval takes the outcomes to vary as the risks say, which they do not where
    the risks are wrong: it covered 0.80 where the interval here covers 0.95.
    """
    from scipy.special import gammaincc

    each = np.ones(len(score)) if weight is None else weight.astype(np.float64)
    cuts = np.unique(quantiles(score, [i / groups for i in range(1, groups)], weight=weight))
    place = np.searchsorted(cuts, score)
    there = np.bincount(place) > 0
    place = (np.cumsum(there) - 1)[place]  # no group is empty
    rows, observed, expected = totals(each, place), totals(each * label, place), totals(each * score, place)
    counts = np.concatenate([observed, rows - observed])
    means = np.concatenate([expected, totals(each * (1 - score), place)])
    possible = means > _IMPOSSIBLE
    statistic = float(((counts - means)[possible] ** 2 / means[possible]).sum()) if not counts[~possible].any() else inf
    binomial = observed * (rows - observed) / rows
    variance, design = (
        (binomial, 1.0) if patient is None else _between(label, place, patient, observed / rows, binomial)
    )
    misfit, lower, upper = _misfit(observed - expected, expected * (rows - expected) / rows, variance, design)
    n, freedom = float(rows.sum()), len(rows)
    return GoodnessOfFit(
        statistic=statistic / design,
        freedom=freedom,
        p=float(gammaincc(freedom / 2, statistic / design / 2)),
        design=design,
        misfit=sqrt(misfit / n),
        lower=sqrt(lower / n),
        upper=sqrt(upper / n),
        rows=rows,
        expected=expected,
        observed=observed,
        smallest=float(means.min()),
    )


def noncentrality(statistic: float, freedom: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the limits of the noncentrality of a chi-square statistic, by inverting its distribution.

    Equal tails (Kent and Hainsworth, J Stat Plan Inference 1995;46:147). A statistic that is smaller than its
    mean without noncentrality gets the upper limit of that mean: an uncommonly good fit by chance is no
    proof of a perfect one.
    """
    from scipy.special import chndtrinc, gammaincc

    if statistic == inf:
        return inf, inf
    tail = (1 - level) / 2
    upper = float(chndtrinc(max(statistic, freedom), freedom, tail))
    if gammaincc(freedom / 2, statistic / 2) >= tail:
        return 0.0, upper
    return float(chndtrinc(statistic, freedom, 1 - tail)), upper


def _misfit(
    gap: NDArray[np.float64], null: NDArray[np.float64], variance: NDArray[np.float64], design: float
) -> tuple[float, float, float]:
    """Return the noncentrality of the sum of gap^2 / null over groups, with its limits.

    ``null`` is the variance of each gap if the risks are right, ``variance`` the one seen, which differs where
    they are not or where patients repeat; a group that shows none (rate 0 or 1) is taken to have the one
    that right risks would give. The sum follows c times a noncentral chi-square distribution with c and
    degrees of freedom that give it its mean and variance (Satterthwaite's approximation).
    """
    shown = null > _IMPOSSIBLE
    ratio = np.where(variance[shown] > 0, variance[shown] / null[shown], design)
    square = gap[shown] ** 2 / null[shown]
    beyond = np.maximum(square - ratio, 0)
    if not shown.any():
        return 0.0, 0.0, inf
    scale = float((ratio @ (ratio + 2 * beyond)) / (ratio + 2 * beyond).sum())
    total, mean = float(square.sum()), float(ratio.sum())
    lower, upper = noncentrality(total / scale, mean / scale)
    return max(total - mean, 0.0), lower * scale, upper * scale


def _between(
    label: NDArray[np.int8],
    place: NDArray[np.int64],
    patient: NDArray[np.int64],
    rate: NDArray[np.float64],
    binomial: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Return the variance between patients of the events of each group, at least ``binomial``, and the design effect.

    The design effect is the mean ratio of the two over the groups that show a variance.
    """
    width = len(rate)
    pairs, at = np.unique(patient * width + place, return_inverse=True)
    squares = totals(totals(label - rate[place], at) ** 2, pairs % width)
    patients = totals(np.ones(len(pairs)), pairs % width)
    variance = np.maximum(binomial, squares * patients / np.maximum(patients - 1, 1))
    usable = binomial > 0
    if not usable.any():
        return variance, len(label) / (int(patient.max()) + 1)
    return variance, float((variance[usable] / binomial[usable]).mean())
