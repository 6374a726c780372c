"""Mean error of predicted numbers, in their unit or against always answering the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.clusters import repeated, units
from govern.stats.influence import ratio_of_means
from govern.stats.scale import on_log
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.outcomes import Values
    from govern.stats.influence import Influence
    from govern.stats.proportion import Interval


def mean_error(
    values: Values,
    errors: NDArray[np.float64],
    baseline: NDArray[np.float64] | None,
    *,
    power: float,
    name: str,
    details: dict[str, Any],
) -> Measurement:
    """Measure the mean of ``errors`` (shape (n,), not negative), or its ratio to that of ``baseline``, to a power.

    The power is taken of the limits of the interval as well.
    """
    patient = repeated(values.patient)
    facts: dict[str, Any] = {
        "n": values.n,
        "support": units(np.ones(values.n, dtype=bool), patient),
        "method": f"{name}; t interval {'after Hall' if baseline is None else 'on the log scale'}"
        + ("" if patient is None else ", clustered by patient"),
    }
    if not values.n or (baseline is not None and np.ptp(values.true) == 0):
        message = "all true values are equal: there is nothing to predict" if values.n else "there are no rows"
        return Measurement.unknown(message=message, **facts)
    found = ratio_of_means(errors, np.ones(values.n) if baseline is None else baseline)
    limits = found.skewed_interval(patient) if baseline is None else _of_ratio(found, patient)
    lower, upper = (None, None) if limits is None else (max(0.0, limit) ** power for limit in limits)
    return Measurement(
        estimate=found.estimate**power,
        lower=lower,
        upper=upper,
        sufficient=limits is not None,
        message="" if limits else "every row has the same error, or there is one patient: no interval",
        details=details,
        **facts,
    )


def _of_ratio(found: Influence, patient: NDArray[np.int64] | None) -> Interval | None:
    """Return an interval that is symmetric in the logarithm: of a ratio it covers better than Hall's (simulated)."""
    half = found.half_width(patient)
    return None if half is None else on_log(found.estimate, half)


def direction(values: Values) -> dict[str, Any]:
    """Return in which direction predictions are off: the mean of predicted minus true, and the median distance."""
    difference = values.predicted - values.true
    return {"mean_error": float(difference.mean()), "median_absolute_error": float(np.median(np.abs(difference)))}
