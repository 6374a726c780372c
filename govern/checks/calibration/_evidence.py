"""What calibration rests on: who counts, which scores have a logit, how sure a distance is, and the plot's points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.calibration import equal_mass, saturated
from govern.stats.clusters import effective, repeated, units
from govern.stats.proportion import wilson

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.stats.calibration import Spread

_BINS = 10
#: Draws of noise behind the interval of a distance from perfect calibration.
REPLICATES = 1000
#: Why a distance from perfect calibration has no interval.
NO_SPREAD = "every resample gives the same value: the bootstrap cannot say how sure it is"
#: Why there is no estimate although both classes are there and every score has a logit.
SINGULAR = "the scores lie too near 0 and 1, or the patients differ too little, for an error of the fit"


def counts(scores: Scores) -> dict[str, Any]:
    """Return ``n``, ``events`` and ``support`` (the smaller of events and non-events, in patients)."""
    event, patient = scores.label == 1, repeated(scores.patient)
    return {
        "n": scores.n,
        "events": scores.events,
        "support": min(units(of, patient, weight=scores.weight) for of in (event, ~event)),
    }


def too_little(scores: Scores) -> str:
    """Return why one class or one patient alone allows no calibration, or nothing where there is more."""
    if not scores.events or not scores.nonevents:
        return f"no {'rows without the event' if scores.events else 'events'} among {scores.n} rows"
    if scores.patient is not None and not np.ptp(scores.patient):
        return f"all {scores.n} rows are of one patient"
    return ""


def certain(scores: Scores) -> str:
    """Return why scores of exactly 0 or 1 allow no logistic recalibration, or nothing where there is none."""
    sure = saturated(scores.score)
    if not sure.any():
        return ""
    wrong = scores.count(sure & (scores.score != scores.label))
    return (
        f"{scores.count(sure)} of {scores.n} scores are exactly 0 or 1 ({wrong} of them wrong): their logit is "
        "infinite, and they are neither clipped nor left out"
    )


def limits(spread: Spread | None) -> dict[str, Any]:
    """Return the interval of a distance as a measurement's fields: none, and no verdict, where nothing varies."""
    if spread is None:
        return {"lower": None, "upper": None, "sufficient": False, "message": NO_SPREAD}
    return {"lower": spread.lower, "upper": spread.upper}


def noise(spread: Spread | None) -> dict[str, float]:
    """Return what a perfectly calibrated model would show, for ``details``."""
    return {} if spread is None else {"expected_if_calibrated": spread.expected, "noise_limit": spread.limit}


def points(scores: Scores) -> list[dict[str, float | int]]:
    """Return the mean score and the event rate, with Wilson's interval, of ten equal-mass bins."""
    if not scores.n:
        return []
    scores = scores.ranked
    bin_of = equal_mass(scores.score, _BINS, scores.weight)
    found: list[dict[str, float | int]] = []
    for i in range(int(bin_of.max()) + 1):
        rows = scores.where(bin_of == i)
        lower, upper = wilson(*effective(rows.label == 1, rows.patient, weight=rows.weight))
        found.append(
            {
                "predicted": rows.total(rows.score) / rows.n,
                "observed": rows.events / rows.n,
                "lower": lower,
                "upper": upper,
                "n": rows.n,
                "events": rows.events,
            }
        )
    return found
