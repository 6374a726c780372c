"""What is added up of one column, batch by batch."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from govern.scan import cells, codes
from govern.scan.cells import ColumnCells, Gridded, Lost, outside
from govern.scan.grid import LARGEST, Grid, Ruler

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows of a batch.
MOST = 65_536
#: One float holds two whole numbers: how many rows, in units of this, and below that the sum of their parts.
_SHARED = 2.0**32
#: Rows after which either of them might not fit.
_FULL = 2**20 - MOST


class Exact:
    """Numbers or dates of a small dataset: every distinct value."""

    def __init__(self, name: str, kind: str) -> None:
        self._name, self._kind, self._lost = name, kind, Lost()
        nothing = np.empty(0, dtype=np.int64)
        self._parts: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]] = [
            (np.empty(0), nothing, nothing)
        ]

    def add(self, values: NDArray[np.float64], event: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Add a batch; ``event`` are the places of the rows with the event.

        Return the places of what is missing, ``None`` where nothing is.
        """
        missing = np.isnan(values)
        is_event = np.zeros(len(values), dtype=np.bool_)
        is_event[event] = True
        lost = missing | ~(np.abs(values) <= LARGEST)
        if lost.any():
            n = int(missing.sum())
            infinite = int(lost.sum()) - n
            self._lost += Lost(missing=n, missing_events=int((missing & is_event).sum()), infinite=infinite)
            values, is_event = values[~lost], is_event[~lost]
        value, count = np.unique(values + 0.0, return_counts=True)
        of_events, seen = np.unique(values[is_event] + 0.0, return_counts=True)
        events = np.zeros(len(value), dtype=np.int64)
        events[np.searchsorted(value, of_events)] = seen
        self._parts.append((value, count.astype(np.int64), events))
        return np.flatnonzero(missing) if missing.any() else None

    def cells(self) -> ColumnCells:
        """Return what was added so far."""
        value, count, events = (np.concatenate(side) for side in zip(*self._parts, strict=True))
        return cells.exact(self._name, self._kind, value, count, events, self._lost)


