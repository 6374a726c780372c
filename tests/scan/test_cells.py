"""Merging in any split and order gives identical cells; exact and gridded cells agree where they must."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from govern.errors import InputError
from govern.scan import cells, part
from govern.scan.cells import OTHER, ColumnCells, Grid, align, merge, on_grid
from govern.scan.local import dataset
from govern.scan.request import Columns

GRIDS = {
    "linear": Grid(low=-2.0, high=2.0, cells=64),
    "log": Grid(low=0.0, high=50.0, logarithm=True),
    "wide": Grid(low=-1e6, high=1e6),
}
NUMBERS = ("exact", "linear", "log", "wide", "whole", "day")


def table(rng: np.random.Generator, n: int) -> pa.Table:
    """Columns of every kind, with missing, infinite and extreme values."""
    x = rng.standard_normal(n) * 2
    x[rng.random(n) < 0.1] = np.nan
    x[rng.random(n) < 0.05] = np.inf
    x[rng.random(n) < 0.02] = -0.0
    words = np.array(["a", "b", "ß", "", "long word"], dtype=object)[rng.integers(0, 5, n)]
    words[rng.random(n) < 0.2] = None
    return pa.table(
        {
            "y": rng.integers(0, 2, n),
            "exact": np.round(x, 1),
            "linear": x,
            "log": np.abs(x),
            "wide": np.where(rng.random(n) < 0.05, 1e40 * x, x),
            "whole": rng.integers(-5, 5, n),
            "day": pa.array(rng.integers(0, 20_000, n).astype("datetime64[D]")),
            "words": pa.array(words),
            "nothing": pa.nulls(n),
        }
    )


def assert_same(a: Any, b: Any) -> None:
    """Bit for bit, NaN being NaN."""
    assert type(a) is type(b)
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            assert np.array_equal(x, y), field.name
        elif isinstance(x, float):
            assert x == y or (np.isnan(x) and np.isnan(y)), field.name
        elif field.name == "sums" and x is not None:
            assert_same(x, y)
        else:
            assert x == y, field.name


def counted(rows: pa.Table) -> dict[str, ColumnCells]:
    found = part.count(rows.schema, rows.to_batches(), Columns(label="y", grids=GRIDS))
    return dict(found.columns)


@pytest.mark.parametrize("seed", range(25))
def test_any_split_in_any_order_gives_the_same_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = table(rng, int(rng.integers(1, 400)))
    whole = counted(rows)
    cuts = np.sort(rng.integers(0, len(rows) + 1, int(rng.integers(1, 6))))
    parts = [counted(rows.slice(a, b - a)) for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True) if b > a]
    while len(parts) > 1:
        a, b = (parts.pop(i) for i in sorted(rng.choice(len(parts), 2, replace=False), reverse=True))
        parts.append({name: merge(a[name], b[name]) for name in whole})
    for name, column in whole.items():
        assert_same(parts[0][name], column)


def test_merging_is_commutative_and_associative() -> None:
    rng = np.random.default_rng(0)
    a, b, c = (counted(table(rng, 50)) for _ in range(3))
    for name in a:
        assert_same(merge(a[name], b[name]), merge(b[name], a[name]))
        assert_same(merge(merge(a[name], b[name]), c[name]), merge(a[name], merge(b[name], c[name])))


@pytest.mark.parametrize("seed", range(5))
def test_a_part_without_a_grid_is_put_on_the_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = table(rng, 300)
    grids = {"exact": Grid(low=-3.0, high=3.0, cells=128)}
    with_grid = part.count(rows.schema, rows.to_batches(), Columns(label="y", grids=grids)).columns["exact"]
    some = rows.slice(0, 100), rows.slice(100)
    first = part.count(rows.schema, some[0].to_batches(), Columns(label="y")).columns["exact"]
    rest = part.count(rows.schema, some[1].to_batches(), Columns(label="y", grids=grids)).columns["exact"]
    assert_same(merge(first, rest), with_grid)
    assert_same(merge(rest, first), with_grid)


@pytest.mark.parametrize("name", NUMBERS)
def test_exact_cells_are_what_pandas_and_numpy_count(name: str) -> None:
    rows = table(np.random.default_rng(3), 5000)
    column = dataset(rows, label="y").columns[name]
    frame = rows.to_pandas()
    given = frame[name]
    values = given.to_numpy().astype("datetime64[D]") if name == "day" else given.to_numpy()
    values = values.astype(float)
    finite = values[np.isfinite(values)]
    value, count = np.unique(finite, return_counts=True)
    assert np.array_equal(column.value, value)
    assert np.array_equal(column.count, count)
    of_events = pd.Series(finite)[(frame.y == 1).to_numpy()[np.isfinite(values)]].value_counts()
    assert dict(zip(column.value[column.events > 0], column.events[column.events > 0], strict=True)) == dict(of_events)
    assert column.missing == int(np.isnan(values).sum())
    assert column.missing_events == int((np.isnan(values) & (frame.y == 1)).sum())
    assert column.infinite == int(np.isinf(values).sum())
    assert column.rows == 5000
    assert column.mean == pytest.approx(finite.mean(), rel=1e-12)
    assert column.sd == pytest.approx(finite.std(), rel=1e-12)
    assert (column.low, column.high) == (finite.min(), finite.max())


@pytest.mark.parametrize("name", ["linear", "log", "wide"])
def test_gridded_cells_are_the_exact_ones_put_together(name: str) -> None:
    rows = table(np.random.default_rng(4), 20_000)
    exact = dataset(rows, label="y").columns[name]
    column = dataset(rows, label="y", grids=GRIDS).columns[name]
    grid = GRIDS[name]
    assert column.grid == grid
    assert column.rows == exact.rows
    assert column.events.sum() == exact.events.sum()
    assert (column.missing, column.missing_events, column.infinite) == (
        exact.missing,
        exact.missing_events,
        exact.infinite,
    )
    assert (column.low, column.high) == (exact.low, exact.high)
    inside = (exact.value >= grid.low) & (exact.value < grid.high)
    assert column.count[(column.sums.place > 0) & (column.sums.place <= grid.cells)].sum() == exact.count[inside].sum()
    # NumPy's own histogram, where its cells are of the same widths.
    if not grid.logarithm:
        edges = np.linspace(grid.low, grid.high, grid.cells + 1)
        expected = np.histogram(exact.value[inside], edges, weights=exact.count[inside])[0]
        found = np.zeros(grid.cells + 2)
        found[column.sums.place] = column.count
        assert np.abs(found[1:-1] - expected).sum() <= 2  # rounding at an edge
    width = (grid.high - grid.low) / grid.cells
    assert column.mean == pytest.approx(exact.mean, abs=width / 2000, rel=1e-6)
    assert column.sd == pytest.approx(exact.sd, rel=1e-3)
    assert (np.diff(column.value) > 0).all()


def test_values_on_a_grid_are_means_of_their_cells() -> None:
    values = np.array([0.1, 0.15, 0.9, -5.0, -7.0, 30.0])
    column = dataset(pa.table({"x": values}), grids={"x": Grid(low=0.0, high=1.0, cells=2)}).columns["x"]
    assert column.value == pytest.approx([-6.0, 0.125, 0.9, 30.0], abs=2e-4)
    assert column.count.tolist() == [2, 2, 1, 1]
    assert column.mean == pytest.approx(values.mean(), abs=1e-4)
    assert column.sd == pytest.approx(values.std(), rel=1e-3)  # what lies outside is not flattened


def test_one_value_is_that_value() -> None:
    column = dataset(pa.table({"x": [0.3] * 9}), grids={"x": Grid(low=-1.0, high=1.0, cells=4)}).columns["x"]
    assert column.value.tolist() == [0.3]
    assert (column.mean, column.sd) == (0.3, 0.0)


class TestAlign:
    def test_exact(self) -> None:
        a, b = (dataset(pa.table({"x": x})).columns["x"] for x in ([1.0, 2.0, 2.0], [2.0, 3.0]))
        value, then, now = align(a, b)
        assert value.tolist() == [1, 2, 3]
        assert then.tolist() == [1, 2, 0]
        assert now.tolist() == [0, 1, 1]

    def test_words(self) -> None:
        a, b = (dataset(pa.table({"x": x})).columns["x"] for x in (["b", "b", None], ["a", "b"]))
        value, then, now = align(a, b)
        assert value.tolist() == ["a", "b"]
        assert then.tolist() == [0, 2]
        assert now.tolist() == [1, 1]

    def test_a_column_that_is_empty_on_one_side(self) -> None:
        a, b = (dataset(pa.table({"x": x})).columns["x"] for x in (pa.nulls(3), pa.array([1.0, 2.0])))
        value, then, now = align(a, b)
        assert a.kind == "empty"
        assert (value.tolist(), then.tolist(), now.tolist()) == ([1, 2], [0, 0], [1, 1])
        assert align(b, a)[1].tolist() == [1, 1]
        assert len(align(a, a)[0]) == 0

    def test_on_grids(self) -> None:
        rng = np.random.default_rng(5)
        grid = Grid(low=-3.0, high=3.0, cells=64)
        x, y = rng.standard_normal(3000), rng.standard_normal(2000) + 0.3
        exact = [dataset(pa.table({"x": v})).columns["x"] for v in (x, y)]
        on = [dataset(pa.table({"x": v}), grids={"x": grid}).columns["x"] for v in (x, y)]
        expected = align(*on)
        assert (np.diff(expected[0]) > 0).all()
        assert expected[1].sum() == 3000
        assert expected[2].sum() == 2000
        for pair in ((exact[0], on[1]), (on[0], exact[1])):
            for found, wanted in zip(align(*pair), expected, strict=True):
                assert np.array_equal(found, wanted)

    def test_another_grid_is_put_on_the_references(self) -> None:
        x = np.random.default_rng(6).standard_normal(5000)
        coarse = dataset(pa.table({"x": x}), grids={"x": Grid(low=-3.0, high=3.0, cells=16)}).columns["x"]
        fine = dataset(pa.table({"x": x}), grids={"x": Grid(low=-4.0, high=4.1)}).columns["x"]
        _, then, now = align(coarse, fine)
        assert np.abs(then - now).sum() <= 40

    @pytest.mark.parametrize("other", [["a"], pa.array([0], pa.date32())])
    def test_numbers_are_not_words(self, other: Any) -> None:
        a, b = dataset(pa.table({"x": [1.0]})).columns["x"], dataset(pa.table({"x": other})).columns["x"]
        for how in (align, merge):
            with pytest.raises(InputError, match="numbers in one place"):
                how(a, b)


def test_different_grids_are_not_merged() -> None:
    a, b = (
        dataset(pa.table({"x": [1.0, 2.0]}), grids={"x": Grid(low=0.0, high=high)}).columns["x"] for high in (3.0, 4.0)
    )
    with pytest.raises(InputError, match="different grids"):
        merge(a, b)


def test_too_many_words_are_one_cell_however_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "WORDS", 5)
    rows = pa.table({"y": [0, 1] * 10, "id": [f"p{i % 8}" for i in range(20)]})
    whole = counted(rows)["id"]
    assert whole.value.tolist() == [OTHER]
    assert (whole.count.tolist(), whole.events.tolist()) == ([20], [10])
    for size in (1, 3, 7):
        parts = [counted(rows.slice(i, size))["id"] for i in range(0, 20, size)]
        merged = parts[0]
        for other in parts[1:]:
            merged = merge(merged, other)
        assert_same(merged, whole)
    few = counted(rows.slice(0, 4))["id"]
    assert align(few, whole)[0].tolist() == [OTHER]


def test_on_grid_leaves_what_is_there() -> None:
    column = dataset(pa.table({"x": [1.0, 2.0]}), grids={"x": Grid(low=0.0, high=3.0)}).columns["x"]
    assert on_grid(column, Grid(low=0.0, high=3.0)) is column
    assert replace(column, name="z").rows == 2
