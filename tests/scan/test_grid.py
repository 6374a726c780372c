from __future__ import annotations

import numpy as np
import pytest

from govern.scan.grid import FINE, PARTS, Grid, Ruler, choose

RNG = np.random.default_rng(11)
SHAPES = {
    "normal": RNG.standard_normal(50_000),
    "lognormal": np.exp(2 * RNG.standard_normal(50_000)),
    "cauchy": RNG.standard_cauchy(50_000),
    "zeros and a tail": np.where(RNG.random(50_000) < 0.6, 0.0, RNG.pareto(1.1, 50_000)),
    "uniform far away": 1e9 + RNG.random(50_000),
    "tiny": 1e-30 * RNG.random(50_000),
    "ages": RNG.integers(18, 95, 50_000).astype(float),
    "counts": RNG.integers(0, 10**6, 50_000).astype(float),
    "outlier": np.append(RNG.standard_normal(49_999), 1e12),
}


@pytest.mark.parametrize("grid", [Grid(low=-3.0, high=5.0, cells=100), Grid(low=-3.0, high=5.0, logarithm=True)])
def test_what_is_placed_is_found_again(grid: Grid) -> None:
    values = np.sort(np.append(RNG.uniform(-3, 5, 10_000), [-3.0, np.nextafter(5.0, 0)]))
    place, part = (x.copy() for x in Ruler(len(values)).place(grid, values))
    assert (place >= 1).all()
    assert (np.diff(place) >= 0).all()
    again = grid.values(place, part / PARTS)
    # A float32 stands between on a logarithmic grid.
    assert again == pytest.approx(values, abs=8 / grid.cells / 4096 if not grid.logarithm else 2e-5)


def test_outside_and_missing() -> None:
    for logarithm in (False, True):
        grid = Grid(low=0.0, high=1.0, cells=256, logarithm=logarithm)
        values = np.array([-1e-3, -1e300, -np.inf, np.nan, 0.0, 1.0, 1e300, np.inf])
        place, _ = Ruler(8).place(grid, values)
        assert place.tolist() == [0, 0, 0, 0, 1, 257, 257, 257]


def test_floors_and_never_rounds() -> None:
    place, part = Ruler(3).place(Grid(low=0.0, high=4.0, cells=4), np.array([0.999, 1.0, 1.5]))
    assert place.tolist() == [1, 2, 2]
    assert part.tolist() == [np.floor(0.999 * PARTS), 0, PARTS / 2]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_cell_is_crowded(shape: str) -> None:
    values = SHAPES[shape]
    grid = choose(values)
    distinct, count = np.unique(values, return_counts=True)
    place, _ = Ruler(len(distinct)).place(grid, distinct)
    together = np.bincount(place, weights=count, minlength=grid.cells + 2)
    largest = np.zeros(grid.cells + 2)
    np.maximum.at(largest, place, count)
    assert (together - largest).max() / len(values) < 0.012
    assert together[[0, -1]].sum() / len(values) < 0.021
    assert np.isfinite([grid.low, grid.high]).all()


def test_few_whole_numbers_have_a_cell_each_in_its_middle() -> None:
    grid = choose(SHAPES["ages"])
    values = np.arange(18.0, 95.0)
    place, part = Ruler(len(values)).place(grid, values)
    assert (np.diff(place) == 1).all()
    assert (part == PARTS / 2).all()
    assert np.array_equal(grid.values(place, part / PARTS), values)
    assert grid.cells == FINE


@pytest.mark.parametrize("values", [[], [np.nan], [0.3], [0.3, np.nan, 0.3], [np.inf, 1e200], [-1e149, 1e149], [1e140]])
def test_odd_samples_have_a_grid(values: list[float]) -> None:
    grid = choose(np.array(values, dtype=float))
    assert grid.low < grid.high
    assert np.isfinite(grid.low)