class OnGrid:
    """Numbers or dates of a large dataset, counted on a grid."""

    def __init__(self, name: str, kind: str, grid: Grid, ruler: Ruler) -> None:
        self._name, self._kind, self._grid, self._ruler, self._lost = name, kind, grid, ruler, Lost()
        self._count, self._events, self._part = np.zeros((3, grid.cells + 2), dtype=np.int64)
        self._both, self._held = np.zeros(grid.cells + 2), 0
        self._below, self._above = (0, 0), (0, 0)
        self._low, self._high = np.inf, -np.inf

    def add(self, values: NDArray[np.float64], event: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Add a batch of at most :data:`MOST` rows; as :meth:`Exact.add`."""
        if not len(values):
            return None
        low, high = float(values.min()), float(values.max())
        inside = self._grid.low <= low and high < self._grid.high  # not where one is NaN
        place, weight = self._ruler.place(self._grid, values, inside=inside)
        weight += _SHARED
        both = np.bincount(place, weights=weight, minlength=len(self._both))
        self._events += np.bincount(place[event], minlength=len(self._both))
        missing = None
        if both[0] or both[-1]:
            missing = self._outside(values, event, place)
            both[0] = both[-1] = 0
        else:
            self._low, self._high = min(self._low, low), max(self._high, high)
        if self._held > _FULL:
            self._fold()
        self._both += both
        self._held += len(values)
        return missing

    def _fold(self) -> None:
        both = self._both.astype(np.int64)
        self._count += both >> 32
        self._part += both & (2**32 - 1)
        self._both[:], self._held = 0, 0

    def _outside(
        self, values: NDArray[np.float64], event: NDArray[np.int64], place: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Look at what is not on the grid one by one: missing, infinite, below or above; return what is missing."""
        top = len(self._both) - 1
        rows = np.flatnonzero((place == 0) | (place == top))
        given = values[rows]
        missing = np.isnan(given)
        lost = missing | (np.abs(given) > LARGEST)
        below, above = (~lost & (place[rows] == tail) for tail in (0, top))
        is_event = np.zeros(len(values), dtype=np.bool_)
        is_event[event] = True
        is_event = is_event[rows]
        # All of them were counted among the events of the tails.
        self._events[0] -= int((is_event & (place[rows] == 0) & lost).sum())
        self._events[top] -= int((is_event & (place[rows] == top) & lost).sum())
        self._count[0] += int(below.sum())
        self._count[top] += int(above.sum())
        n = int(missing.sum())
        infinite = int(lost.sum()) - n
        self._lost += Lost(missing=n, missing_events=int((missing & is_event).sum()), infinite=infinite)
        self._below = _plus(self._below, outside(self._grid, given[below]))
        self._above = _plus(self._above, outside(self._grid, given[above]))
        finite = values if not infinite else values[np.abs(values) <= LARGEST]
        if len(values) > n + infinite:
            self._low = min(self._low, float(np.fmin.reduce(finite)))
            self._high = max(self._high, float(np.fmax.reduce(finite)))
        return rows[missing] if n else None

    def cells(self) -> ColumnCells:
        """Return what was added so far."""
        self._fold()
        held = np.flatnonzero(self._count)
        sums = Gridded(place=held, part=self._part[held], below=self._below, above=self._above)
        return cells.gridded(
            self._name,
            self._kind,
            self._grid,
            sums,
            self._count[held],
            self._events[held],
            self._low + 0.0,
            self._high + 0.0,
            self._lost,
        )


class Words:
    """Words: each distinct one, until there are too many."""

    def __init__(self, name: str) -> None:
        self._name, self._lost = name, Lost()
        self._index: dict[str, int] = {}
        self._last: list[str] | None = None
        self._at = np.empty(0, dtype=np.int64)
        self._codes = np.empty(0, dtype=np.uint64)
        self._count, self._events = np.zeros((2, 64), dtype=np.int64)

    def add(self, place: NDArray[np.int64], words: list[str], event: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Add a batch, each row's place among ``words`` (-1 where missing); return the code of each of ``words``.

        ``event`` are the places of the rows with the event.
        """
        above = place + 1
        count = np.bincount(above, minlength=len(words) + 1)
        events = np.bincount(above[event], minlength=len(words) + 1)
        self._lost += Lost(missing=int(count[0]), missing_events=int(events[0]))
        if cells.OTHER in self._index:
            self._count[0] += count[1:].sum()
            self._events[0] += events[1:].sum()
            return codes.text(words)
        if words is not self._last:
            self._last, self._at = words, self._learn(words)
        np.add.at(self._count, self._at, count[1:])
        np.add.at(self._events, self._at, events[1:])
        held = self._codes[self._at]
        if cells.OTHER in self._index or np.count_nonzero(self._count) > cells.WORDS:
            self._index = {cells.OTHER: 0}
            self._count, self._events = self._count.sum(keepdims=True), self._events.sum(keepdims=True)
        return held

    def _learn(self, words: list[str]) -> NDArray[np.int64]:
        """Return the place of each word among all that were met."""
        known = len(self._index)
        at = np.array([self._index.setdefault(w, len(self._index)) for w in words], dtype=np.int64)
        if len(self._index) > known:
            self._codes = np.append(self._codes, codes.text(list(itertools.islice(self._index, known, None))))
        if len(self._index) > len(self._count):
            more = np.zeros((2, 2 * len(self._index)), dtype=np.int64)
            more[:, : len(self._count)] = self._count, self._events
            self._count, self._events = more
        return at

    def cells(self) -> ColumnCells:
        """Return what was added so far."""
        held = self._count[: len(self._index)] > 0
        value = [word for word, there in zip(self._index, held, strict=True) if there]
        size = len(self._index)
        return cells.words(self._name, value, self._count[:size][held], self._events[:size][held], self._lost)


def _plus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return a[0] + b[0], a[1] + b[1]
