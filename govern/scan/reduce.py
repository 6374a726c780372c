"""Many rows of scores to few cells, and what must not be lost by that, computed before from all rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan.curve import Curve
from govern.scan.places import blocks, counted
from govern.scan.scores import Scores, Whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows above which a check sees cells.
LARGE = 131_072
#: A group with fewer rows keeps them.
FEW = 50_000
#: Share of the AUROC's standard error that the cells may be off by.
_OFF = 0.1
#: Stretches that are equal in the logarithm of the rank, besides those of about as many rows each.
_TOP = 256
#: Rows that are worked on at once, so that what is made on the way stays small.
_BLOCK = 1 << 17
_ONE = np.uint64(1)


def reduce(scores: Scores, *, most: int = 8000, thresholds: Sequence[float] = ()) -> Scores:
    """Return rows as cells, ascending by score; rows of patients who repeat, and cells, as they are.

    Up to ``most`` stretches of about as many rows each, of two cells (label 0 and 1) with the mean score of both.
    Rows of one score lie in one stretch, and those below a threshold never with those at it, so that what is
    flagged there stays exact. ``most`` is doubled until the area under the ROC curve of the cells is within a
    tenth of its standard error of that of the rows. There is no ``whole`` where all labels are the same.
    """
    return scores if _stay(scores) else _cells(_Sorted.of(scores.label, scores.score), most, thresholds)


def by_group(
    scores: Scores, codes: NDArray[Any], k: int, thresholds: Sequence[float] = (), *, most: int = 8000
) -> list[Scores]:
    """Return the rows of each of ``k`` groups as :func:`reduce` does; ``codes`` (0 to k - 1) say whose each row is.

    Groups of fewer than :data:`FEW` rows are rows still, in their order.
    """
    if _stay(scores):
        return [scores.where(codes == code) for code in range(k)]
    ends = np.cumsum(counted(codes, k))
    starts = ends - np.diff(ends, prepend=0)
    keys, at = np.empty(len(codes), dtype=np.uint64), starts.copy()
    for here in blocks(len(codes)):
        # Small numbers are sorted by counting, which leaves the rows of a group in their order.
        block = codes[here].astype(np.min_scalar_type(k - 1))
        found = _Sorted.keys_of(scores.label[here], scores.score[here])[np.argsort(block, kind="stable")]
        size = np.bincount(block, minlength=k)
        for code, group in enumerate(np.split(found, np.cumsum(size)[:-1])):
            keys[at[code] : at[code] + size[code]] = group
        at += size

    def of_group(code: int) -> Scores:
        group = _Sorted(keys=keys[starts[code] : ends[code]])
        if len(group.keys) < FEW:
            every = slice(None)
            return Scores(label=group.label(every).astype(np.int8), score=group.score(every))
        group.keys.sort()
        return _cells(group, most, thresholds)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(of_group, range(k)))


def _stay(scores: Scores) -> bool:
    return scores.patient is not None or scores.weight is not None or scores.n < 2


@dataclass(frozen=True, kw_only=True)
class _Sorted:
    """Rows in ascending order of score. Nothing but label and score is kept, in one number each."""

    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, label: NDArray[np.int8], score: NDArray[np.float64]) -> _Sorted:
        keys = cls.keys_of(label, score)
        keys.sort()
        return cls(keys=keys)

    @staticmethod
    def keys_of(label: NDArray[np.int8], score: NDArray[np.float64]) -> NDArray[np.uint64]:
        # Scores lie in [0, 1]: their bits are in their order, and one bit is to spare.
        keys = (score + 0.0).view(np.uint64)
        keys <<= _ONE
        keys |= label.view(np.uint8)
        return keys

    def score(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float64]:
        return (self.keys[rows] >> _ONE).view(np.float64)

    def label(self, rows: slice) -> NDArray[np.int64]:
        return (self.keys[rows] & _ONE).view(np.int64)

    def first(self, score: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the place of the first row at or above each score."""
        return np.searchsorted(self.keys, score.view(np.uint64) << _ONE)

    def blocks(self) -> list[slice]:
        """Return the rows in blocks that split no tie."""
        n = len(self.keys)
        cuts = np.unique(np.append(self.first(self.score(np.arange(0, n, _BLOCK))), n))
        return [slice(int(a), int(b)) for a, b in pairwise(cuts)]


