"""Discrimination over all thresholds."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import PolicyError
from govern.stats.auroc import area, logit_interval, newcombe_interval, variance, wald_interval
from govern.stats.clusters import repeated, units
from govern.strict_yaml import nearest
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_INTERVALS = {"logit": logit_interval, "wald": wald_interval}
_POINTS = 200
#: A variance at or below this is rounding; a billion pairs of each class would leave more.
_ROUNDING = 1e-20


def auroc(scores: Scores, *, interval: str = "logit") -> Measurement:
    """Area under the ROC curve.

    Why: The probability that a patient with the event gets a higher risk than a patient without it:
        0.5 is chance, 1 is perfect order. It says how well the model ranks, at no particular threshold.

    How: Mann-Whitney estimate over all pairs, ties counting half, exact. Variance by DeLong et al.
        (Biometrics 1988;44:837); where a patient has several rows by Obuchowski (Biometrics
        1997;53:567), clustered by patient. 95 % interval on the logit scale (`interval: logit`), or
        estimate -/+ 1.96 standard errors (`wald`, as pROC prints). Where that variance is 0 or does not
        exist (perfect order, one constant score, a single patient in a class) Newcombe's method 5
        (Stat Med 2006;25:559) is used instead and named. Support is the smaller of events and
        non-events, counted in patients where they repeat.

    Limits: Says nothing about calibration or about the threshold in use, and does not depend on how
        common the event is, so it can be high where most alarms are false. Below 20 events or
        non-events the interval covers less often than it says. An area near 1 is more often a leak of
        the outcome into the inputs than a perfect model.

    Fix: Look for inputs that the model lacks or that are measured badly in the group that falls short.
        If the estimate meets the goal and only the interval does not, more events are needed.

    See: DeLong 1988; Obuchowski 1997; Newcombe 2006; docs/statistics.md.
    """
    if interval not in _INTERVALS:
        raise PolicyError(f"performance.auroc: no interval {interval!r}", hint=nearest(interval, _INTERVALS))
    event, patient = scores.label == 1, repeated(scores.patient)
    positive, negative = units(event, patient), units(~event, patient)
    counts: dict[str, Any] = {"n": scores.n, "events": scores.events, "support": min(positive, negative)}
    if not counts["support"]:
        missing = "events" if not positive else "rows without the event"
        return Measurement.unknown(
            method="Mann-Whitney",
            message=f"no {missing} among {scores.n} rows: there is no pair to compare",
            **counts,
        )
    found = area(scores.label, scores.score)
    spread = variance(found.influence, scores.label, patient)
    if spread is not None and spread > _ROUNDING and 0 < found.estimate < 1:
        lower, upper = _INTERVALS[interval](found.estimate, sqrt(spread))
        source = "DeLong" if patient is None else "Obuchowski (clustered by patient)"
        method, message = f"Mann-Whitney; {source}, {interval} interval", ""
    else:
        lower, upper = newcombe_interval(found.estimate, positive, negative)
        method = "Mann-Whitney; Newcombe's method 5" + ("" if patient is None else " on patients")
        message = _degenerate(found.estimate, spread)
    return Measurement(
        estimate=found.estimate,
        lower=lower,
        upper=upper,
        method=method,
        message=message,
        details={"se": None if spread is None else sqrt(max(spread, 0.0)), "roc": _curve(scores)},
        **counts,
    )


def _degenerate(estimate: float, spread: float | None) -> str:
    if estimate in (0.0, 1.0):
        return "the scores separate the classes perfectly: rule out that the outcome leaks into the inputs"
    if spread is None:
        return "a single patient in one class: the variance is assumed, not estimated"
    return "the scores show no variance: the interval assumes one"


def _curve(scores: Scores) -> dict[str, list[float]]:
    """Return the corners of the ROC curve, thinned evenly in rank to at most 200 points."""
    order = np.argsort(-scores.score, kind="stable")
    falling, event = scores.score[order], scores.label[order] == 1
    ends = np.append(np.flatnonzero(np.diff(falling)), scores.n - 1)
    tpr = np.append(0.0, np.cumsum(event)[ends] / scores.events)
    fpr = np.append(0.0, np.cumsum(~event)[ends] / scores.nonevents)
    keep = np.unique(np.linspace(0, len(tpr) - 1, min(_POINTS, len(tpr))).round().astype(int))
    return {"fpr": fpr[keep].tolist(), "tpr": tpr[keep].tolist()}
