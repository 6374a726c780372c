"""Whether risks are right on average."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from govern.checks.calibration._evidence import SINGULAR, certain, counts, too_little
from govern.stats.calibration import in_the_large as fit_intercept
from govern.stats.clusters import repeated
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_LEVEL = 0.95


def in_the_large(scores: Scores) -> Measurement:
    """Calibration-in-the-large.

    Why: 0 means that as many events happened as were predicted. Above 0 the model predicts too few,
        below 0 too many: a clinic that plans by it is over- or under-staffed, whatever the ranking.

    How: The intercept a of logit P(event) = a + logit(score), the slope held at 1, by maximum likelihood;
        in log odds (0.1 is an odds ratio of 1.1). Not the joint intercept of the slope's model. 95 %
        Wald interval from the information, or from the sandwich over patients where a patient has
        several rows. `details` holds the ratio of observed to expected events. Support is the smaller
        of events and non-events, counted in patients where they repeat.

    Limits: Risks that are too high for some and too low for others cancel: look at it by group, and at
        the slope. Scores of exactly 0 or 1 have no logit: there is then no verdict.

    Fix: Adjust the intercept on recent data from the place of use (not the test set), as a part of the
        model that is registered; find out why the event rate has moved.

    See: Steyerberg, Clinical Prediction Models, 2nd ed. 2019, ch. 15; Van Calster et al., BMC Medicine
        2019;17:230; docs/statistics.md.
    """
    rows = scores.ranked
    patient = repeated(rows.patient)
    method = "logistic intercept, slope held at 1; Wald interval"
    method += "" if patient is None else " from the sandwich over patients"
    message = too_little(scores) or certain(scores)
    fit = None if message else fit_intercept(rows.label, rows.score, patient, rows.weight)
    if fit is None:
        return Measurement.unknown(
            method=method,
            message=message or SINGULAR,
            **counts(scores),
        )
    estimate, se = float(fit.coefficients[0]), sqrt(fit.covariance[0, 0])
    half = quantile(_LEVEL) * se
    return Measurement(
        estimate=estimate,
        lower=estimate - half,
        upper=estimate + half,
        method=method,
        details={"se": se, "observed_expected": scores.events / scores.total(scores.score)},
        **counts(scores),
    )
