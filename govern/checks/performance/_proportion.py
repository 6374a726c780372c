"""The share of some rows that are right at a threshold, with an interval that knows about patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import PolicyError
from govern.stats.clusters import effective, repeated, units
from govern.stats.proportion import clopper_pearson, wilson
from govern.strict_yaml import nearest
from govern.types import Measurement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

_INTERVALS = {"wilson": ("Wilson", wilson), "clopper-pearson": ("Clopper-Pearson", clopper_pearson)}


def share(scores: Scores, hit: NDArray[np.bool_], among: NDArray[np.bool_], *, interval: str, what: str) -> Measurement:
    """Measure the share of the rows ``among`` that are also ``hit``; ``what`` names the rows in messages.

    ``n`` of the measurement are the rows ``among``; support counts their patients.

    Raises:
        PolicyError: there is no such interval.
    """
    if interval not in _INTERVALS:
        raise PolicyError(f"no interval {interval!r} for a proportion", hint=nearest(interval, _INTERVALS))
    name, limits = _INTERVALS[interval]
    rows = scores.where(among)
    count = rows.count(hit[among])
    if not rows.n:
        return Measurement.unknown(
            n=0,
            events=scores.events,
            support=0,
            method=name,
            message=f"no {what} among {scores.n} rows",
        )
    patient = repeated(rows.patient)
    lower, upper = limits(*effective(hit[among], patient, weight=rows.weight))
    return Measurement(
        estimate=count / rows.n,
        lower=lower,
        upper=upper,
        n=rows.n,
        events=scores.events,
        support=units(among[among], patient, weight=rows.weight),
        method=name
        if patient is None
        else f"{name} on the effective sample size, clustered by patient (Korn-Graubard)",
        details={"count": count},
    )
