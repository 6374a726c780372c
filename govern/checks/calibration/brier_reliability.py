"""What part of the Brier score recalibration could take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.calibration._evidence import NO_SPREAD, by_mass, counts, too_little
from govern.stats.bootstrap import percentile, varies
from govern.stats.clusters import repeated
from govern.stats.decomposition import decomposition
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores


def brier_reliability(scores: Scores, seed: int, *, bins: int = 10) -> Measurement:
    """Reliability: the part of the Brier score that is due to miscalibration.

    Why: The Brier score mixes ranking and calibration; reliability is what it would lose if each risk were
        replaced by the event rate of those with such a risk. 0 is perfect; its root is a distance of risks.

    How: Rows are cut into `bins` bins of equal mass (equal scores share a bin); the squared distance of mean
        score and event rate is averaged over bins by their number of rows (Murphy 1973), less what noise
        adds to it (Ferro and Fricker 2012; between patients where a patient repeats), not below 0. The 95 %
        interval: 1000 normal draws, seeded, of all bins' gaps with the covariance seen between rows or
        patients, each less what noise adds twice, to the data and to the draw; the lower limit is 0 where
        reliability is no larger than noise alone would make it (97.5 % quantile for a perfectly calibrated
        model). `details` holds reliability without the correction, resolution (spread of the event rates),
        uncertainty (variance of the outcome) and what scores inside bins add: Brier = reliability -
        resolution + uncertainty + within. Support is the smaller of events and non-events, counted in
        patients where they repeat.

    Limits: Depends on the number of bins; errors inside a bin cancel. Being squared it is small: 0.0009 is a
        typical error of three percentage points. The correction removes most, not all, of the bias in small
        samples: cut off at 0, a perfect model still shows a little. Of rows so many that they are reduced to cells,
        bins end where a cell does: one row in 8,000 may then be its neighbour's (docs/statistics.md).

    Fix: Recalibrate as the calibration slope says. Low resolution is no matter of calibration: better inputs
        are needed.

    See: Murphy, J Appl Meteorol 1973;12:595; Ferro and Fricker, QJRMS 2012;138:1954; Siegert, QJRMS 2014;140:1771;
        docs/statistics.md.
    """
    rows = scores.ranked
    patient = repeated(rows.patient)
    unit = "rows" if patient is None else "patients"
    method = f"Murphy decomposition, {bins} equal-mass bins, bias-corrected; parametric bootstrap over {unit}"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    gaps = rows.once(by_mass, bins, seed)
    parts = decomposition(rows.label, rows.score, gaps.place, patient, rows.weight)
    estimate = max(0.0, parts.reliability - parts.excess)

    def reliability(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        value: NDArray[np.float64] = (drawn**2 / parts.rows).sum(axis=1) / scores.n
        return value

    drawn = reliability(gaps.total + gaps.noise) - 2 * parts.excess
    limit = float(np.quantile(reliability(gaps.noise), 0.975))
    spread = varies(drawn)
    low, high = percentile(drawn)
    lower = 0.0 if parts.reliability <= limit else min(estimate, max(0.0, low))
    return Measurement(
        estimate=estimate,
        lower=lower if spread else None,
        upper=max(estimate, high) if spread else None,
        method=method,
        sufficient=spread,
        message="" if spread else NO_SPREAD,
        details={
            "reliability": parts.reliability,
            "expected_if_calibrated": parts.excess,
            "noise_limit": limit,
            "resolution": parts.resolution,
            "uncertainty": parts.uncertainty,
            "within": parts.within,
        },
        **counts(scores),
    )
