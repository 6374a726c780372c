"""Check ``data.exact_extremes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.dataset import Recorded


def exact_extremes(recorded: Recorded) -> Measurement:
    """Scores that are exactly 0 or exactly 1.

    Why: A risk of 1 says that the event is certain. No model knows that of a patient: such scores come from rounding,
        from clipping, from a rule written as a probability, or from a leaf with a handful of patients. One of them
        that is wrong makes the logarithmic loss infinite.
    How: An exact count of the rows of the test dataset whose score equals 0 or 1. The details give each count, and how
        many scores cannot be read (see `data.invalid_scores`).
    Limits: A score of 0.999999 is no better and is not counted; calibration looks at it.
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
    counts = {"zero": int(np.count_nonzero(score == 0)), "one": int(np.count_nonzero(score == 1))}
    total = sum(counts.values())
    return Measurement.counted(
        total,
        n=n,
        method="exact count",
        message=f"{counts['zero']:,} scores are exactly 0 and {counts['one']:,} exactly 1{note}",
        details={**counts, "left_out": left_out},
    )
