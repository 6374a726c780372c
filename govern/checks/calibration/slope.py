"""Whether risks are too extreme or too moderate."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from govern.checks.calibration._evidence import SINGULAR, certain, counts, points, too_little
from govern.stats.calibration import identified, recalibrate
from govern.stats.clusters import repeated
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_LEVEL = 0.95


def slope(scores: Scores) -> Measurement:
    """Calibration slope.

    Why: 1 means that risks are as spread out as they should be. Below 1 high risks are too high and low
        risks too low (overfitting: the usual way in which a model disappoints in a new place); above 1
        they are too timid.

    How: The coefficient b of logit P(event) = a + b logit(score), by maximum likelihood with a joint
        intercept a (in `details` as `intercept`; it is not calibration-in-the-large). 95 % Wald
        interval from the inverse information, or from the sandwich over patients where a patient has
        several rows. `details` holds ten equal-mass bins for the calibration plot. Support is the
        smaller of events and non-events, counted in patients where they repeat.

    Limits: Scores of exactly 0 or 1 have no logit: there is then no slope and no verdict, and the message
        says how many they are. A slope of 1 does not show that risks are right on average, nor that
        they are right in the middle: read it with calibration-in-the-large and the plot. There is none
        where one cut of the score separates the classes, or where all scores are equal.

    Fix: Recalibrate the model on data that is not the test set (logistic, or with more data isotonic), as
        a part of the model that is registered. Where scores are exactly 0 or 1 let the model itself
        give risks that can be stood by.

    See: Cox 1958; Van Calster et al., BMC Medicine 2019;17:230; docs/statistics.md.
    """
    patient = repeated(scores.patient)
    method = "logistic recalibration, joint intercept; Wald interval"
    method += "" if patient is None else " from the sandwich over patients"
    message, fit = too_little(scores) or certain(scores), None
    if not message and not identified(scores.label, scores.score):
        message = "one cut of the score separates the classes, or all scores are equal: no slope exists"
    if not message:
        fit = recalibrate(scores.label, scores.score, patient)
    if fit is None:
        return Measurement.unknown(
            method=method,
            message=message or SINGULAR,
            details={"bins": points(scores)},
            **counts(scores),
        )
    intercept, estimate = (float(c) for c in fit.coefficients)
    se = sqrt(fit.covariance[1, 1])
    half = quantile(_LEVEL) * se
    return Measurement(
        estimate=estimate,
        lower=estimate - half,
        upper=estimate + half,
        method=method,
        details={"intercept": intercept, "se": se, "bins": points(scores)},
        **counts(scores),
    )
