"""How far risks are off, on average over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.calibration._evidence import REPLICATES, binned, by_mass, counts, limits, noise, too_little
from govern.stats.calibration import calibration_errors, equal_width, spread
from govern.stats.clusters import repeated
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores


def ece(
    scores: Scores, seed: int, *, bins: int = 10, binning: Literal["equal-mass", "equal-width"] = "equal-mass"
) -> Measurement:
    """Calibration error: the mean distance between risk and event rate over bins (ECE).

    Why: By how much, on average, a risk differs from the event rate of the patients who are given such a
        risk: 0.03 is three percentage points. It needs no logit, so it holds for scores of 0 and 1 too.

    How: Rows are cut into `bins` bins, by `binning`: `equal-mass` (as many rows in each; equal scores share
        a bin) or `equal-width` (of 0 to 1, closed above); |mean score - event rate| is averaged over bins by
        their number of rows. A parametric bootstrap, seeded: 1000 normal draws of all bins' gaps with the
        covariance seen between rows, or between patients where a patient repeats. The upper limit is
        the 97.5 % quantile of the drawn errors; the lower limit lies as far below the estimate (basic
        interval), and is 0 where the error is no larger than noise alone would make it (97.5 % quantile
        for a perfectly calibrated model, in `details`). Support is the smaller of events and non-events,
        counted in patients where they repeat.

    Limits: Biased upward in small samples: even a perfect model shows `expected_if_calibrated` (in
        `details`), and the upper limit, which is not corrected, is cautious. Depends on the number and
        kind of bins; bins of equal width may hold few rows, and most rows may lie in one. Errors inside a
        bin cancel. Never the only evidence of calibration: see the slope, calibration-in-the-large and
        the plot.

    Fix: Recalibrate as the calibration slope says. If the error is near `expected_if_calibrated`, more
        data is needed, not another model.

    See: Naeini et al., AAAI 2015; Broecker and Smith, Weather and Forecasting 2007;22:651; docs/statistics.md.
    """
    rows = scores.ranked
    patient = repeated(rows.patient)
    unit = "rows" if patient is None else "patients"
    method = f"{bins} {binning} bins; parametric bootstrap over {unit}, {REPLICATES} replicates"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    if binning == "equal-mass":
        gaps = rows.once(by_mass, bins, seed)
    else:
        gaps = binned(rows, equal_width(rows.score, bins), seed)
    estimate = float(calibration_errors(gaps.total[None, :], scores.n)[0])
    found = spread(estimate, *(calibration_errors(of, scores.n) for of in (gaps.total + gaps.noise, gaps.noise)))
    return Measurement(estimate=estimate, method=method, details=noise(found), **limits(found), **counts(scores))
