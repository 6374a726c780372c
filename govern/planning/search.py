"""The least size from which a power never falls below its goal again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

#: From sizes (int64, ascending) to the power at each.
Power = Callable[[NDArray[np.int64]], NDArray[np.float64]]
#: No study has more rows; a criterion that needs more is said to be out of reach.
LARGEST = 20_000_000
#: Up to here every size is looked at, since the power of counts saw-tooths; beyond it the teeth are below 1 %.
_EVERY = 4_000
#: A smooth power is looked at a little above the answer too.
_ABOVE = (1.005, 1.01, 1.02, 1.05)


def least(power: Power, goal: float, *, start: int = 1, every: bool = False) -> int | None:
    """Return the least size >= ``start`` from which the power stays at or above ``goal``; ``None`` beyond reach.

    ``every``: the power is cheap and not monotone (exact binomial), so that all sizes near the answer are looked at.
    """

    def holds(*sizes: int) -> bool:
        return bool((power(np.array(sizes, dtype=np.int64)) >= goal).all())

    high = max(start, 1)
    while not holds(high):
        high *= 2
        if high > LARGEST:
            return None
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    if every:
        return _scanned(power, goal, high, start)
    while not holds(high, *(int(high * more) + 1 for more in _ABOVE)):
        high = int(high * _ABOVE[0]) + 1
    return high


def _scanned(power: Power, goal: float, near: int, start: int) -> int:
    """Return the place after the last size near ``near`` at which the power is too low."""
    first, last = (start, 2 * near + 50) if near <= _EVERY else (int(0.97 * near), int(1.03 * near))
    sizes = np.arange(max(first, start, 1), last + 1, dtype=np.int64)
    below = np.flatnonzero(power(sizes) < goal)
    return int(sizes[0] if not len(below) else sizes[below[-1]] + 1)


def rows_for(counts: list[tuple[int, float]], *, sure: float = 0.95) -> int | None:
    """Return the least number of rows among which all counts are reached with probability ``sure``.

    Each count comes with the share of rows that it counts; counts are binomial, and all hold together by
    Bonferroni's inequality. ``None`` where a share is 0 or the number is out of reach.
    """
    from scipy.special import bdtr

    each = 1 - (1 - sure) / max(1, sum(0 < share < 1 for _, share in counts))
    rows = 1
    for count, share in counts:
        if share <= 0:
            return None
        if share >= 1:
            rows = max(rows, count)
            continue
        low, high = count, max(count, 1)
        while bdtr(count - 1, high, share) > 1 - each:
            high *= 2
            if high > LARGEST * 100:
                return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if bdtr(count - 1, middle, share) <= 1 - each else (middle + 1, high)
        rows = max(rows, high)
    return rows
