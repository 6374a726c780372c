"""Check ``data.exact_extremes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.dataset import Recorded


def exact_extremes(recorded: Recorded, *, tolerance: float = 1e-6) -> Measurement:
    """Scores that are exactly 0 or 1, or were cut off just beside them.

    Why: A risk of 1 says that the event is certain. No model knows that of a patient: such scores come from rounding,
        from clipping, from a rule written as a probability, or from a leaf with a handful of patients. One of them
        that is wrong makes the logarithmic loss infinite, or, where 0 was replaced by 1e-7 or 1e-15, decides it alone.
    How: An exact count of the rows of the test dataset whose score equals 0 or 1, or lies within `tolerance` of them
        and is another row's score too: the constants at which libraries clip (1e-7, 1e-15) and what single precision
        makes of a risk near 1. The details give each count (`zero`, `one`, and `exact` of both), how many scores lie
        as near and are no other row's (`alone`), and how many cannot be read (see `data.invalid_scores`).
    Limits: A score of 0.9999, or one of 1e-9 that no other row has, may be no better and is not counted; calibration
        looks at it. Where the event is so rare that many patients have a risk below one in a million, set a smaller
        `tolerance`.
    Fix: Give the model's probabilities with the digits that it computes; where a rule overrides the model, report
        its rows as a subgroup; calibrate with a method that does not reach 0 or 1.
    See: Knaus WA et al. The SUPPORT prognostic model. Ann Intern Med 122:191, 1995 (whose recorded estimates hold
        some); Gneiting T, Raftery AE. Strictly proper scoring rules. JASA 102:359, 2007.
    """
    score = recorded.score
    readable = np.isfinite(score)
    n, left_out = int(np.count_nonzero(readable)), int(np.count_nonzero(~readable))
    note = f"; {left_out:,} scores that cannot be read were left out" if left_out else ""
    if n == 0:
        return Measurement.unknown(n=0, method="exact count", message=f"there are no scores{note}")
    near = score[(np.abs(score) <= tolerance) | ((score >= 1 - tolerance) & (score <= 1 + tolerance))]
    value, count = np.unique(near, return_counts=True)
    exact = (value == 0) | (value == 1)
    cut = exact | (count > 1)
    zero, one = (int(count[cut & side].sum()) for side in (value < 0.5, value > 0.5))
    exactly = int(count[exact].sum())
    message = f"{zero:,} scores are 0 and {one:,} are 1"
    if zero + one > exactly:
        message += f", {exactly:,} of them exactly and the others but for one value that they share"
    return Measurement.counted(
        zero + one,
        n=n,
        method="exact count",
        message=message + note,
        details={
            "zero": zero,
            "one": one,
            "exact": exactly,
            "alone": int(count[~cut].sum()),
            "left_out": left_out,
        },
    )
