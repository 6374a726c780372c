"""The area under the ROC curve: the power of its limit on the logit scale, or of Wald's."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, isinf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.planning.law import Case, Law
from govern.planning.region import normal_mass, region
from govern.stats.auroc import logit_interval, wald_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIMITS = {"logit": logit_interval, "wald": wald_interval}
#: Logits beyond which no area is looked at, and the stride in which a crossing is looked for.
_FAR, _STRIDE = 12.0, 0.1


def auroc(case: Case) -> Law:
    """Return the power by number of rows of the group, at the assumed prevalence."""
    limits = _LIMITS[str(case.params.get("interval", "logit"))]

    def power(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array([at(int(n)) for n in rows])

    def at(rows: int) -> float:
        events, others = (count.n for count in case.both(rows))
        if min(events, others) < max(2, case.rule.min_events):
            return 0.0

        def limit(side: int, logit: float) -> float:
            a = _expit(logit)
            return limits(a, standard_error(a, events, others))[side]

        low, high = region(
            case.rule.accept.criteria,
            of_lower=lambda b: _crossing(lambda x: limit(0, x) - b, _logit(b), 1),
            of_upper=lambda b: _crossing(lambda x: limit(1, x) - b, _logit(b), -1),
            of_estimate=_logit,
        )
        se = standard_error(case.assumed, events, others)
        if limits is wald_interval:
            return normal_mass(_expit(low), _expit(high), case.assumed, se)
        return normal_mass(low, high, _logit(case.assumed), se / (case.assumed * (1 - case.assumed)))

    return Law(
        unit="rows",
        power=power,
        counts=case.both,
        method="normal power of DeLong's limit, binormal scores",
        floor=case.floor_rows,
    )


def standard_error(area: float, events: int, others: int) -> float:
    """Return the standard error of an area (0 to 1) of binormal scores with equal variances.

    Hanley and McNeil's formula (Radiology 1982;143:29), in which the probability that two events score above one
    non-event is that of the normal distribution (Owen 1956) instead of the exponential one.
    """
    from scipy.special import ndtri, owens_t

    h = float(ndtri(area))
    twice = area - 2 * float(owens_t(h, 1 / sqrt(3)))
    variance = area * (1 - area) + (events + others - 2) * (twice - area * area)
    return sqrt(max(variance, 0.0) / (events * others))


def _crossing(excess: Callable[[float], float], start: float, step: int) -> float:
    """Return the logit of the area whose limit equals a bound, up (1) or down (-1) from the bound's own logit.

    The first crossing is taken: next to areas of 0 and 1 the limits run back, since the error outgrows the logit.
    """
    from scipy.optimize import brentq

    if isinf(start):  # a bound outside 0 to 1: every area meets it, or none
        return start
    before = start
    while abs(before) < _FAR:
        after = before + step * _STRIDE
        if excess(after) * step >= 0:
            return float(brentq(excess, before, after, xtol=1e-9))
        before = after
    return step * inf


def _logit(area: float) -> float:
    if not 0 < area < 1:
        return -inf if area <= 0 else inf
    return log(area / (1 - area))


def _expit(logit: float) -> float:
    return 1 / (1 + exp(-logit)) if logit > -_FAR else 0.0
