"""A measure of each group and of all the rest, and their difference; in one pass over the rows.

Rows lie in ``groups`` groups, with codes ``group`` of shape (n,). ``patient`` are codes of each row's patient,
``weight`` how many rows each entry stands for; ``None`` where each row is a patient of its own and stands for
itself. They never occur together. A result of shape (2, g) is of the groups, then of what is left without each.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.auroc import area, logit_interval, newcombe_interval, variance
from govern.stats.clusters import repeated, totals, units
from govern.stats.proportion import Interval, quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Variances at or below this are what rounding leaves of none.
_ROUNDING = 1e-20
#: The same for sums of squares about a mean, as a share of those about 0.
_DIGITS = 1e-12


def present(
    group: NDArray[np.int64],
    groups: int,
    *,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return how many rows there are, or patients where they repeat, in each group and in its rest, shape (2, g)."""
    if patient is None:
        inside = np.rint(np.bincount(group, weights=weight, minlength=groups)).astype(np.int64)
        return np.stack([inside, inside.sum() - inside])
    pairs = np.unique(patient * groups + group)
    _, of, groups_of = np.unique(pairs // groups, return_inverse=True, return_counts=True)
    inside = np.bincount(pairs % groups, minlength=groups)
    only = np.bincount((pairs % groups)[groups_of[of] == 1], minlength=groups)
    return np.stack([inside, len(groups_of) - only]).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Means:
    """Means of each group and of its rest, their variances, and the units (rows or patients) behind them.

    All of shape (2, g); variances are NaN where one unit alone, or no variance, leaves nothing to judge by.
    """

    value: NDArray[np.float64]
    variance: NDArray[np.float64]
    units: NDArray[np.float64]


def means(
    values: NDArray[np.float64],
    group: NDArray[np.int64],
    groups: int,
    *,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Means:
    """Return the means of ``values`` (shape (n,)) with the variances between patients, where they repeat.

    The variance is k/(k-1) times the sum of squares over the k units of their sums of deviations, over n^2: that of
    :func:`govern.stats.mean.student` for the rows of one side. The rest of a group is the whole less the group, a
    patient with rows on both sides counting on either with the rows that lie there.
    """
    mean = (values.mean() if weight is None else weight @ values / weight.sum()) if len(values) else 0.0
    centre = float(mean)  # keeps digits where squares are subtracted
    off = values - centre
    if patient is None:
        weighed = off if weight is None else off * weight
        rows = np.bincount(group, weights=weight, minlength=groups).astype(np.float64)
        total, squares = (np.bincount(group, weights=x, minlength=groups) for x in (weighed, weighed * off))
        inside = np.stack([rows, rows, total, squares, total, rows])
        rest = inside.sum(axis=1, keepdims=True) - inside
    else:
        pairs, unit = np.unique(patient * groups + group, return_inverse=True)
        _, owner = np.unique(pairs // groups, return_inverse=True)
        of_unit, one = pairs % groups, np.ones(len(pairs))
        t, m = (totals(x, unit) for x in (off, np.ones(len(off))))
        all_of = [totals(x, owner) for x in (t, m)]  # of each patient, whatever the group
        all_t, all_m = (x[owner] for x in all_of)
        inside = _sums(of_unit, groups, one, t, m)
        everybody = _sums(np.zeros(len(all_of[0]), dtype=np.int64), 1, np.ones(len(all_of[0])), *all_of)
        changed = _sums(of_unit, groups, one, all_t - t, all_m - m) - _sums(of_unit, groups, one, all_t, all_m)
        rest = everybody + changed
    k, n, t, tt, tm, mm = np.stack([inside, rest], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = t / n
        about = tt - 2 * mean * tm + mean**2 * mm
        found = k / (k - 1) * about / n**2
    real = (k > 1) & (about > _DIGITS * tt) & (found > _ROUNDING)
    return Means(value=mean + centre, variance=np.where(real, found, np.nan), units=k)


def _sums(
    group: NDArray[np.int64],
    groups: int,
    count: NDArray[np.float64],
    total: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return units, rows, totals, and the latters' squares and products, of each group, shape (6, g)."""
    moments = (rows > 0, rows, total, total * total, total * rows, rows * rows)
    return np.stack([np.bincount(group, count * x, minlength=groups) for x in moments])


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Signed differences of each group to its rest, their standard errors, limits and two-sided p-values; (g,)."""

    value: NDArray[np.float64]
    se: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    p: NDArray[np.float64]


def welch(both: Means, *, level: float = 0.95) -> Gaps:
    """Return the differences of means, with Student's t of the degrees of freedom of Welch and Satterthwaite.

    Welch, Biometrika 1947;34:28; the units are patients where they repeat. NaN where a variance is.
    """
    from scipy.special import stdtr, stdtrit

    total = both.variance.sum(axis=0)
    freedom = total**2 / (both.variance**2 / (both.units - 1)).sum(axis=0)
    value, se = both.value[0] - both.value[1], np.sqrt(total)
    half = stdtrit(freedom, (1 + level) / 2) * se
    return Gaps(value=value, se=se, lower=value - half, upper=value + half, p=2 * stdtr(freedom, -np.abs(value) / se))


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An AUROC with its standard error and limits."""

    value: float
    se: float
    limits: Interval


def ranked(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    patient: NDArray[np.int64] | None = None,
    *,
    weight: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> Ranked:
    """Return the AUROC of some rows, both classes present, with DeLong's or (clustered) Obuchowski's error.

    The limits are symmetric on the logit scale. Where the area is 0 or 1 or shows no variance (constant scores, a
    single patient in a class) they are those of Newcombe's method 5, and the standard error is what a normal
    interval of their width would have.
    """
    patient, event = repeated(patient), label == 1
    found = area(label, score, weight=weight)
    spread = variance(found.influence, label, patient, weight=weight)
    m, n = (units(rows, patient, weight=weight) for rows in (event, ~event))
    return _ranked(found.estimate, spread, m, n, level)


def _ranked(estimate: float, spread: float | None, m: int, n: int, level: float) -> Ranked:
    if spread is not None and spread > _ROUNDING and 0 < estimate < 1:
        se = sqrt(spread)
        return Ranked(value=estimate, se=se, limits=logit_interval(estimate, se, level=level))
    lower, upper = newcombe_interval(estimate, m, n, level=level)
    return Ranked(value=estimate, se=(upper - lower) / (2 * quantile(level)), limits=(lower, upper))


def ranked_sides(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int64],
    wanted: Sequence[int],
    *,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> list[tuple[Ranked, Ranked]]:
    """Return :func:`ranked` of each ``wanted`` group and of its rest, both classes present on either side.

    The scores ascend. Rows that are independent are counted once, by group, at the distinct scores of events and
    between them: what lies between two events has the same place among the events of any group. That
    takes O(n), and O(events) for each group.
    """
    if patient is not None and repeated(patient) is not None:

        def of(rows: NDArray[np.bool_]) -> Ranked:
            return ranked(label[rows], score[rows], patient[rows], level=level)

        return [(of(group == i), of(group != i)) for i in wanted]
    event = label == 1
    starts = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    held = np.logical_or.reduceat(event, starts)
    steps, ties = int(np.count_nonzero(held)), np.diff(np.append(starts, len(score)))
    at = np.repeat(np.cumsum(held) - held, ties)  # how many scores of events lie below each row's own
    kind = np.where(event, 0, np.repeat(2 - held, ties))
    codes = (group * 3 + kind) * (steps + 1) + at
    size = int(group.max()) + 1
    counts = np.rint(np.bincount(codes, weights=weight, minlength=size * 3 * (steps + 1))).astype(np.int64)
    counts = counts.reshape(size, 3, steps + 1)
    whole = counts.sum(axis=0)
    return [(_counted(counts[i], level), _counted(whole - counts[i], level)) for i in wanted]


def _counted(counts: NDArray[np.int64], level: float) -> Ranked:
    """Return the AUROC with DeLong's error from counts of shape (3, steps + 1).

    They are of events, of others with the same score, and of others below it and above that of the step before; what
    lies above the last event is in the last column.
    """
    events, tied, between = counts
    m, n = int(events.sum()), int(counts.sum() - events.sum())
    found, lower = np.cumsum(events), 2 * np.cumsum(tied + between) - tied  # others below, twice, ties once
    exact = 2 * m * n < np.iinfo(np.int64).max
    pairs = int(events @ lower) if exact else float(events.astype(np.float64) @ lower.astype(np.float64))
    estimate = pairs / (2 * m * n)
    if min(m, n) < 2:
        return _ranked(estimate, None, m, n, level)
    of_events = lower / (2 * n) - estimate
    of_tied, of_between = (1 - below / m - estimate for below in (found - events / 2, found - events))
    spread = float(events @ of_events**2) / (m * (m - 1))
    spread += float(tied @ of_tied**2 + between @ of_between**2) / (n * (n - 1))
    return _ranked(estimate, spread, m, n, level)


def square_and_add(group: Ranked, rest: Ranked) -> Interval:
    """Return the interval of ``group - rest`` from the limits of both, of independent rows.

    The method of variance estimates recovery (Zou and Donner, Stat Med 2008;27:1693), which Newcombe's method 10
    is for proportions. It stays within -1 to 1.
    """
    difference = group.value - rest.value
    lower = difference - sqrt((group.value - group.limits[0]) ** 2 + (rest.limits[1] - rest.value) ** 2)
    upper = difference + sqrt((group.limits[1] - group.value) ** 2 + (rest.value - rest.limits[0]) ** 2)
    return lower, upper