def _cells(rows: _Sorted, most: int, thresholds: Sequence[float]) -> Scores:
    events = sum(int(np.count_nonzero(rows.keys[here] & _ONE)) for here in blocks(len(rows.keys)))
    one_class = events in (0, len(rows.keys))
    whole, tied = (None, 0) if one_class else _whole(rows, events)
    while True:
        score, pos, neg = _stretches(rows, most, thresholds)
        if whole is None:
            break
        # Pairs in one cell count half; of those that are tied in the rows too, that is right.
        bound = (int(pos @ neg) - tied) / (2 * int(pos.sum()) * int(neg.sum()))
        if whole.area_se is None or bound <= _OFF * whole.area_se:
            break
        most *= 2
    label = np.tile(np.array([0, 1], dtype=np.int8), len(score))
    weight = np.column_stack([neg, pos]).ravel()
    held = weight > 0
    return Scores(
        label=label[held],
        score=np.repeat(score, 2)[held],
        weight=weight[held],
        whole=whole and replace(whole, tie_bound=bound),
    )


def _stretches(
    rows: _Sorted, most: int, thresholds: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each stretch's mean score, and its rows with and without the event."""
    n = len(rows.keys)
    # Rounded up, as groups of equal mass are cut elsewhere: where those divide the stretches, none is cut through.
    starts = rows.first(rows.score(-(-np.arange(most) * n // most) if n > most else np.arange(n)))
    # Precision hangs on the few highest scores: they have stretches of their own, equal in the logarithm of the rank.
    top = rows.first(rows.score(n - np.unique(np.geomspace(1, n, _TOP).round().astype(np.int64))))
    starts = np.unique(np.concatenate([starts, top, rows.first(np.asarray(thresholds, dtype=np.float64))]))
    starts = starts[starts < n]
    total, pos = np.empty(len(starts)), np.empty(len(starts), dtype=np.int64)
    # A few stretches at a time.
    step = max(1, len(starts) * _BLOCK // n)
    for i in range(0, len(starts), step):
        here = slice(int(starts[i]), int(starts[i + step]) if i + step < len(starts) else n)
        at = starts[i : i + step] - here.start
        total[i : i + step] = np.add.reduceat(rows.score(here), at)
        pos[i : i + step] = np.add.reduceat(rows.label(here), at)
    size = np.diff(starts, append=n)
    first, last = rows.score(starts), rows.score(starts + size - 1)
    # Rounding must not carry a mean out of its stretch, nor move a score that all of it has.
    return np.clip(total / size, first, last), pos, size - pos


def _whole(rows: _Sorted, events: int) -> tuple[Whole, int]:
    """Return what needs all rows, the bound yet to come, and how many pairs of both kinds of rows are tied."""
    n = len(rows.keys)
    curve = Curve(events, n - events)
    error = squares = 0.0
    for here in rows.blocks():
        keys, off = rows.keys[here], rows.score(here)
        event = np.flatnonzero(keys & _ONE)
        off[event] = 1 - off[event]
        off *= off
        error += float(off.sum())
        off *= off
        squares += float(off.sum())
        curve.add(*_steps(keys, event))
    mean = error / n
    whole = Whole(
        area=curve.area,
        area_se=curve.area_se,
        average_precision=curve.average_precision,
        squared_error=mean,
        squared_error_sd=sqrt(max(squares - n * mean**2, 0.0) / (n - 1)),
        tie_bound=0.0,
    )
    return whole, curve.tied


def _steps(keys: NDArray[np.uint64], event: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many events and others there are at each score that has an event, and between two of them.

    ``event`` are the places of the events among the ascending ``keys``. Other rows between two events are alike to a
    curve, whatever their scores, so that its cost is that of the events, which are few.
    """
    of_event = keys[event]
    first = np.flatnonzero(np.append(True, of_event[1:] != of_event[:-1])[: len(event)])
    end = event[np.append(first, len(event))[1:] - 1] + 1
    # Of rows of one score, those without the event come first.
    start = np.searchsorted(keys, of_event[first] - _ONE)
    pos, neg = np.zeros((2, 2 * len(first) + 1), dtype=np.int64)
    pos[1::2] = np.diff(first, append=len(event))
    neg[1::2] = event[first] - start
    neg[::2] = np.append(start, len(keys)) - np.append(0, end)
    held = pos + neg > 0
    return pos[held], neg[held]
