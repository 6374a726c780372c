"""How sure each of several comparisons must be, so that all of them hold at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.stats.proportion import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def bonferroni(level: float, comparisons: int) -> float:
    """Return the level of each of ``comparisons`` intervals (at least 1) that together hold with ``level``.

    Bonferroni's inequality: right under any dependence. Holm's steps decide which hypotheses to
    reject and give no intervals of their own, so they are not used for what is printed as an interval.
    """
    return 1 - (1 - level) / comparisons


def holm(p: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values (shape (c,), each 0 to 1) adjusted by Holm's steps, at most 1, in the order given.

    All hypotheses whose adjusted value is at most a may be rejected with a chance of at most a of rejecting a true
    one, under any dependence. Holm S, Scand J Stat 1979;6:65.
    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    steps = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def largest_by_chance(errors: NDArray[np.float64], largest: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return what the largest of several normal differences reaches where none is real, and how odd ``largest`` is.

    ``errors`` (shape (c,), above 0) are standard errors of differences whose truth is 0. The first number is the
    ``level`` quantile of their largest absolute value, the second the probability of ``largest`` or more. Both are
    exact for independent differences and an upper bound for any others (Sidak, JASA 1967;62:626).
    """
    from scipy.optimize import brentq
    from scipy.special import erf

    def below(limit: float) -> float:
        return float(np.prod(erf(limit / (errors * np.sqrt(2)))))

    beyond = quantile(bonferroni(level, len(errors))) * float(errors.max()) * (1 + 1e-9)
    limit = float(brentq(lambda t: below(t) - level, 0.0, beyond))
    return limit, 1 - below(largest)
