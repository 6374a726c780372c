"""How far risks are off, on average over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.calibration._evidence import counts, too_little
from govern.errors import PolicyError
from govern.stats.bootstrap import percentile, varies
from govern.stats.calibration import bin_gaps, calibration_errors, drawn_gaps, equal_mass, gap_covariance
from govern.stats.clusters import repeated, totals
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_REPLICATES = 1000


def ece(scores: Scores, seed: int, *, bins: int = 10) -> Measurement:
    """Calibration error: the mean distance between risk and event rate over bins (ECE).

    Why: By how much, on average, a risk differs from the event rate of the patients who are given such a
        risk: 0.03 is three percentage points. It needs no logit, so it holds for scores of 0 and 1 too.

    How: Rows are cut into `bins` bins of equal mass (equal scores share a bin); |mean score - event rate|
        is averaged over bins by their number of rows. A parametric bootstrap, seeded: 1000 normal draws
        of all bins' gaps with the covariance seen between rows, or between patients where a patient
        repeats. The upper limit is the 97.5 % quantile of the drawn errors; the lower limit lies as far
        below the estimate (basic interval), and is 0 where the error is no larger than noise alone
        would make it (97.5 % quantile for a perfectly calibrated model, in `details`). Support is the
        smaller of events and non-events, counted in patients where they repeat.

    Limits: Biased upward in small samples: even a perfect model shows `expected_if_calibrated` (in
        `details`), and the upper limit, which is not corrected, is cautious. Depends on the number and
        kind of bins (equal width gives other values). Errors inside a bin cancel. Never the only
        evidence of calibration: see the slope, calibration-in-the-large and the plot.

    Fix: Recalibrate as the calibration slope says. If the error is near `expected_if_calibrated`, more
        data is needed, not another model.

    See: Naeini et al., AAAI 2015; Broecker and Smith, Weather and Forecasting 2007;22:651; docs/statistics.md.
    """
    if bins < 2:
        raise PolicyError(f"calibration.ece: {bins} bins, where 2 or more are needed", hint="10 is usual")
    patient = repeated(scores.patient)
    unit = "rows" if patient is None else "patients"
    method = f"{bins} equal-mass bins; parametric bootstrap over {unit}, {_REPLICATES} replicates"
    if message := too_little(scores):
        return Measurement.unknown(
            method=method,
            message=message,
            **counts(scores),
        )
    gaps = bin_gaps(scores.label, scores.score, equal_mass(scores.score, bins), patient)
    total, covariance = gaps.sum(axis=0), gap_covariance(gaps, totals(np.ones(scores.n), patient))
    estimate = float(calibration_errors(total[None, :], scores.n)[0])
    values, noise = (
        calibration_errors(drawn_gaps(mean, covariance, replicates=_REPLICATES, seed=seed), scores.n)
        for mean in (total, np.zeros_like(total))
    )
    spread = varies(values)
    limit = float(np.quantile(noise, 0.975))
    upper = max(estimate, percentile(values)[1])
    lower = 0.0 if estimate <= limit else max(0.0, 2 * estimate - upper)
    return Measurement(
        estimate=estimate,
        lower=lower if spread else None,
        upper=upper if spread else None,
        method=method,
        sufficient=spread,
        message="" if spread else "every resample gives the same value: the bootstrap cannot say how sure it is",
        details={"expected_if_calibrated": float(noise.mean()), "noise_limit": limit},
        **counts(scores),
    )
