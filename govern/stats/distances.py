"""Distances between two distributions in cells: how sure they are, and what chance alone makes of them.

Everything is in closed form, from counts: a distance of two samples is never negative, so chance makes it too large,
and an interval that ignores this accuses a population that never changed.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.drift import NONE, Distance, filled, noncentrality
from govern.stats.multiplicity import bonferroni
from govern.stats.proportion import newcombe, quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Places at which the spread of a distance under no shift is worked out.
_PLACES = 64


def kolmogorov_smirnov(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    n_reference: float,
    n_current: float,
    comparisons: int = 1,
    stretches: bool = False,
) -> Distance:
    """Return the largest difference of two distribution functions (0 to 1), from counts in ascending cells, shape (k,).

    The interval is the Kolmogorov band, estimate -/+ K sqrt(1/n + 1/m) with K the quantile of Kolmogorov's
    distribution, which also gives ``p``: exact for large samples of one continuous distribution, cautious for
    any other two. ``stretches`` says that a cell holds more than one value: inside a cell the difference may be
    larger, by ``error`` at the most. Smirnov N, Ann Math Stat 1948;19:279.
    """
    from scipy.special import kolmogi, kolmogorov

    f, g = np.cumsum(reference) / reference.sum(), np.cumsum(current) / current.sum()
    estimate = float(np.abs(f - g).max())
    error = 0.0
    if stretches:
        f_before, g_before = np.append(0.0, f[:-1]), np.append(0.0, g[:-1])
        error = max(0.0, float(np.maximum(f - g_before, g - f_before).max()) - estimate)
    unit = sqrt(1 / n_reference + 1 / n_current)
    band, wide = (float(kolmogi(1 - level)) * unit for level in (0.95, bonferroni(0.95, comparisons)))
    return Distance(
        raw=estimate,
        estimate=estimate,
        lower=max(0.0, estimate - band),
        upper=min(1.0, estimate + error + band),
        together=max(0.0, estimate - wide),
        chance=sqrt(pi / 2) * np.log(2) * unit,  # the mean of Kolmogorov's distribution
        chance_limit=float(kolmogi(0.05)) * unit,
        p=float(kolmogorov(estimate / unit)),
        error=error,
    )


def jensen_shannon(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    n_reference: float,
    n_current: float,
    comparisons: int = 1,
) -> Distance:
    """Return the Jensen-Shannon distance of two arrays of counts, shape (k,): 0 to 0.833.

    It is the square root of the divergence in nats, as in scipy and Evidently. 8 times the divergence by (1/n + 1/m)
    follows a chi-square distribution with cells - 1 degrees of freedom if the populations are the same, and about
    a non-central one if not; the interval inverts the latter. Lin J, IEEE Trans Inf Theory 1991;37:145; Grosse I et
    al., Phys Rev E 2002;65:041905.
    """
    from scipy.special import chdtrc, chdtri, gammaln, rel_entr

    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    # A rounding error below 0 would have no square root.
    divergence = max(0.0, float((rel_entr(p, middle) + rel_entr(q, middle)).sum()) / 2)
    freedom = filled(reference, current) - 1
    if freedom < 1:
        return NONE
    unit = (1 / n_reference + 1 / n_current) / 8
    lower, upper = noncentrality(divergence / unit, freedom)
    together = noncentrality(divergence / unit, freedom, bonferroni(0.95, comparisons))[0]
    mean = sqrt(2) * np.exp(gammaln((freedom + 1) / 2) - gammaln(freedom / 2))  # of the chi distribution
    most = sqrt(np.log(2))
    return Distance(
        raw=sqrt(divergence),
        estimate=sqrt(divergence),
        lower=sqrt(lower * unit),
        upper=max(min(most, sqrt(upper * unit)), sqrt(divergence)),
        together=sqrt(together * unit),
        chance=float(mean) * sqrt(unit),
        chance_limit=sqrt(float(chdtri(freedom, 0.05)) * unit),
        p=float(chdtrc(freedom, divergence / unit)),
    )


def wasserstein(
    value: NDArray[np.float64],
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    scale: float,
    n_reference: float,
    n_current: float,
    comparisons: int = 1,
    error: float = 0.0,
) -> Distance:
    """Return the first Wasserstein distance of counts at ascending places ``value``, shape (k,), in units of ``scale``.

    It is the area between the two distribution functions F and G. Its error is that of the difference in means of
    the optimal potential, whose slope is the sign of F - G (the delta method; ``scale`` is taken to be the standard
    deviation of the reference, whose own error counts too). Chance adds, at each place, the excess of a folded
    normal variable over its mean; the lower bound has this taken off, and is 0 unless identical populations would
    give less in 39 of 40 samples; the upper bound has it added, since next to no shift the sign is itself uncertain.
    Under no shift the distance is the integral of a folded Brownian bridge, whose first two moments are those of the
    gamma distribution that is used. ``error`` is in units of ``scale``. Villani C, Optimal Transport (2009), 5.16;
    del Barrio E et al., Ann Probab 1999;27:1009.
    """
    from scipy.special import gammaincc, gammainccinv, ndtr

    p, q = reference / reference.sum(), current / current.sum()
    f, g = np.cumsum(p)[:-1], np.cumsum(q)[:-1]
    step = np.diff(value) / scale
    estimate = float((np.abs(f - g) * step).sum())
    potential = np.append(0.0, np.cumsum(np.sign(f - g) * step))
    deviation = (value - (p * value).sum()) / scale
    se = sqrt(_variance(p, potential + estimate * deviation**2 / 2) / n_reference + _variance(q, potential) / n_current)
    spread = np.sqrt(np.maximum(f * (1 - f) / n_reference + g * (1 - g) / n_current, 0.0))
    away = np.divide(np.abs(f - g), spread, out=np.full_like(spread, np.inf), where=spread > 0)
    excess = spread * sqrt(2 / pi) * np.exp(-(away**2) / 2) - 2 * np.abs(f - g) * ndtr(-away)
    bias = float((excess * step).sum())
    mean, variance = _under_no_shift(reference, current, step, 1 / n_reference + 1 / n_current)
    # Without any variance there is one value only.
    shape, unit = (mean**2 / variance, variance / mean) if variance > 0 else (1.0, 0.0)

    def lower(level: float) -> float:
        certain = unit * float(gammainccinv(shape, (1 - level) / 2))
        return max(0.0, estimate - error - bias - quantile(level) * se) if estimate > certain else 0.0

    return Distance(
        raw=estimate,
        estimate=estimate,
        lower=lower(0.95),
        upper=estimate + error + bias + quantile(0.95) * se,
        together=lower(bonferroni(0.95, comparisons)),
        chance=mean,
        chance_limit=unit * float(gammainccinv(shape, 0.05)),
        p=float(gammaincc(shape, estimate / unit)) if unit > 0 else 1.0,
        error=error,
    )


def proportions(then: float, now: float, *, n_reference: float, n_current: float, comparisons: int = 1) -> Distance:
    """Return the absolute difference (0 to 1) of two independent proportions, ``now`` of ``n_current`` rows.

    The interval is Newcombe's for the difference (Stat Med 1998;17:873, method 10), by its absolute value; ``p`` is
    that of the pooled z test. What chance gives is worked out at the pooled proportion of Agresti and Coull (two
    more events and non-events), since rows without any event do not show that there could be none.
    """
    from scipy.special import ndtr

    counts = now * n_current, n_current, then * n_reference, n_reference
    low, high = newcombe(*counts)
    strict_low, strict_high = newcombe(*counts, level=bonferroni(0.95, comparisons))
    total, events = n_reference + n_current, then * n_reference + now * n_current
    unit = sqrt(1 / n_reference + 1 / n_current)
    pooled, cautious = events / total, (events + 2) / (total + 4)
    se, chance = sqrt(pooled * (1 - pooled)) * unit, sqrt(cautious * (1 - cautious)) * unit
    estimate = abs(now - then)
    return Distance(
        raw=estimate,
        estimate=estimate,
        lower=max(0.0, low, -high),
        upper=max(-low, high),
        together=max(0.0, strict_low, -strict_high),
        chance=sqrt(2 / pi) * chance,
        chance_limit=quantile(0.95) * chance,
        p=2 * float(ndtr(-estimate / se)) if se > 0 else 1.0,
    )


def _variance(share: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the variance of ``values`` that occur with these shares."""
    mean = (share * values).sum()
    return float((share * (values - mean) ** 2).sum())


