"""How far the smoothed calibration curve is off, on average over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.calibration._smooth import distance

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


def ici(scores: Scores, seed: int) -> Measurement:
    """Integrated calibration index (ICI): the mean distance between risk and smoothed event rate.

    Why: By how much, on average over patients, a risk differs from the event rate at that risk: 0.03 is three
        percentage points. Like the calibration error, but without bins, whose number and kind are arbitrary;
        it sees bends that slope and calibration-in-the-large miss. It needs no logit, so it holds for scores
        of 0 and 1 too.

    How: Mean over rows of |curve(score) - score|, in 0 to 1 (`Eavg` of `rms::val.prob`). The curve is lowess
        (local linear, tricube weights, span 2/3, no robustness iterations, knots a hundredth of the range
        apart). A parametric bootstrap, seeded: 1000 normal draws of the curve with the covariance that the
        rows' residuals give it, or those of patients where a patient repeats. The upper limit is the 97.5 %
        quantile of the drawn distances; the lower limit lies as far below the estimate (basic interval), and
        is 0 where the distance is no larger than noise alone would make it. `details` holds E50, E90 and
        Emax (median, 90 % quantile and largest distance) and the curve with pointwise limits. Support is the
        smaller of events and non-events, counted in patients where they repeat.

    Limits: Biased upward in small samples: even a perfect model shows `expected_if_calibrated` (in `details`),
        and the upper limit, which is not corrected, is cautious. The span is fixed, so sharp bends are smoothed
        over; another smoother (loess with a quadratic, splines) gives other values. Where most rows have one
        score the curve near it rests on few. Small errors for most can hide a large one for a few: see Emax.

    Fix: Recalibrate as the calibration slope says; a bend needs a flexible recalibration (isotonic, spline) on
        data that is not the test set. If it is near `expected_if_calibrated`, more data is needed, not another
        model.

    See: Austin and Steyerberg, Stat Med 2019;38:4051; Cleveland, JASA 1979;74:829; docs/statistics.md.
    """
    return distance(scores, seed, "ici")
