"""How far risks are off, on average over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.calibration._evidence import REPLICATES, counts, limits, noise, too_little
from govern.errors import PolicyError
from govern.stats.calibration import calibration_errors, drawn_gaps, equal_mass, equal_width, spread, total_gaps
from govern.stats.clusters import repeated
from govern.strict_yaml import nearest
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_BINNINGS = ("equal-mass", "equal-width")


def ece(scores: Scores, seed: int, *, bins: int = 10, binning: str = "equal-mass") -> Measurement:
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
    if bins < 2:
        raise PolicyError(f"calibration.ece: {bins} bins, where 2 or more are needed", hint="10 is usual")
    if binning not in _BINNINGS:
        raise PolicyError(f"calibration.ece: unknown binning {binning!r}", hint=nearest(binning, _BINNINGS))
    rows = scores.ranked
    patient = repeated(rows.patient)
    unit = "rows" if patient is None else "patients"
    method = f"{bins} {binning} bins; parametric bootstrap over {unit}, {REPLICATES} replicates"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    by_mass = binning == "equal-mass"
    bin_of = equal_mass(rows.score, bins, rows.weight) if by_mass else equal_width(rows.score, bins)
    total, covariance = total_gaps(rows.label, rows.score, bin_of, patient, rows.weight)
    estimate = float(calibration_errors(total[None, :], scores.n)[0])
    chance = drawn_gaps(np.zeros_like(total), covariance, replicates=REPLICATES, seed=seed)
    found = spread(estimate, lambda gaps: calibration_errors(gaps, scores.n), total, chance)
    return Measurement(estimate=estimate, method=method, details=noise(found), **limits(found), **counts(scores))
