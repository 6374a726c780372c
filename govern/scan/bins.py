"""Scores in bins that are the same everywhere, so that counts from many machines can be added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.errors import InputError
from govern.scan.curve import Curve
from govern.scan.scores import Scores, Whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bins in which the distance to 0 or 1 doubles, and doublings that are told apart.
_STEPS, _DOUBLINGS = 1024, 40
#: Bits of a float's fraction that say less than its bin.
_SPARE = 52 - 10
_LOWEST = (1023 - 1 - _DOUBLINGS) * _STEPS
_HALF = _DOUBLINGS * _STEPS
#: Sums of scores and of their squares are kept in whole numbers of this, so that the order of adding is all the same.
_UNIT = 2.0**32


@dataclass(frozen=True, kw_only=True)
class Binned:
    """Rows of scores, counted: by bin, ascending, and within it by how many of the ``thresholds`` lie below.

    All of shape (k,), but the thresholds, which ascend. ``pos`` and ``neg`` are rows with and without the event;
    ``of_pos`` and ``of_neg`` the sums of their scores and ``squares`` those of all their squared scores, in units of
    2^-32.
    """

    bin: NDArray[np.int64]
    pos: NDArray[np.int64]
    neg: NDArray[np.int64]
    of_pos: NDArray[np.int64]
    of_neg: NDArray[np.int64]
    squares: NDArray[np.int64]
    thresholds: NDArray[np.float64]

    def __add__(self, other: Binned) -> Binned:
        """Return the rows of both.

        Raises:
            InputError: they were counted at other thresholds, so that their bins are not the same.
        """
        if not np.array_equal(self.thresholds, other.thresholds):
            raise InputError("scores were counted at different thresholds", hint="count all of them at the same ones")
        bins, at = np.unique(np.concatenate([self.bin, other.bin]), return_inverse=True)
        added = {}
        for name in ("pos", "neg", "of_pos", "of_neg", "squares"):
            added[name] = np.zeros(len(bins), dtype=np.int64)
            np.add.at(added[name], at, np.concatenate([getattr(self, name), getattr(other, name)]))
        return Binned(bin=bins, **added, thresholds=self.thresholds)

    def scores(self) -> Scores:
        """Return the bins as cells, with what they say of all rows; ``tie_bound`` is the error of the binning.

        The squared error is that of the rows, to 1e-9; the areas are those of the cells. There is no ``whole`` where
        all labels are the same.
        """
        size = self.pos + self.neg
        # What is cut off of a sum must not carry the mean out of its bin.
        score = np.clip((self.of_pos + self.of_neg) / size / _UNIT, *self._ends())
        label = np.tile(np.array([0, 1], dtype=np.int8), len(score))
        weight = np.column_stack([self.neg, self.pos]).ravel()
        held = weight > 0
        made = Scores(label=label[held], score=np.repeat(score, 2)[held], weight=weight[held])
        return replace(made, whole=self._whole(score)) if 0 < made.events < made.n else made

    def _ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and the highest score that each bin can hold."""
        code, passed = np.divmod(self.bin, len(self.thresholds) + 1)
        step = np.where(code < _HALF, code, 2 * _HALF - code)
        near, far = (np.where(s > 0, ((s + _LOWEST) << _SPARE).view(np.float64), 0.0) for s in (step, step + 1))
        below = np.nextafter(far, 0.0)
        low = np.where(code < _HALF, near, np.maximum(np.nextafter(1 - far, 1.0), 0.5))
        high = np.where(code < _HALF, below, 1 - near)
        from_, to = np.append(0.0, self.thresholds), np.append(np.nextafter(self.thresholds, 0.0), 1.0)
        return np.maximum(low, from_[passed]), np.minimum(high, to[passed])

    def _whole(self, score: NDArray[np.float64]) -> Whole:
        events, others = int(self.pos.sum()), int(self.neg.sum())
        n = events + others
        curve = Curve(events, others)
        curve.add(self.pos, self.neg)
        error = ((int(self.squares.sum()) - 2 * int(self.of_pos.sum())) / _UNIT + events) / n
        spread = float(self.neg @ score**4 + self.pos @ (1 - score) ** 4) - n * error**2
        return Whole(
            area=curve.area,
            area_se=curve.area_se,
            average_precision=curve.average_precision,
            squared_error=error,
            squared_error_sd=sqrt(max(spread, 0.0) / (n - 1)),
            tie_bound=curve.tied / (2 * events * others),
        )


def binned(label: NDArray[np.bool_], score: NDArray[np.float64], thresholds: Sequence[float] = ()) -> Binned:
    """Return rows counted by their scores, which lie in [0, 1]; at most 2^20 rows.

    The width of a bin is at most 1/1024 of its distance to 0 or to 1, whichever is nearer. No bin has rows on both
    sides of a threshold, so what is flagged there (at or above it) stays exact.
    """
    near = np.minimum(score, 1 - score) + 0.0
    # The highest bits of a float are its logarithm, piecewise linear.
    step = np.maximum((near.view(np.int64) >> _SPARE) - _LOWEST, 0)
    code = np.where(score < 0.5, step, 2 * _HALF - step)
    cuts = np.unique(np.asarray(thresholds, dtype=np.float64))
    code = code * (len(cuts) + 1) + np.searchsorted(cuts, score, side="right")
    bins, at = np.unique(code, return_inverse=True)

    def added(rows: NDArray[np.bool_], value: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
        weight = None if value is None else np.floor(value[rows] * _UNIT)
        return np.bincount(at[rows], weights=weight, minlength=len(bins)).astype(np.int64)

    return Binned(
        bin=bins,
        pos=added(label),
        neg=added(~label),
        of_pos=added(label, score),
        of_neg=added(~label, score),
        squares=added(np.ones(len(score), dtype=np.bool_), score * score),
        thresholds=cuts,
    )