def _under_no_shift(
    reference: NDArray[np.float64], current: NDArray[np.float64], step: NDArray[np.float64], unit: float
) -> tuple[float, float]:
    """Return mean and variance of the distance where both samples are of the pooled distribution.

    The difference of the distribution functions is then a Brownian bridge; the moments of its absolute values are
    those of correlated folded normal variables. For the variance, places are pooled into at most 64.
    """
    both = reference + current
    pooled = np.cumsum(both)[:-1] / both.sum()
    weight = np.sqrt(pooled * (1 - pooled) * unit) * step
    inside = weight > 0
    if not inside.any():
        return 0.0, 0.0
    weight, pooled = weight[inside], pooled[inside]
    mean = sqrt(2 / pi) * float(weight.sum())
    block = np.arange(len(weight)) * min(_PLACES, len(weight)) // len(weight)
    mass = np.bincount(block, weights=weight)
    odds = np.bincount(block, weights=weight * pooled) / mass
    odds = odds / (1 - odds)
    ratio = odds[:, None] / odds[None, :]
    correlation = np.minimum(np.sqrt(np.minimum(ratio, 1 / ratio)), 1.0)
    second = mass @ (np.sqrt(1 - correlation**2) + correlation * np.arcsin(correlation)) @ mass
    return mean, max(0.0, 2 / pi * float(second) - mean**2)
