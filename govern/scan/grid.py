"""Grids: equal stretches on which a large column of numbers is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Cells of a column that is too large for one cell a value.
FINE = 4096
#: Where in its cell a number lies is known to one part of this many.
PARTS = 4096
_SHIFT = PARTS.bit_length() - 1
#: What is larger has no finite square, so neither a standard deviation, and counts as infinite.
LARGEST = 1e150
#: Cells of a logarithmic grid in which the distance from its low end doubles.
OCTAVE = 128
#: Bits of a float's fraction (23) that say less than where in its cell it lies.
_SPARE = 23 - 7 - _SHIFT
#: Share of the rows that may lose themselves among others in one cell before another grid is tried.
_CROWDED = 0.005


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Equal stretches from ``low`` to below ``high``, with one more cell below and one above.

    With ``logarithm`` the stretches are equal in the logarithm of the distance from ``low``, piecewise linear
    between its doublings; what lies closer to ``low`` than ``cells / 128`` halvings of the range is kept apart
    linearly. Cells are numbered from 1; 0 lies below the grid and ``cells + 1`` above it.
    """

    low: float
    high: float
    cells: int = FINE
    logarithm: bool = False

    @property
    def unit(self) -> float:
        """The width in whole numbers of which the distance from ``low`` of what lies outside is kept."""
        return (self.high - self.low) / 2**28

    def values(self, place: NDArray[Any], part: NDArray[Any]) -> NDArray[np.float64]:
        """Return the numbers that lie in the cells ``place`` (1 to ``cells``), ``part`` (0 to 1) of the way up."""
        position = place - 1 + part
        if not self.logarithm:
            return np.asarray(self.low + position * ((self.high - self.low) / self.cells), dtype=np.float64)
        octaves = self.cells // OCTAVE
        doubled, rest = np.divmod(position, OCTAVE)
        distance = np.ldexp(1 + rest / OCTAVE, doubled.astype(np.int64) - octaves) - 2.0**-octaves
        return np.asarray(self.low + distance * ((self.high - self.low) / (1 - 2.0**-octaves)), dtype=np.float64)


class Ruler:
    """Places numbers on a grid, with memory of its own that is used again and again."""

    def __init__(self, most: int) -> None:
        """``most`` is the largest number of values that will be placed at once."""
        self._real = np.empty(most)
        self._single = np.empty(most, dtype=np.float32)
        self._fixed = np.empty(most, dtype=np.int32)
        self._place = np.empty(most, dtype=np.int64)

    @np.errstate(over="ignore")  # what is infinite then lies above or below, as it should
    def place(
        self, grid: Grid, values: NDArray[np.float64], *, inside: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return each value's cell and how far it lies above the cell's lower end, in parts of :data:`PARTS`.

        ``inside`` says that all of them are known to lie on the grid. What is missing comes to lie below it. Outside it
        the parts say nothing. Both arrays are valid until the next call, and may be written to.
        """
        n = len(values)
        real, fixed, place = self._real[:n], self._fixed[:n], self._place[:n]
        top = (grid.cells + 2) * PARTS - 1
        if grid.logarithm:
            octaves = grid.cells // OCTAVE
            np.subtract(values, grid.low, out=real)
            real *= (1 - 2.0**-octaves) / (grid.high - grid.low)
            real += 2.0**-octaves
            if not inside:
                _clip(real, 2.0)
            single = self._single[:n]
            single[:] = real
            # The bits of a float, read as a whole number, are its logarithm, piecewise linear.
            np.right_shift(single.view(np.int32), _SPARE, out=fixed)
            fixed -= ((127 - octaves) << (23 - _SPARE)) - PARTS
            np.clip(fixed, 0, top, out=fixed)
        else:
            width = (grid.high - grid.low) / grid.cells
            np.subtract(values, grid.low - width, out=real)
            real *= PARTS / width
            if not inside:
                _clip(real, top)
            np.copyto(fixed, real, casting="unsafe")
        np.right_shift(fixed, _SHIFT, out=place)
        np.bitwise_and(fixed, PARTS - 1, out=fixed)
        np.copyto(real, fixed)
        return place, real


def _clip(values: NDArray[np.float64], top: float) -> None:
    """Bring values to 0 to ``top``, what is missing to 0, so that the whole numbers they become are defined."""
    np.fmax(values, 0.0, out=values)  # unlike maximum and clip, this takes NaN to 0
    np.minimum(values, top, out=values)


def choose(sample: NDArray[np.float64]) -> Grid:
    """Return a grid that tells the values of a column apart, from a sample of them (shape (n,), NaN is left out).

    Whole numbers that are few get a cell each, in its middle. Else the grid is linear from the smallest value to
    the largest, or where that would crowd the rows into few cells logarithmic, or without the tails.
    """
    values, count = np.unique(sample[np.abs(sample) <= LARGEST] + 0.0, return_counts=True)
    if not len(values):
        return Grid(low=0.0, high=1.0)
    low, high = float(values[0]), float(values[-1])
    if high - low < FINE - 2 and abs(low) < 2**51 and bool((values == np.floor(values)).all()):
        start = low - (FINE - int(high - low)) // 2 - 0.5
        return Grid(low=start, high=start + FINE)
    ruler = Ruler(len(values))
    found = []
    for grid in _candidates(values, count):
        place, _ = ruler.place(grid, values)
        # What is alone with its equals in a cell is not crowded, however much of it there is.
        most = np.zeros(grid.cells + 2, dtype=np.int64)
        np.maximum.at(most, place, count)
        lost = np.bincount(place, weights=count, minlength=grid.cells + 2) - most
        crowded = float(lost.max() / count.sum())
        if crowded <= _CROWDED:
            return grid
        found.append((crowded, grid))
    return min(found, key=lambda entry: entry[0])[1]


def _candidates(values: NDArray[np.float64], count: NDArray[np.int64]) -> Iterator[Grid]:
    below = np.cumsum(count) / count.sum()
    for tail in (0.0, 0.001, 0.01):
        low = float(values[np.searchsorted(below, tail, side="right" if tail else "left")])
        high = float(values[np.searchsorted(below, 1 - tail)])
        spread = high - low
        if spread <= abs(low) * 1e-13:
            low, spread = low - max(1.0, abs(low)) / 2, max(1.0, abs(low))
        # Room for what the sample has not seen.
        yield Grid(low=low - spread / 8, high=high + spread / 8)
        yield Grid(low=low, high=low + 4 * spread, logarithm=True)
