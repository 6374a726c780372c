"""How far predicted numbers lie from the true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.performance._error import direction, mean_error

if TYPE_CHECKING:
    from govern.scan.outcomes import Values
    from govern.types import Measurement


def mae(values: Values, *, relative: bool = False) -> Measurement:
    """Mean absolute error: how far predictions lie from the truth on average.

    Why: The typical mistake in the unit of the prediction (days, mmol/l), which a clinician can weigh.

    How: Mean of |predicted - true| over rows, in the unit of the data. With `relative` it is divided by the
        mean absolute error of always answering the median of these true values: 0 is perfect, 1 is no better
        than the median. 95 % t interval of the mean after Hall's transformation, which allows for skewed
        errors, or with `relative` one that is symmetric in the logarithm; where a patient has several rows
        the variance is that between patients. `details` hold the mean of predicted minus true and the median
        absolute error. Support counts patients.

    Limits: In the unit of the data, so bounds do not carry over to another outcome; relative to a group's own
        spread, so a group of much alike patients looks worse by `relative` than it does in days. Says nothing
        about rare large errors: see the root mean squared error.

    Fix: If `mean_error` is far from 0, recalibrate the mean. Otherwise look at which patients the largest
        errors are of, and for inputs that tell them apart.

    See: Hall, JRSS B 1992;54:221; Willmott and Matsuura, Climate Research 2005;30:79; docs/statistics.md.
    """
    middle = float(np.median(values.true)) if values.n else 0.0
    return mean_error(
        values,
        np.abs(values.predicted - values.true),
        np.abs(values.true - middle) if relative else None,
        power=1.0,
        name="mean absolute error" + (" relative to the median's" if relative else ""),
        details=direction(values) if values.n else {},
    )
