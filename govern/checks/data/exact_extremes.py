"""Check ``data.exact_extremes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores


def exact_extremes(scores: Scores) -> Measurement:
    """Scores that are exactly 0 or exactly 1.

    Why: A risk of 1 says that the event is certain. No model knows that of a patient: such scores come from rounding,
        from clipping, from a rule written as a probability, or from a leaf with a handful of patients. One of them
        that is wrong makes the logarithmic loss infinite.
    How: An exact count of the rows of the test dataset, or of a group, whose score equals 0 or 1. The details give each
        count, and of each how many had the other outcome.
    Limits: A score of 0.999999 is no better and is not counted; calibration looks at it.
    Fix: Give the model's probabilities with the digits that it computes; where a rule overrides the model, report
        its rows as a subgroup; calibrate with a method that does not reach 0 or 1.
    See: Knaus WA et al. The SUPPORT prognostic model. Ann Intern Med 122:191, 1995 (whose recorded estimates hold
        some); Gneiting T, Raftery AE. Strictly proper scoring rules. JASA 102:359, 2007.
    """
    if scores.n == 0:
        return Measurement.unknown(n=0, method="exact count", message="there are no rows")
    zero, one = scores.score == 0, scores.score == 1
    counts = {"zero": scores.count(zero), "one": scores.count(one)}
    wrong = {
        "zero_with_event": scores.count(zero & (scores.label == 1)),
        "one_without_event": scores.count(one & (scores.label == 0)),
    }
    total = sum(counts.values())
    message = f"{counts['zero']:,} scores are exactly 0 and {counts['one']:,} exactly 1"
    if any(wrong.values()):
        message += f", and {sum(wrong.values()):,} of these are wrong"
    return Measurement(
        estimate=total,
        lower=total,
        upper=total,
        n=scores.n,
        events=scores.events,
        method="exact count",
        message=message,
        details={**counts, **wrong},
    )
