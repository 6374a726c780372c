"""Values that one sample shows and another never, or hardly ever, does: which of them chance does not explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How many rows of the reference lie beyond a value for it to be in a tail that is looked at.
_TAILS = (0, 1, 2, 4, 8, 16, 32, 64)


def beyond_chance(
    now: NDArray[np.float64], then: NDArray[np.float64], *, n: float, m: float, alpha: float
) -> NDArray[np.bool_]:
    """Return which counts are more frequent among ``n`` current rows than chance explains, shape (k,).

    ``now`` and ``then`` are the rows of either sample that have one thing. If all rows were of one population, each
    of those that have it would be a current one with probability n / (n + m); the binomial tail of the
    hypergeometric law, which is on the safe side, is held to ``alpha``. Counts may be fractional (effective sizes).
    Fisher RA, Statistical Methods for Research Workers (1934), section 21.02.
    """
    from scipy.special import betainc

    there = now > 0
    chance = np.ones(len(now))
    chance[there] = betainc(now[there], then[there] + 1, n / (n + m))
    return np.asarray(chance <= alpha)


def least_seen(n: float, m: float, alpha: float) -> float:
    """Return the smallest share of ``n`` rows that shows as new against ``m`` that never have it (may exceed 1)."""
    return float(np.log(alpha) / np.log(n / (n + m))) / n


def new_words(
    then: NDArray[np.float64], now: NDArray[np.float64], *, n: float, m: float, alpha: float, rarer: float
) -> NDArray[np.bool_]:
    """Return which words are new: at least ``rarer`` times more frequent now, and beyond chance; shape (k,)."""
    return _more(now, then, n=n, m=m, rarer=rarer) & beyond_chance(
        now, then, n=n, m=m, alpha=alpha / max(int(np.count_nonzero(now)), 1)
    )


def tails(
    then: NDArray[np.float64], now: NDArray[np.float64], *, n: float, m: float, alpha: float, rarer: float
) -> NDArray[np.bool_]:
    """Return which ascending cells lie in a tail that is new; shape (k,).

    Tails are what lies beyond all rows of the reference, or all but 1, 2, 4 ... 64 of them, at either end. The share
    of rows that lies beyond the extremes of m earlier ones has a law that does not depend on that of the values.
    Wilks SS, Ann Math Stat 1942;13:400.
    """
    new = np.zeros(len(then), dtype=np.bool_)
    strict = alpha / (2 * len(_TAILS))
    for side in (slice(None), slice(None, None, -1)):
        before, after = np.cumsum(then[side]), np.cumsum(now[side])
        ends = np.searchsorted(before, _TAILS, side="right")
        ends = ends[ends > 0]
        inside, outside = before[ends - 1], after[ends - 1]
        found = _more(outside, inside, n=n, m=m, rarer=rarer)
        found &= beyond_chance(outside, inside, n=n, m=m, alpha=strict)
        if found.any():
            new[side][: ends[found].max()] = True
    return new


def spikes(
    value: NDArray[np.float64],
    then: NDArray[np.float64],
    now: NDArray[np.float64],
    *,
    n: float,
    m: float,
    alpha: float,
    rarer: float,
) -> NDArray[np.bool_]:
    """Return which ascending values are new spikes of the current sample; shape (k,).

    A current value is compared with the reference's rows between the midpoints to its neighbours among the current
    ones, so that values that were rounded in only one of the samples are none. It must be ``rarer`` times more
    frequent than there, than its neighbours are on average, and beyond chance after Bonferroni's correction.
    """
    new = np.zeros(len(value), dtype=np.bool_)
    at = np.flatnonzero(now > 0)
    if not len(at):
        return new
    held, count = value[at], now[at]
    middle = held[:-1] + np.diff(held) / 2
    below = np.append(0.0, np.cumsum(then))
    # A row of the reference on a midpoint belongs to both sides.
    first = np.append(0, np.searchsorted(value, middle, side="left"))
    last = np.append(np.searchsorted(value, middle, side="right"), len(value))
    near = below[last] - below[first]
    around = np.zeros(len(at))
    around[1:] += count[:-1]
    around[:-1] += count[1:]
    sides = np.full(len(at), 2.0)
    sides[0] -= 1
    sides[-1] -= 1
    alone = count * np.maximum(sides, 1) >= rarer * around
    strict = alpha / len(at)
    new[at] = alone & _more(count, near, n=n, m=m, rarer=rarer) & beyond_chance(count, near, n=n, m=m, alpha=strict)
    return new


def _more(now: NDArray[Any], then: NDArray[Any], *, n: float, m: float, rarer: float) -> NDArray[np.bool_]:
    return np.asarray((now > 0) & (now * m >= rarer * then * n))
