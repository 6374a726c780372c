"""How many alarms are right, over all thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import PolicyError
from govern.stats.bootstrap import bias_corrected, varies
from govern.stats.clusters import repeated, units
from govern.stats.precision_recall import Ranking, rank, resampled
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

_POINTS = 200
#: Rows up to which rows themselves are drawn, and stretches of scores on which they are counted above.
_EXACT, _STRETCHES = 2000, 512


def auprc(scores: Scores, seed: int, *, replicates: int = 1000) -> Measurement:
    """Area under the precision-recall curve (average precision).

    Why: For rare events: how many of those whom the model flags have the event, averaged over the share
        of events found. A model without skill scores the prevalence, not 0.5.

    How: Average precision without interpolation: the sum over distinct scores of the gain in recall
        times the precision, equal to scikit-learn's and taken from whole rows however many there are. 95 %
        bias-corrected percentile interval (Efron 1981) of a seeded bootstrap of rows, or of patients with all
        their rows where a patient repeats. Above 2,000 rows the resampled rows are counted on at most 512
        stretches of the score, fine where few rows are flagged, and the interval is moved by what that
        takes from the estimate. Resamples without any event define no value and are left out;
        `details` counts them. Support is the smaller of events and non-events, counted in patients where
        they repeat.

    Limits: Depends on the prevalence: never compare it between populations or groups whose prevalence
        differs, and judge it against the prevalence in `details`. Biased upward in small samples: with
        some 30 events the lower limit is too high in about 4 % of samples where 2.5 % are meant. Where
        all resamples agree (perfect order) the bootstrap shows no uncertainty: no interval is given.

    Fix: Look at the scores of false alarms: which inputs raised them. If only the interval falls short,
        more events are needed.

    See: Saito and Rehmsmeier, PLoS ONE 2015;10:e0118432; docs/statistics.md.
    """
    if replicates < 100:
        raise PolicyError(
            f"performance.auprc: {replicates} replicates cannot show a 95 % interval", hint="ask for 1000 or more"
        )
    event, patient = scores.label == 1, repeated(scores.patient)
    positive, negative = (units(of, patient, weight=scores.weight) for of in (event, ~event))
    unit = "rows" if patient is None else "patients"
    method = f"average precision; bias-corrected bootstrap of {unit}, {replicates} replicates"
    counts: dict[str, Any] = {"n": scores.n, "events": scores.events, "support": min(positive, negative)}
    if not counts["support"]:
        missing = "events" if not positive else "rows without the event"
        return Measurement.unknown(
            method=method,
            message=f"no {missing} among {scores.n} rows: precision against recall has no meaning",
            **counts,
        )
    ranking = rank(scores.label, scores.score, weight=scores.weight)
    values = resampled(ranking, patient, replicates=replicates, seed=seed, exact=_EXACT, most=_STRETCHES)
    defined = values[np.isfinite(values)]
    estimate = ranking.average_precision
    if scores.whole is not None:
        defined, estimate = defined + (scores.whole.average_precision - estimate), scores.whole.average_precision
    spread = varies(defined)
    lower, upper = bias_corrected(defined, estimate) if spread else (None, None)
    return Measurement(
        estimate=estimate,
        lower=None if lower is None else min(max(lower, 0.0), estimate),
        upper=None if upper is None else max(min(upper, 1.0), estimate),
        method=method,
        sufficient=spread,
        message="" if spread else "every resample gives the same value: the bootstrap cannot say how sure it is",
        details={
            "pr": _curve(ranking),
            "prevalence": scores.events / scores.n,
            "replicates_without_events": replicates - len(defined),
        },
        **counts,
    )


def _curve(ranking: Ranking) -> dict[str, list[float]]:
    recall, precision = ranking.curve()
    keep = np.unique(np.linspace(0, len(recall) - 1, min(_POINTS, len(recall))).round().astype(int))
    return {"recall": recall[keep].tolist(), "precision": precision[keep].tolist()}
