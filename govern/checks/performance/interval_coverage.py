"""Whether a model's own prediction intervals hold what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.errors import UnavailableError
from govern.stats.clusters import effective, repeated, units
from govern.stats.proportion import wilson
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.outcomes import Values


def interval_coverage(values: Values, *, nominal: float = 0.9) -> Measurement:
    """Interval coverage: the share of true values inside the model's own prediction interval.

    Why: An interval is what a clinician plans by. If nine in ten are promised and seven in ten lie inside,
        the model is overconfident; if all do, it says nothing.

    How: Rows with lower <= true <= upper, divided by all rows; 95 % interval by Wilson's score method, on the
        effective sample size where a patient has several rows (Korn and Graubard 1998). `nominal` (0 to 1) is
        what the model promises; `details` hold it, the difference to it, the shares of true values below and
        above the interval (each should be half of the rest) and the mean and median width in the unit of the
        data. Support counts patients.

    Limits: An average over all rows: intervals may be too narrow where it matters and too wide elsewhere, so
        slice it by group. Wide intervals always cover; look at their width.

    Fix: Recalibrate the intervals on data of their own (conformal prediction). If the true values that are
        missed lie on one side, the prediction itself is off.

    See: Gneiting and Raftery, JASA 2007;102:359; Wilson 1927; docs/statistics.md.
    """
    if values.lower is None or values.upper is None:
        raise UnavailableError(
            "no prediction intervals",
            hint="name their columns: `lower:` and `upper:` in govern.yaml, or --lower COL --upper COL",
        )
    patient = repeated(values.patient)
    below, above = values.true < values.lower, values.true > values.upper
    method = (
        "Wilson" if patient is None else "Wilson on the effective sample size, clustered by patient (Korn-Graubard)"
    )
    if not values.n:
        return Measurement.unknown(n=0, support=0, method=method, message="there are no rows")
    inside = ~(below | above)
    lower, upper = wilson(*effective(inside, patient))
    estimate, width = float(inside.mean()), values.upper - values.lower
    promised = lower <= nominal <= upper
    kept = "" if promised else f"; the promised {nominal:g} lies {'above' if nominal > upper else 'below'} its interval"
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=values.n,
        support=units(np.ones(values.n, dtype=bool), patient),
        method=method,
        message=kept.removeprefix("; "),
        details={
            "nominal": nominal,
            "difference": estimate - nominal,
            "below": float(below.mean()),
            "above": float(above.mean()),
            "mean_width": float(width.mean()),
            "median_width": float(np.median(width)),
        },
    )
