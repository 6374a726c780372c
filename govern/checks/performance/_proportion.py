"""The share of some rows that are right at a threshold, with an interval that knows about patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.stats.clusters import effective, repeated, units
from govern.stats.proportion import clopper_pearson, wilson
from govern.types import Measurement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

_INTERVALS = {"wilson": ("Wilson", wilson), "clopper-pearson": ("Clopper-Pearson", clopper_pearson)}


def share(scores: Scores, hit: NDArray[np.bool_], among: NDArray[np.bool_], *, interval: str, what: str) -> Measurement:
    """Measure the share of the rows ``among`` that are also ``hit``; ``what`` names the rows in messages.

    ``n`` of the measurement are the rows ``among``; support counts their patients.
    """
    name, limits = _INTERVALS[interval]
    n = scores.count(among)
    if not n:
        return Measurement.unknown(
            n=0,
            events=scores.events,
            support=0,
            method=name,
            message=f"no {what} among {scores.n} rows",
        )
    count, patient = scores.count(hit & among), None if scores.patient is None else repeated(scores.patient[among])
    lower, upper = limits(*worth(scores, hit, among))
    return Measurement(
        estimate=count / n,
        lower=lower,
        upper=upper,
        n=n,
        events=scores.events,
        support=n if patient is None else units(among[among], patient),
        method=name
        if patient is None
        else f"{name} on the effective sample size, clustered by patient (Korn-Graubard)",
        details={"count": count},
    )


def worth(scores: Scores, hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the hits and the size of the simple random sample that is worth as much as the rows ``among``."""
    if scores.patient is None:
        return float(scores.count(hit & among)), float(scores.count(among))
    return effective(hit[among], repeated(scores.patient[among]))
