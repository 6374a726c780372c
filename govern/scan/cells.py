"""What a column is reduced to: counts of its values, or of stretches of them, that can be added up."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.grid import FINE as FINE
from govern.scan.grid import LARGEST as LARGEST
from govern.scan.grid import PARTS, Ruler
from govern.scan.grid import Grid as Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Whole rows that are kept of a dataset.
SAMPLE = 20_000
#: Rows up to which every distinct number of a column is kept.
EXACT = 65_536
#: Distinct words of a column above which they are identifiers or free text, and are not counted one by one.
WORDS = 100_000
#: The one cell of a column of identifiers or free text.
OTHER = "(more different words than are counted)"
_NUMBERS = ("numbers", "dates")


@dataclass(frozen=True, kw_only=True)
class Gridded:
    """What is added up of a column on a grid, in whole numbers, so that the order of adding is all the same.

    ``place`` are the cells that are not empty, ascending, and ``part`` the sums of how far their rows lie above the
    lower end of the cell, in 1/4096 of it; shape (k,). ``below`` and ``above`` are the sum and the sum of squares
    of the distance from the grid's low end of what lies outside it, in :attr:`Grid.unit`.
    """

    place: NDArray[np.int64]
    part: NDArray[np.int64]
    below: tuple[int, int] = (0, 0)
    above: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class ColumnCells:
    """One column of a dataset, reduced.

    ``kind`` is ``numbers``, ``dates`` (days since 1970), ``words`` or ``empty``. ``value`` are the distinct values in
    ascending order (float64, or an object array of text), or with a ``grid`` the mean value of each cell that is not
    empty; ``count`` says how many rows lie there and ``events`` how many of them have the event (zeros where no
    label is known). All of shape (k,). What is missing or infinite lies in no cell. ``mean``, ``sd`` (divisor n),
    ``low`` and ``high`` are of the finite values, and NaN for words and where there are none.

    Words of which there are more than :data:`WORDS` lie in one cell, :data:`OTHER`. ``sums`` is there where a
    ``grid`` is.
    """

    name: str
    kind: str
    value: NDArray[Any]
    count: NDArray[np.int64]
    events: NDArray[np.int64]
    missing: int = 0
    missing_events: int = 0
    infinite: int = 0
    grid: Grid | None = None
    mean: float = float("nan")
    sd: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    sums: Gridded | None = None

    @property
    def rows(self) -> int:
        """Number of rows: counted, missing and infinite."""
        return int(self.count.sum()) + self.missing + self.infinite


@dataclass(frozen=True, kw_only=True)
class Identity:
    """64-bit codes of rows by which equal ones are found; shape (n,), in the order of the rows.

    ``all`` is of every column but the patient's; ``inputs`` of the label and the model's inputs, ``None`` where
    no inputs are known. Equal rows have equal codes in every dataset; 10 million different rows have a chance of
    about 3 in a million that any two of them share one.
    """

    all: NDArray[np.uint64]
    inputs: NDArray[np.uint64] | None = None


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Rows of a column that lie in no cell."""

    missing: int = 0
    missing_events: int = 0
    infinite: int = 0

    def __add__(self, other: Lost) -> Lost:
        return Lost(
            missing=self.missing + other.missing,
            missing_events=self.missing_events + other.missing_events,
            infinite=self.infinite + other.infinite,
        )


def words(
    name: str, value: Sequence[str], count: NDArray[np.int64], events: NDArray[np.int64], lost: Lost
) -> ColumnCells:
    """Return the cells of words, which need not be sorted but differ; all in :data:`OTHER` where they are too many."""
    if not len(value):
        return exact(name, "empty", np.empty(0), count, events, lost)
    held = np.array(value, dtype=object)
    if len(held) > WORDS or OTHER in value:
        held, count, events = np.array([OTHER], dtype=object), count.sum(keepdims=True), events.sum(keepdims=True)
    order = np.array(sorted(range(len(held)), key=held.__getitem__), dtype=np.int64)
    return ColumnCells(
        name=name, kind="words", value=held[order], count=count[order], events=events[order], **vars(lost)
    )


