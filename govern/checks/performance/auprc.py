"""How many alarms are right, over all thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from govern.stats.average_precision import error, logit_interval
from govern.stats.bootstrap import bias_corrected, varies
from govern.stats.clusters import repeated, units
from govern.stats.precision_recall import Ranking, rank, resampled
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_INTERVALS = {
    "logit": "t interval on the logit scale, infinitesimal jackknife",
    "bootstrap": "bias-corrected bootstrap",
}
_POINTS = 200
#: Rows up to which rows themselves are drawn, and stretches of scores on which they are counted above.
_EXACT, _STRETCHES = 2000, 512


def auprc(
    scores: Scores, seed: int, *, interval: Literal["logit", "bootstrap"] = "logit", replicates: int = 1000
) -> Measurement:
    """Area under the precision-recall curve (average precision).

    Why: For rare events: how many of those whom the model flags have the event, averaged over the share
        of events found. A model without skill scores the prevalence, not 0.5.

    How: Average precision without interpolation: the sum over distinct scores of the gain in recall
        times the precision, equal to scikit-learn's and taken from whole rows however many there are. 95 %
        t interval on the logit scale (Boyd, Eng and Page 2013) with the standard error of the infinitesimal
        jackknife of rows, or of patients with all their rows where a patient repeats, about the estimate less
        its bias; `details` hold both. With `interval: bootstrap` the bias-corrected percentile interval (Efron
        1981) of a seeded bootstrap of the same, of `replicates`: above 2,000 rows the resampled rows are counted
        on at most 512 stretches of the score, and the interval is moved by what that takes from the estimate;
        resamples without any event define no value, are left out and counted. Support is the smaller of events
        and non-events, counted in patients where they repeat.

    Limits: Depends on the prevalence: never compare it between populations or groups whose prevalence
        differs, and judge it against the prevalence in `details`. Biased upward in small samples: from 10 to
        50 events the lower limit is too high in 3 to 5 % of samples where 2.5 % are meant. Perfect order and a
        single event show no uncertainty: no interval is given.

    Fix: Look at the scores of false alarms: which inputs raised them. If only the interval falls short,
        more events are needed.

    See: Saito and Rehmsmeier, PLoS ONE 2015;10:e0118432; Boyd, Eng and Page, ECML PKDD 2013, LNCS 8190:451;
        docs/statistics.md.
    """
    rows = scores.ranked
    event, patient = rows.label == 1, repeated(rows.patient)
    positive, negative = (units(of, patient, weight=rows.weight) for of in (event, ~event))
    facts: dict[str, Any] = {
        "n": scores.n,
        "events": scores.events,
        "support": min(positive, negative),
        "method": f"average precision; {_INTERVALS[interval]} of {'rows' if patient is None else 'patients'}"
        + (f", {replicates} replicates" if interval == "bootstrap" else ""),
    }
    if not facts["support"]:
        missing = "events" if not positive else "rows without the event"
        message = f"no {missing} among {scores.n} rows: precision against recall has no meaning"
        return Measurement.unknown(message=message, **facts)
    ranking = rank(rows.label, rows.score, weight=rows.weight)
    estimate = ranking.average_precision if scores.whole is None else scores.whole.average_precision
    if interval == "logit":
        found = error(ranking, patient)
        limits, details = logit_interval(estimate, found, facts["support"] - 1), {"se": found.se, "bias": found.bias}
    else:
        values = resampled(ranking, patient, replicates=replicates, seed=seed, exact=_EXACT, most=_STRETCHES)
        defined = values[np.isfinite(values)] + (estimate - ranking.average_precision)
        limits = bias_corrected(defined, estimate) if varies(defined) else None
        details = {"replicates_without_events": replicates - len(defined)}
    lower, upper = limits or (None, None)
    return Measurement(
        estimate=estimate,
        lower=None if lower is None else min(max(lower, 0.0), estimate),
        upper=None if upper is None else max(min(upper, 1.0), estimate),
        sufficient=limits is not None,
        message="" if limits else f"no interval: {_unsure(estimate, positive, negative)}",
        details={"pr": _curve(ranking), "prevalence": scores.events / scores.n, **details},
        **facts,
    )


def _unsure(estimate: float, positive: int, negative: int) -> str:
    """Return why the rows do not say how sure the estimate is."""
    if estimate == 1:
        return "the scores separate the classes perfectly: rule out that the outcome leaks into the inputs"
    return "a single unit has, or has not, the event" if min(positive, negative) == 1 else "nothing varies"


def _curve(ranking: Ranking) -> dict[str, list[float]]:
    recall, precision = ranking.curve()
    keep = np.unique(np.linspace(0, len(recall) - 1, min(_POINTS, len(recall))).round().astype(int))
    return {"recall": recall[keep].tolist(), "precision": precision[keep].tolist()}
