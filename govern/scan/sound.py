"""Whether stored cells can have been counted: what was changed since must not become a wrong number."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan.grid import LARGEST, OCTAVE, PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: More rows than any dataset has; the sums of their parts still fit.
_ROWS = 2**50
_KINDS = ("numbers", "dates", "words", "empty")


def unsound(row: dict[str, Any]) -> str:
    """Return what is wrong with a column of :func:`govern.scan.stored.schema`; empty where nothing is.

    Raises:
        TypeError, ValueError, OverflowError: something is absent, or no number.
    """
    count, events = (np.array(row[name], dtype=np.int64) for name in ("count", "events"))
    missing, missing_events, infinite = (int(row[name]) for name in ("missing", "missing_events", "infinite"))
    if row["kind"] not in _KINDS:
        return f"no column of {row['kind']}"
    if not 0 <= missing_events <= missing or infinite < 0:
        return "fewer rows than none are missing"
    if len(events) != len(count) or (count < 1).any() or (events < 0).any() or (events > count).any():
        return "counts and events do not belong together"
    if sum(count.tolist()) + missing + infinite >= _ROWS:
        return "more rows than can be"
    if row["grid"] is not None:
        return _on_grid(row, count)
    value = row["words"] if row["kind"] == "words" else row["numbers"]
    if len(value) != len(count) or (row["kind"] == "empty" and len(value)):
        return "as many values as counts were expected"
    if row["kind"] == "words":
        return "" if all(isinstance(word, str) for word in value) and _ascend(value) else "words are not in order"
    numbers = np.array(value, dtype=np.float64)
    return "" if (np.abs(numbers) <= LARGEST).all() and _ascend(value) else "values are not in order, or not finite"


def _on_grid(row: dict[str, Any], count: NDArray[np.int64]) -> str:
    grid, low, high = row["grid"], float(row["low"]), float(row["high"])
    place, part = (np.array(row[name], dtype=np.int64) for name in ("place", "part"))
    if not (grid["low"] < grid["high"] and abs(grid["low"]) <= LARGEST and abs(grid["high"]) <= LARGEST):
        return "the grid has no range"
    if grid["cells"] < 1 or (grid["logarithm"] and grid["cells"] % OCTAVE):
        return "no such grid is made"
    if row["kind"] not in ("numbers", "dates") or not -LARGEST <= low <= high <= LARGEST:
        return "the grid holds no numbers"
    if low == high and len(place) > 1:
        return "one value lies in two places"
    if not len(place) == len(part) == len(count) > 0:
        return "as many places as counts were expected"
    if not _ascend(place.tolist()) or place[0] < 0 or place[-1] > grid["cells"] + 1:
        return "places are not in order, or not on the grid"
    tail = (place == 0) | (place > grid["cells"])
    if (part < 0).any() or (part > np.where(tail, 0, count * (PARTS - 1))).any():
        return "rows lie outside their cells"
    below, below_squares, above, above_squares = map(int, row["tails"])
    for at, total, squares in ((0, below, below_squares), (grid["cells"] + 1, above, above_squares)):
        n = int(count[place == at].sum())
        if total**2 > n * squares or (not n and squares):
            return "what lies outside the grid has no such sum"
    return "what lies outside the grid lies on the other side" if below > 0 or above < 0 else ""


def _ascend(values: list[Any]) -> bool:
    return all(a < b for a, b in pairwise(values))
