"""Which estimates a rule accepts, where both limits rise with the estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govern.types import Criterion

#: From a bound to the estimate whose limit equals it.
Inverse = Callable[[float], float]


def region(
    criteria: Sequence[Criterion], *, of_lower: Inverse, of_upper: Inverse, of_estimate: Inverse = float
) -> tuple[float, float]:
    """Return the smallest and the largest estimate that every criterion accepts; (inf, -inf) where there is none.

    ``of_lower`` gives the estimate whose lower limit is a bound, ``of_upper`` the one whose upper limit is it, and
    ``of_estimate`` the bound on the scale of both.
    A continuous estimate equals a bound with probability 0, so ``>`` is ``>=``, and ``==`` accepts nothing.
    """
    inverse = {"lower": of_lower, "upper": of_upper, "estimate": of_estimate}
    low, high = -inf, inf
    for c in criteria:
        if c.operator == "==":
            return inf, -inf
        at = inverse[c.on](c.bound)
        low, high = (max(low, at), high) if c.operator.startswith(">") else (low, min(high, at))
    return low, high


def normal_mass(low: float, high: float, mean: float, se: float) -> float:
    """Return the probability that a normal estimate lies between two values; 0 where they are crossed."""
    from scipy.special import ndtr

    return max(0.0, float(ndtr((high - mean) / se) - ndtr((low - mean) / se)))
