"""Discrimination over all thresholds."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from govern.stats.auroc import area, logit_interval, newcombe_interval, variance, wald_interval
from govern.stats.clusters import repeated, units
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

_INTERVALS = {"logit": logit_interval, "wald": wald_interval}
_POINTS = 200
#: A variance at or below this is rounding; a billion pairs of each class would leave more.
_ROUNDING = 1e-20


def auroc(scores: Scores, *, interval: Literal["logit", "wald"] = "logit") -> Measurement:
    """Area under the ROC curve.

    Why: The probability that a patient with the event gets a higher risk than a patient without it:
        0.5 is chance, 1 is perfect order. It says how well the model ranks, at no particular threshold.

    How: Mann-Whitney estimate over all pairs, ties counting half, exact. Variance by DeLong et al.
        (Biometrics 1988;44:837), of whole rows like the estimate, however many there are; where a patient has
        several rows by Obuchowski (Biometrics 1997;53:567), clustered by patient. 95 % interval on the
        logit scale (`interval: logit`), or estimate -/+ 1.96 standard errors (`wald`, as pROC prints).
        Where that variance is 0 or does not exist (perfect order, one constant score, a single patient in
        a class) Newcombe's method 5 (Stat Med 2006;25:559) is used instead and named. Support is the
        smaller of events and non-events, counted in patients where they repeat.

    Limits: Says nothing about calibration or about the threshold in use, and does not depend on how
        common the event is, so it can be high where most alarms are false. Below 20 events or
        non-events the interval covers less often than it says. An area near 1 is more often a leak of
        the outcome into the inputs than a perfect model.

    Fix: Look for inputs that the model lacks or that are measured badly in the group that falls short.
        If the estimate meets the goal and only the interval does not, more events are needed.

    See: DeLong 1988; Obuchowski 1997; Newcombe 2006; docs/statistics.md.
    """
    rows = scores.ranked
    event, patient = rows.label == 1, repeated(rows.patient)
    positive, negative = (units(of, patient, weight=rows.weight) for of in (event, ~event))
    counts: dict[str, Any] = {"n": scores.n, "events": scores.events, "support": min(positive, negative)}
    if not counts["support"]:
        missing = "events" if not positive else "rows without the event"
        return Measurement.unknown(
            method="Mann-Whitney",
            message=f"no {missing} among {scores.n} rows: there is no pair to compare",
            **counts,
        )
    estimate, se = _area(scores, patient)
    if se is not None and se**2 > _ROUNDING and 0 < estimate < 1:
        lower, upper = _INTERVALS[interval](estimate, se)
        source = "DeLong" if patient is None else "Obuchowski (clustered by patient)"
        method, message = f"Mann-Whitney; {source}, {interval} interval", ""
    else:
        lower, upper = newcombe_interval(estimate, positive, negative)
        method = "Mann-Whitney; Newcombe's method 5" + ("" if patient is None else " on patients")
        message = _degenerate(estimate, se)
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        method=method,
        message=message,
        details={"se": se, "roc": _curve(rows)},
        **counts,
    )


def _area(scores: Scores, patient: NDArray[np.int64] | None) -> tuple[float, float | None]:
    """Return the area and its standard error: of the whole rows where cells stand for them, else of the rows."""
    if scores.whole is not None:
        return scores.whole.area, scores.whole.area_se
    rows = scores.ranked
    found = area(rows.label, rows.score, weight=rows.weight)
    spread = variance(found.influence, rows.label, patient, weight=rows.weight)
    return found.estimate, None if spread is None else sqrt(max(spread, 0.0))


def _degenerate(estimate: float, se: float | None) -> str:
    if estimate in (0.0, 1.0):
        return "the scores separate the classes perfectly: rule out that the outcome leaks into the inputs"
    if se is None:
        return "a single patient in one class: the variance is assumed, not estimated"
    return "the scores show no variance: the interval assumes one"


def _curve(rows: Scores) -> dict[str, list[float]]:
    """Return the corners of the ROC curve of ranked rows, thinned evenly in rank to at most 200 points."""
    falling, event, weight = rows.score[::-1], rows.label[::-1] == 1, rows.weights[::-1]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    tpr = np.append(0.0, np.cumsum(weight * event)[ends] / rows.events)
    fpr = np.append(0.0, np.cumsum(weight * ~event)[ends] / rows.nonevents)
    keep = np.unique(np.linspace(0, len(tpr) - 1, min(_POINTS, len(tpr))).round().astype(int))
    return {"fpr": fpr[keep].tolist(), "tpr": tpr[keep].tolist()}
