"""Whether a predicted difference is the difference there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.clusters import repeated, units
from govern.stats.mean import t_limits
from govern.stats.regression import line
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.outcomes import Values


def linear_slope(values: Values) -> Measurement:
    """Calibration slope of numbers: how much the truth differs where predictions differ by one.

    Why: Below 1 the model exaggerates differences between patients (it is overfitted), above 1 it is timid.

    How: b of true = a + b predicted by least squares. Standard error by the jackknife over rows, or over
        patients where they repeat, which allows for errors that vary with the prediction; 95 % t interval.
        `details` hold the intercept a and the mean of true minus predicted (calibration-in-the-large), in the
        unit of the data. Support counts patients.

    Limits: One line over the whole range: curvature is not seen. Says nothing about the size of errors, nor
        about the model's own intervals (see interval coverage). A few extreme predictions can decide it:
        where they are skewed and errors grow with them, 92 % are covered with 100 rows and 93 % with 400.

    Fix: Shrink predictions towards their mean by the slope on data of their own, or refit with more penalty.

    See: Steyerberg, Clinical prediction models, 2019; MacKinnon and White, J Econometrics 1985;29:305;
        docs/statistics.md.
    """
    patient = repeated(values.patient)
    facts: dict[str, Any] = {
        "n": values.n,
        "support": units(np.ones(values.n, dtype=bool), patient),
        "method": "least squares; jackknife, t interval" + ("" if patient is None else ", clustered by patient"),
    }
    found = line(values.predicted, values.true, patient)
    if found is None:
        message = "all predictions are equal: no slope" if values.n else "there are no rows"
        return Measurement.unknown(message=message, **facts)
    lower, upper = (None, None) if found.se is None else t_limits(found.slope, found.se, found.units - 1)
    return Measurement(
        estimate=found.slope,
        lower=lower,
        upper=upper,
        sufficient=found.se is not None,
        message="" if found.se else "the points lie on one line, or one patient alone decides it: no interval",
        details={"intercept": found.intercept, "in_the_large": float((values.true - values.predicted).mean())},
        **facts,
    )
