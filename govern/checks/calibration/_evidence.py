"""What calibration rests on: who counts, which scores have a logit, how sure a distance is, and the plot's points."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.calibration import drawn_gaps, equal_mass, saturated, total_gaps
from govern.stats.clusters import effective, repeated, units
from govern.stats.proportion import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    support, patient = min(scores.events, scores.nonevents), repeated(scores.patient)
    if patient is not None:
        support = min(units(scores.label == kind, patient) for kind in (0, 1))
    return {"n": scores.n, "events": scores.events, "support": support}


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


@dataclass(frozen=True, kw_only=True)
class Binned:
    """Bins of ranked rows: the ``place`` (k,) of each entry, the ``total`` gaps (b,) and draws of their ``noise``."""

    place: NDArray[np.int64]
    total: NDArray[np.float64]
    noise: NDArray[np.float64]


def by_mass(rows: Scores, bins: int, seed: int) -> Binned:
    """Return ranked rows in bins of equal mass; ask for it by :meth:`Scores.once`, as several checks do."""
    return binned(rows, rows.once(_places, bins), seed)


def binned(rows: Scores, place: NDArray[np.int64], seed: int) -> Binned:
    """Return rows in these bins, with the noise that differs between rows, or patients where they repeat."""
    total, covariance = total_gaps(rows.label, rows.score, place, repeated(rows.patient), rows.weight)
    noise = drawn_gaps(np.zeros_like(total), covariance, replicates=REPLICATES, seed=seed)
    return Binned(place=place, total=total, noise=noise)


def _places(rows: Scores, bins: int) -> NDArray[np.int64]:
    return equal_mass(rows.score, bins, rows.weight)


def points(scores: Scores) -> list[dict[str, float | int]]:
    """Return the mean score and the event rate, with Wilson's interval, of ten equal-mass bins."""
    if not scores.n:
        return []
    rows = scores.ranked
    place = rows.once(_places, _BINS)
    found: list[dict[str, float | int]] = []
    for start, stop in pairwise(np.searchsorted(place, np.arange(place[-1] + 2)).tolist()):
        bin_ = rows.where(np.arange(start, stop))
        lower, upper = wilson(*effective(bin_.label == 1, bin_.patient, weight=bin_.weight))
        found.append(
            {
                "predicted": bin_.total(bin_.score) / bin_.n,
                "observed": bin_.events / bin_.n,
                "lower": lower,
                "upper": upper,
                "n": bin_.n,
                "events": bin_.events,
            }
        )
    return found
