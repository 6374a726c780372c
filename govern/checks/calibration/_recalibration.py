"""One coefficient of the logistic recalibration, with its interval."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from govern.checks.calibration._evidence import SINGULAR, certain, counts, too_little
from govern.stats.calibration import identified, recalibrate
from govern.stats.clusters import repeated
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.stats.logistic import Fit

_LEVEL = 0.95
#: The coefficients of the fit, in their order.
_NAMES = ("intercept", "slope")


def _fitted(scores: Scores) -> Fit | None:
    rows = scores.ranked
    return recalibrate(rows.label, rows.score, repeated(rows.patient), rows.weight)


def coefficient(scores: Scores, name: str) -> Measurement:
    """Measure the ``intercept`` or the ``slope`` of the joint fit; the other one stands in the details."""
    patient = repeated(scores.patient)
    method = "logistic recalibration, joint intercept; Wald interval"
    method += "" if patient is None else " from the sandwich over patients"
    message, fit = too_little(scores) or certain(scores), None
    if not message and not identified(scores.label, scores.score):
        message = "one cut of the score separates the classes, or all scores are equal: no slope exists"
    if not message:
        fit = scores.once(_fitted)
    if fit is None:
        return Measurement.unknown(method=method, message=message or SINGULAR, **counts(scores))
    at = _NAMES.index(name)
    estimate, se = float(fit.coefficients[at]), sqrt(fit.covariance[at, at])
    half = quantile(_LEVEL) * se
    return Measurement(
        estimate=estimate,
        lower=estimate - half,
        upper=estimate + half,
        method=method,
        details={_NAMES[1 - at]: float(fit.coefficients[1 - at]), "se": se},
        **counts(scores),
    )