def exact(
    name: str,
    kind: str,
    value: NDArray[np.float64],
    count: NDArray[np.int64],
    events: NDArray[np.int64],
    lost: Lost,
) -> ColumnCells:
    """Return the cells of finite numbers or dates, one for each distinct value; values may repeat in any order."""
    value, at = np.unique(value, return_inverse=True)
    count, events = (_added(at, side, len(value)) for side in (count, events))
    if not len(value):
        kind = kind if lost.infinite else "empty"
        return ColumnCells(name=name, kind=kind, value=value, count=count, events=events, **vars(lost))
    share = count / count.sum()
    mean = float((share * value).sum())
    return ColumnCells(
        name=name,
        kind=kind,
        value=value,
        count=count,
        events=events,
        mean=mean,
        sd=float(np.sqrt((share * (value - mean) ** 2).sum())),
        low=float(value[0]),
        high=float(value[-1]),
        **vars(lost),
    )


def gridded(
    name: str,
    kind: str,
    grid: Grid,
    sums: Gridded,
    count: NDArray[np.int64],
    events: NDArray[np.int64],
    low: float,
    high: float,
    lost: Lost,
) -> ColumnCells:
    """Return the cells of numbers or dates on a grid, from what was added up."""
    if not len(count):
        kind = kind if lost.infinite else "empty"
        return ColumnCells(name=name, kind=kind, value=np.empty(0), count=count, events=events, **vars(lost))
    value = grid.values(sums.place, sums.part / (count * PARTS))
    within = 0.0
    for tail, (total, squares) in ((0, sums.below), (grid.cells + 1, sums.above)):
        at = np.flatnonzero(sums.place == tail)
        if len(at):
            n = int(count[at[0]])
            value[at[0]] = grid.low + float(Fraction(total, n)) * grid.unit
            within += float(Fraction(squares * n - total * total, n)) * grid.unit**2
    share = count / count.sum()
    # Rows that share one value have it, not its place on the grid.
    mean = float((share * value).sum()) if low < high else low
    return ColumnCells(
        name=name,
        kind=kind,
        value=value if low < high else np.full(1, low),
        count=count,
        events=events,
        grid=grid,
        mean=mean,
        sd=float(np.sqrt((share * (value - mean) ** 2).sum() + within / count.sum())) if low < high else 0.0,
        low=low,
        high=high,
        sums=sums,
        **vars(lost),
    )


def on_grid(column: ColumnCells, grid: Grid) -> ColumnCells:
    """Return a column of numbers or dates on a grid: exact if it had none, else by the means of its cells."""
    if column.grid == grid or column.kind == "empty":
        return column
    place, part = Ruler(len(column.value)).place(grid, column.value)
    inside = (place > 0) & (place <= grid.cells)
    cells, at = np.unique(place, return_inverse=True)
    return gridded(
        column.name,
        column.kind,
        grid,
        Gridded(
            place=cells,
            part=_added(at, np.where(inside, part.astype(np.int64) * column.count, 0), len(cells)),
            below=outside(grid, column.value[place == 0], column.count[place == 0]),
            above=outside(grid, column.value[place > grid.cells], column.count[place > grid.cells]),
        ),
        _added(at, column.count, len(cells)),
        _added(at, column.events, len(cells)),
        column.low,
        column.high,
        _lost(column),
    )


@np.errstate(over="ignore")
def outside(grid: Grid, values: NDArray[np.float64], count: NDArray[np.int64] | None = None) -> tuple[int, int]:
    """Return the sum and the sum of squares of finite values' distance from the grid's low end, in its units."""
    far = np.floor(np.clip((values - grid.low) / grid.unit, -1e300, 1e300))
    whole = [int(x) for x in far.tolist()]
    weight = [1] * len(whole) if count is None else count.tolist()
    return sum(w * x for w, x in zip(weight, whole, strict=True)), sum(
        w * x * x for w, x in zip(weight, whole, strict=True)
    )


