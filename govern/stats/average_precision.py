"""The error of an average precision in closed form, from how far each row, or patient, moves it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals
from govern.stats.proportion import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.stats.precision_recall import Ranking

#: A variance at or below this is rounding.
_ROUNDING = 1e-20


@dataclass(frozen=True, kw_only=True)
class Error:
    """How far an average precision lies from that of the population: on average, and its standard error.

    ``se`` is ``None`` where no row moves it, as where all events score above all others.
    """

    bias: float
    se: float | None


@dataclass(frozen=True, kw_only=True)
class _Paths:
    """What is added to the counts by units, rows or patients with all their rows, from the highest score down.

    An entry of shape (c,) is a step of a unit: from place ``start`` to before ``stop`` it holds ``hits`` events
    among ``taken`` rows, ``events`` of which lie at ``start`` itself. Places are those with events; a row without
    the event lies at the next one below. ``unit`` says whose step it is; ``None`` where each entry is a unit,
    which then occurs ``weight`` times.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    events: NDArray[np.float64]
    hits: NDArray[np.float64]
    taken: NDArray[np.float64]
    weight: NDArray[np.float64]
    unit: NDArray[np.int64] | None


def error(ranking: Ranking, patient: NDArray[np.int64] | None = None) -> Error:
    """Return the standard error and the bias of the average precision of rows of which one has the event at least.

    The average precision is A/E with E events and A = sum e H/T over places, H of the T rows down to a place being
    events, e of them at it. Its first and second derivative along each unit (a row, or a patient: codes 0..k-1 in
    the rows' own order) give both: the variance is the sum of the squared first ones (infinitesimal jackknife,
    Jaeckel 1972), the bias half the sum of the second ones (Efron, The jackknife, the bootstrap and other resampling
    plans, 1982, ch. 6). It is above 0 as a rule, since each event counts in the precision at its own place. O(n).
    """
    events, others = ranking.counts.reshape(2, -1)
    at = np.flatnonzero(events)
    e, taken = events[at], np.cumsum(events + others)[at]
    hits = np.cumsum(e)
    precision = hits / taken
    paths = _rows(e, taken - hits) if patient is None else _patients(ranking, patient, events > 0)

    def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
        before: NDArray[np.float64] = np.append(0.0, np.cumsum(values))
        return before[paths.stop] - before[paths.start]

    h, t, own = paths.hits, paths.taken, paths.events
    p, rows = np.append(precision, 0.0)[paths.start], np.append(taken, 1.0)[paths.start]
    share, weighed = e / taken, e * precision / taken
    first = own * p + h * between(share) - t * between(weighed)
    second = 2 * (own * (h - p * t) / rows - h * t * between(share / taken) + t * t * between(weighed / taken))
    first, second, own = (totals(x, paths.unit) for x in (first, second, own))
    first = (first - float(e @ precision) / hits[-1] * own) / hits[-1]
    second = second / hits[-1] - 2 * own * first / hits[-1]
    variance = float(paths.weight @ first**2)
    return Error(bias=float(paths.weight @ second) / 2, se=sqrt(variance) if variance > _ROUNDING else None)


def _rows(events: NDArray[np.float64], others: NDArray[np.float64]) -> _Paths:
    """Return the paths of one event and one other row at each place, from how many events and others lie down to it."""
    k = len(events)
    event = np.repeat([1.0, 0.0], k)
    return _Paths(
        start=np.tile(np.arange(k), 2),
        stop=np.full(2 * k, k),
        events=event,
        hits=event,
        taken=np.ones(2 * k),
        weight=np.append(events, np.diff(others, prepend=0.0)),
        unit=None,
    )


def _patients(ranking: Ranking, patient: NDArray[np.int64], held: NDArray[np.bool_]) -> _Paths:
    """Return the paths of patients; ``held`` says which of the ranking's places hold an event."""
    k = int(np.count_nonzero(held))
    steps = patient[ranking.order] * (k + 1) + (np.cumsum(held) - held)[ranking.place]
    distinct, step = np.unique(steps, return_inverse=True)
    unit, start = np.divmod(distinct, k + 1)
    events, rows = totals(ranking.event, step), totals(np.ones(len(step)), step)
    last = np.append(unit[1:] != unit[:-1], True)
    since = np.flatnonzero(np.append(True, last[:-1]))[unit]  # the first step of each one's patient
    hits, taken = (np.cumsum(x) - (np.cumsum(x) - x)[since] for x in (events, rows))
    return _Paths(
        start=start,
        stop=np.where(last, k, np.append(start[1:], k)),
        events=events,
        hits=hits,
        taken=taken,
        weight=np.ones(int(unit[-1]) + 1),
        unit=unit,
    )


def logit_interval(estimate: float, found: Error, freedom: int, *, level: float = 0.95) -> Interval | None:
    """Return the t interval on the logit scale about the estimate less its bias; it contains the estimate.

    ``freedom`` degrees of freedom are one less than the events (rows without, if fewer; patients, where they
    repeat). The bias takes the middle no further than half way to 0 or 1. ``None`` without a degree of freedom or a
    standard error. The logit scale as Boyd, Eng and Page, ECML PKDD 2013, LNCS 8190:451, but with the variance of the
    average precision itself and not that of a proportion of the events.
    """
    if found.se is None or freedom < 1 or not 0 < estimate < 1:
        return None
    from scipy.special import expit, logit, stdtrit

    middle = min(max(estimate - found.bias, estimate / 2), (1 + estimate) / 2)
    half = float(stdtrit(freedom, (1 + level) / 2)) * found.se / (middle * (1 - middle))
    lower, upper = (float(expit(logit(middle) + by)) for by in (-half, half))
    return min(lower, estimate), max(upper, estimate)
