"""What flagged rows gain less what they cost: the difference of two shares of the same rows, each times its worth."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from govern.stats.clusters import effective, totals
from govern.stats.proportion import Interval, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def balance(
    gains: NDArray[np.bool_],
    losses: NDArray[np.bool_],
    *,
    gain: float,
    loss: float,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
    level: float = 0.95,
) -> tuple[float, Interval]:
    """Return ``gain`` times the share of ``gains`` less ``loss`` times that of ``losses``, and its interval.

    The two masks (shape (n,), n > 0) share no row. MOVER of Wilson's limits, with the correlation of the two shares
    (Zou and Donner, Stat Med 2008;27:1693; Zou, Am J Epidemiol 2008;168:212): where one of the counts is small its
    error is skewed, and an interval symmetric about the balance has a lower limit that is too high. Where a patient
    repeats (codes 0..k-1), on effective sample sizes and with the correlation between patients.
    """
    (gained, size), (lost, rest) = (effective(of, patient, weight=weight, level=level) for of in (gains, losses))
    (p_low, p_high), (q_low, q_high) = wilson(gained, size, level=level), wilson(lost, rest, level=level)
    p, q = gained / size, lost / rest
    if patient is None:  # of rows, as of any two classes of a multinomial distribution
        together, spread = -p * q, sqrt(p * (1 - p) * q * (1 - q))
    else:
        off, other = (totals(of - share, patient) for of, share in ((gains, p), (losses, q)))
        together, spread = float(off @ other), sqrt(float(off @ off) * float(other @ other))
    r = max(-1.0, min(1.0, together / spread)) if spread > 0 else 0.0

    def reach(a: float, b: float) -> float:
        a, b = gain * a, loss * b
        return sqrt(max(0.0, a * a + b * b - 2 * r * a * b))

    middle = gain * p - loss * q
    return middle, (middle - reach(p - p_low, q_high - q), middle + reach(p_high - p, q - q_low))
