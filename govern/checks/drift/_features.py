"""The features that two datasets share, counted into cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.errors import InputError
from govern.scan.cells import OTHER, Grid, align
from govern.scan.grid import Ruler
from govern.stats.drift import effective_size, into, numeric_edges
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells
    from govern.scan.dataset import Data

#: Words of fewer reference rows have no cell of their own: the most frequent of many rare words are so by chance.
_COMMON = 20


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature in both datasets: ``kind`` is ``numbers``, ``dates`` (in days) or ``words``."""

    name: str
    kind: str
    reference: ColumnCells
    current: ColumnCells

    @property
    def numeric(self) -> bool:
        """Whether its values have an order and a distance."""
        return self.kind != "words"

    @property
    def missing(self) -> tuple[int, int]:
        """How many reference and current rows have no value."""
        return self.reference.missing, self.current.missing

    @property
    def held(self) -> tuple[int, int]:
        """How many reference and current rows have a value."""
        return int(self.reference.count.sum()), int(self.current.count.sum())

    def cells(self, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the counts of reference and current rows in the same cells, each of shape (cells,).

        Numbers: those of :func:`govern.stats.drift.numeric_edges`. Categories: one cell for each of the ``bins`` most
        frequent of at least 20 reference rows, one for the others, one for what no (other) reference row has. Both: a
        cell for missing values.
        """
        counts = self._numbers(bins) if self.numeric else self._words(bins)
        then, now = (np.append(count, missing) for count, missing in zip(counts, self.missing, strict=True))
        return then, now

    def aligned(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the distinct values (or means of stretches) of numbers, ascending, and both sides' rows at each."""
        value, then, now = align(self.reference, self.current)
        return value, then.astype(np.float64), now.astype(np.float64)

    @property
    def grid(self) -> Grid | None:
        """The grid whose stretches of values are compared; ``None`` where each value has its own cell."""
        grid = self.reference.grid or self.current.grid
        sides = (self.reference.value, self.current.value)
        if (
            grid is not None
            and grid.high - grid.low == grid.cells
            and all(bool((side == np.floor(side)).all()) for side in sides)
        ):
            return None  # a stretch holds one whole number
        return grid

    @property
    def uncounted(self) -> bool:
        """Whether one side has so many different words that they were not counted one by one."""
        return any(OTHER in side.value for side in (self.reference, self.current) if side.kind == "words")

    def blur(self, value: NDArray[np.float64], then: NDArray[np.float64], now: NDArray[np.float64]) -> float:
        """Return the most by which stretches can move the distributions of :meth:`aligned`: the average distance.

        Every row lies between the ends of its stretch, and is compared as if it were at the mean of all rows there.
        """
        grid = self.grid
        if grid is None:
            return 0.0
        place = Ruler(len(value)).place(grid, value)[0].copy()
        inside = np.clip(place, 1, grid.cells)
        lower, upper = grid.values(inside, np.zeros(len(value))), grid.values(inside, np.ones(len(value)))
        lower[place == 0], upper[place == 0] = min(self.reference.low, self.current.low), grid.low
        lower[place > grid.cells], upper[place > grid.cells] = grid.high, max(self.reference.high, self.current.high)
        most = np.maximum(np.maximum(value - lower, upper - value), 0.0)
        return float(((then / then.sum() + now / now.sum()) * most).sum())

    def _numbers(self, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.reference.grid or self.current.grid:  # the mean of a stretch differs between the two
            value, then, now = self.aligned()
            edges = numeric_edges(value, then, bins)
            return into(edges, value, then), into(edges, value, now)
        sides = [(side.value.astype(np.float64), side.count) for side in (self.reference, self.current)]
        edges = numeric_edges(*sides[0], bins)
        then, now = (into(edges, *side) for side in sides)
        return then, now

    def _words(self, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        _, then, now = align(self.reference, self.current)
        # What a reference row would be to the others: a word that it alone has is one that they never had. So two
        # samples of one population of many words have equal shares of new ones (Good IJ, Biometrika 1953;40:237).
        again = then > 1
        common = int(np.count_nonzero(then >= _COMMON))
        order = np.argsort(-then, kind="stable")  # the first of equally frequent ones is the first by name
        kept = order[: min(bins, common)]
        counts: list[NDArray[np.float64]] = []
        for count, known in ((then, again), (now, then > 0)):
            place = np.where(known, len(kept), len(kept) + 1)
            place[kept] = np.arange(len(kept))
            counts.append(np.bincount(place, weights=count, minlength=len(kept) + 2).astype(np.float64))
        return counts[0], counts[1]


def shared_features(test: Data, reference: Data) -> list[Feature]:
    """Return the model's declared features as both datasets hold them.

    Raises:
        InputError: as :func:`comparable`.
    """
    found = []
    for name in dict.fromkeys((*test.features, *reference.features)):
        kind = comparable(name, {"reference": reference, "test": test})
        found.append(
            Feature(name=name, kind=kind, reference=reference.columns[name], current=test.columns[name]),
        )
    return found


def comparable(name: str, datasets: Mapping[str, Data]) -> str:
    """Return whether a column holds ``numbers``, ``dates`` or ``words`` in all of these datasets.

    Raises:
        InputError: one of the datasets lacks the column (the nearest is named), one holds numbers where
            the other holds words, or a number is infinite.
    """
    sides = {role: column(data, name, role) for role, data in datasets.items()}
    kinds = {side.kind for side in sides.values() if side.kind != "empty"} or {"words"}
    if len(kinds) > 1:
        found = ", ".join(f"{side.kind} in the {role} dataset" for role, side in sides.items())
        raise InputError(f"the column {name!r} holds {found}", hint="prepare both datasets by the same code")
    for role, side in sides.items():
        if side.infinite:
            raise InputError(
                f"the {role} dataset: the column {name!r} holds {side.infinite} infinite values",
                hint="find the division by zero or the overflow that made them; where a value is not known, "
                "leave it empty",
            )
    return kinds.pop()


def column(data: Data, name: str, role: str) -> ColumnCells:
    """Return the cells of one column.

    Raises:
        InputError: there is none of that name; the nearest is named.
    """
    if name not in data.columns:
        raise InputError(f"the {role} dataset: no column {name!r}", hint=nearest(name, data.columns))
    return data.columns[name]


def rows(data: Data) -> float:
    """Return the effective number of independent rows: fewer than there are, where patients repeat."""
    return effective_size(data.patients, data.rows)
