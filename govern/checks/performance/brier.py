"""How far risks lie from outcomes."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from govern.stats.clusters import repeated, units
from govern.stats.mean import student, t_limits
from govern.types import Measurement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.scores import Scores
    from govern.stats.proportion import Interval


def brier(scores: Scores) -> Measurement:
    """Brier score: the mean squared distance between risk and outcome.

    Why: One number that falls both with better ranking and with better calibration: 0 is perfect; always
        giving the prevalence p scores p(1-p).

    How: Mean of (score - outcome)^2 over rows, in 0 to 1. 95 % t interval of that mean; where a patient
        has several rows the variance is that between patients. `details` holds the scaled Brier score,
        1 - Brier / (p(1-p)): 1 is perfect, 0 no better than the prevalence. Support is the smaller of
        events and non-events, counted in patients where they repeat.

    Limits: Its scale depends on the prevalence, so groups are not comparable by it. It mixes ranking and
        calibration: look at both apart.

    Fix: Recalibrate if the calibration checks fall short too; otherwise better inputs are needed.

    See: Brier, Monthly Weather Review 1950;78:1; Steyerberg et al., Epidemiology 2010;21:128; docs/statistics.md.
    """
    event, patient = scores.label == 1, repeated(scores.patient)
    support = min(units(of, patient, weight=scores.weight) for of in (event, ~event))
    method = "mean squared error; t interval" + ("" if patient is None else ", clustered by patient")
    if not support:
        missing = "events" if not scores.events else "rows without the event"
        return Measurement.unknown(
            n=scores.n,
            events=scores.events,
            support=0,
            method=method,
            message=f"no {missing} among {scores.n} rows",
        )
    estimate, limits = _mean(scores, patient)
    lower, upper = (None, None) if limits is None else (max(0.0, limits[0]), min(1.0, limits[1]))
    prevalence = scores.events / scores.n
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=scores.n,
        events=scores.events,
        support=support,
        method=method,
        sufficient=limits is not None,
        message="" if limits else "every row has the same error, or there is one patient: no interval",
        details={"scaled": 1 - estimate / (prevalence * (1 - prevalence)), "prevalence": prevalence},
    )


def _mean(scores: Scores, patient: NDArray[np.int64] | None) -> tuple[float, Interval | None]:
    """Return the mean squared error and its interval: of the whole rows where cells stand for them."""
    if (whole := scores.whole) is not None:
        se = whole.squared_error_sd / sqrt(scores.n)
        return whole.squared_error, t_limits(whole.squared_error, se, scores.n - 1) if se > 0 else None
    errors = (scores.score - scores.label) ** 2
    return scores.total(errors) / scores.n, student(errors, patient, weight=scores.weight)