def merge(a: ColumnCells, b: ColumnCells) -> ColumnCells:
    """Return the cells of two parts of one column together; the result is the same in whatever order parts are merged.

    Distinct values are united, counts on a grid added; a part without a grid is put on the other's.

    Raises:
        InputError: one part holds numbers and the other words, or they lie on different grids.
    """
    kind, lost = _kind(a, b), _lost(a) + _lost(b)
    if "empty" in (a.kind, b.kind):
        filled = b if a.kind == "empty" else a
        return _with(filled, lost)
    if kind == "words":
        return _merged_words(a, b, lost)
    if a.grid is None and b.grid is None:
        value, count, events = (np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("value", "count", "events"))
        return exact(a.name, kind, value, count, events, lost)
    grid = a.grid or b.grid
    if grid is None or (b.grid or grid) != grid:
        raise InputError(f"the column {a.name!r} was counted on different grids", hint="scan both with the same grid")
    a, b = on_grid(a, grid), on_grid(b, grid)
    if a.sums is None or b.sums is None:  # only infinite values in one of them
        return _with(b if a.sums is None else a, lost)
    place, at = np.unique(np.concatenate([a.sums.place, b.sums.place]), return_inverse=True)
    part, count, events = (
        _added(at, np.concatenate(sides), len(place))
        for sides in ((a.sums.part, b.sums.part), (a.count, b.count), (a.events, b.events))
    )
    sums = Gridded(
        place=place,
        part=part,
        below=(a.sums.below[0] + b.sums.below[0], a.sums.below[1] + b.sums.below[1]),
        above=(a.sums.above[0] + b.sums.above[0], a.sums.above[1] + b.sums.above[1]),
    )
    return gridded(a.name, kind, grid, sums, count, events, min(a.low, b.low), max(a.high, b.high), lost)


def align(then: ColumnCells, now: ColumnCells) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return the values of cells that two columns have in common, ascending, and the counts of both; shape (k,) each.

    Both exact: the union of their distinct values. Otherwise the cells of a grid (that of ``then``, if both have
    one), each with the mean value of both sides' rows in it. Values are float64, or text in an object array.

    Raises:
        InputError: one column holds numbers and the other words or dates.
    """
    kind = _kind(then, now)
    if kind not in _NUMBERS:
        if OTHER in then.value or OTHER in now.value:
            value = np.array([OTHER], dtype=object)
            return value, then.count.sum(keepdims=True), now.count.sum(keepdims=True)
        value = np.array(sorted({*then.value, *now.value}), dtype=object)
        index = {v: i for i, v in enumerate(value)}
        counts = [_added([index[v] for v in side.value], side.count, len(value)) for side in (then, now)]
        return value, counts[0], counts[1]
    grid = then.grid or now.grid
    if grid is None:
        value = np.unique(np.concatenate([then.value, now.value]).astype(np.float64))
        counts = [_added(np.searchsorted(value, s.value.astype(np.float64)), s.count, len(value)) for s in (then, now)]
        return value, counts[0], counts[1]
    sides = [on_grid(side, grid) for side in (then, now)]
    places = [side.sums.place if side.sums else np.empty(0, dtype=np.int64) for side in sides]
    before, after = np.zeros((2, grid.cells + 2), dtype=np.int64)
    total = np.zeros(grid.cells + 2)
    for count, place, side in zip((before, after), places, sides, strict=True):
        count[place] = side.count
        total[place] += side.value.astype(np.float64) * side.count
    held = before + after > 0
    return total[held] / (before + after)[held], before[held], after[held]


def _merged_words(a: ColumnCells, b: ColumnCells, lost: Lost) -> ColumnCells:
    at = {v: i for i, v in enumerate(a.value)}
    for v in b.value:
        at.setdefault(v, len(at))
    where = [at[v] for v in (*a.value, *b.value)]
    count, events = (
        _added(where, np.concatenate(sides), len(at)) for sides in ((a.count, b.count), (a.events, b.events))
    )
    return words(a.name, list(at), count, events, lost)


def _kind(a: ColumnCells, b: ColumnCells) -> str:
    kinds = {a.kind, b.kind} - {"empty"} or {"empty"}
    if len(kinds) > 1:
        raise InputError(
            f"the column {a.name!r} holds {a.kind} in one place and {b.kind} in another",
            hint="prepare both by the same code",
        )
    return kinds.pop()


def _lost(column: ColumnCells) -> Lost:
    return Lost(missing=column.missing, missing_events=column.missing_events, infinite=column.infinite)


def _with(column: ColumnCells, lost: Lost) -> ColumnCells:
    from dataclasses import replace

    return replace(column, **vars(lost))


def _added(at: Any, weight: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the sums of whole numbers at equal places, which must not pass through floats."""
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, at, weight)
    return total
