"""How far the smoothed calibration curve is off where it is worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.calibration._smooth import distance

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


def emax(scores: Scores, seed: int) -> Measurement:
    """Largest calibration error (Emax): the largest distance between risk and smoothed event rate.

    Why: The patient who is misinformed most: an average hides a curve that is right for the many at low risk and
        wrong for the few at high risk, which are those on whom a decision is taken.

    How: Maximum over rows of |curve(score) - score|, in 0 to 1 (`Emax` of `rms::val.prob`). The curve is lowess
        (local linear, tricube weights, span 2/3, no robustness iterations, knots a hundredth of the range
        apart). A parametric bootstrap, seeded: 1000 normal draws of the curve with the covariance that the
        rows' residuals give it, or those of patients where a patient repeats. The upper limit is the 97.5 %
        quantile of the drawn maxima; the lower limit lies as far below the estimate (basic interval), and
        is 0 where the maximum is no larger than noise alone would make it. `details` holds ICI, E50 and E90
        and the risk `at` which it is found; the curve stands with the ICI. Support is the smaller of events
        and non-events, counted in patients where they repeat.

    Limits: It is mostly found at the ends, where rows are few, so it is far more biased upward than the mean
        distance: see `expected_if_calibrated` in `details`. One row with an extreme score moves it. The upper
        limit is cautious; with fewer than about a thousand rows a strict bound is rarely decidable.

    Fix: Look at the curve: where the ends are wrong, recalibrate on data that is not the test set, or restrict
        the intended use to the range of risks in which the curve holds.

    See: Harrell, Regression Modeling Strategies, 2nd ed. 2015, ch. 10; Austin and Steyerberg, Stat Med
        2019;38:4051; docs/statistics.md.
    """
    return distance(scores, seed, "emax")
