"""Whether as many events happen as were predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.calibration._evidence import counts, too_little
from govern.stats.clusters import effective, repeated
from govern.stats.observed_expected import log_limits, poisson_limits
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores


def observed_expected(scores: Scores, *, interval: Literal["log", "exact"] = "log") -> Measurement:
    """Ratio of observed to expected events (O/E).

    Why: 1 means that as many events happened as were predicted; 1.2 that there were a fifth more, so that the
        model predicts too few. What calibration-in-the-large says in log odds, in the words of a ward that plans
        by it. It needs no logit, so it holds for scores of 0 and 1 too.

    How: Number of events over the sum of the scores. 95 % interval by `interval`: `log` (symmetric in the
        logarithm, binomial variance of the events: Debray 2017) or `exact` (Poisson, Garwood 1936; wider where
        events are common). The expected number counts as fixed. Where a patient has several rows the number
        of events is replaced by that of a simple random sample with the same variance between patients.
        `details` holds both numbers. Support is the smaller of events and non-events, counted in patients
        where they repeat.

    Limits: Risks that are too high for some and too low for others cancel: look at it by group, and at the
        curve. Its scale depends on how common events are: at high risk even a grave error stays near 1. There
        is none where all scores are 0.

    Fix: Adjust the intercept on recent data from the place of use (not the test set), as a part of the
        model that is registered; find out why the event rate has moved.

    See: Debray et al., BMJ 2017;356:i6460; Riley et al., BMJ 2016;353:i3140; Garwood, Biometrika 1936;28:437;
        docs/statistics.md.
    """
    patient = repeated(scores.patient)
    method = "O/E; " + ("log interval" if interval == "log" else "exact Poisson interval")
    method += "" if patient is None else " on the effective sample size of patients"
    expected = scores.total(scores.score)
    message = too_little(scores) or ("" if expected > 0 else f"all {scores.n} scores are 0: no event is expected")
    details = {"observed": scores.events, "expected": expected}
    if message:
        return Measurement.unknown(method=method, message=message, details=details, **counts(scores))
    ratio = scores.events / expected
    hits, size = effective(scores.label == 1, patient, weight=scores.weight)
    lower, upper = log_limits(hits, size) if interval == "log" else poisson_limits(hits)
    return Measurement(
        estimate=ratio,
        lower=ratio * lower,
        upper=ratio * upper,
        method=method,
        details=details,
        **counts(scores),
    )
