"""docs/statistics.md holds the tables that scripts/simulate_intervals.py makes, and they can be made again."""

from __future__ import annotations

import importlib.util
import sys
from math import log, sqrt
from pathlib import Path
from types import ModuleType

import pytest
from scipy.integrate import quad
from scipy.stats import norm

from govern.checks.performance.sensitivity import sensitivity


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    path = repository / "scripts" / "simulate_intervals.py"
    spec = importlib.util.spec_from_file_location("simulate_intervals", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "statistics.md").read_text()


def _tables(page: str) -> list[dict[str, dict[str, str]]]:
    """The tables between the markers: interval, size, cell."""
    text = page.split("<!-- begin: coverage -->")[1].split("<!-- end: coverage -->")[0]
    found = []
    for block in text.split("| interval |")[1:]:
        lines = [line.strip("| ").split(" | ") for line in block.splitlines() if " | " in line or "|---" in line]
        sizes, _, *rows = lines
        found.append({name: dict(zip(sizes, cells, strict=True)) for name, *cells in rows})
    return found


def test_the_page_has_every_row_and_size(script, page):
    tables = _tables(page)
    assert len(tables) == 4
    for table, intervals, sizes in zip(
        tables, [script.INTERVALS] * 2 + [script.DRIFT] * 2, [script.EVENTS] * 2 + [script.ROWS] * 2, strict=True
    ):
        assert list(table) == [interval.name for interval in intervals]
        assert {tuple(row) for row in table.values()} == {tuple(map(str, sizes))}


def test_coverage_and_misses_of_the_page_add_up(page):
    for covered, missed in zip(_tables(page)[::2], _tables(page)[1::2], strict=True):
        for name, row in covered.items():
            for size, cell in row.items():
                above, below = map(float, missed[name][size].split(" / "))
                assert float(cell.split(" ± ")[0]) + above + below == pytest.approx(100, abs=0.16)


@pytest.mark.parametrize(
    ("name", "size"),
    [("sensitivity, Wilson", 5), ("AUROC, DeLong, logit", 3), ("F1", 20), ("RMSE, log-normal errors", 10)],
)
def test_a_cell_made_again_with_other_draws_agrees(script, page, name, size):
    interval = next(interval for interval in script.INTERVALS if interval.name == name)
    again = script.simulate(interval, size, 400, seed=1)
    share, error = (float(number) / 100 for number in _tables(page)[0][name][str(size)].split(" ± "))
    assert again.share == pytest.approx(share, abs=4 * sqrt(again.error**2 + error**2))
    assert again.known > 300


def test_equal_seeds_give_equal_cells(script):
    interval = script.DRIFT[0]
    assert script.simulate(interval, 50, 20) == script.simulate(interval, 50, 20)
    assert script.simulate(interval, 50, 20).simulations == 20


def test_truths_are_those_of_integrals(script):
    truth = {interval.name: interval.truth() for interval in script.INTERVALS}
    apart = sqrt(2) * norm.ppf(0.76)

    def risk(x: float) -> float:
        return norm.pdf(x - apart) / (norm.pdf(x - apart) + 10 * norm.pdf(x))

    def everybody(x: float) -> float:
        return (norm.pdf(x - apart) + 10 * norm.pdf(x)) / 11

    assert truth["AUROC, DeLong, logit"] == pytest.approx(0.76, abs=1e-5)
    assert truth["sensitivity, Wilson"] == pytest.approx(0.9, abs=2e-4)
    assert truth["Brier"] == pytest.approx(quad(lambda x: risk(x) * (1 - risk(x)) * everybody(x), -8, 9)[0], abs=1e-6)
    at = (log(0.1 / 0.9) + log(10) + apart**2 / 2) / apart  # where the risk is 0.1
    found = norm.sf(at - apart) / 11
    flagged = found + norm.sf(at) * 10 / 11
    assert truth["PPV in the study"] == pytest.approx(found / flagged, abs=2e-4)
    assert truth["net benefit at 0.1"] == pytest.approx(found - (flagged - found) / 9, abs=2e-5)
    assert (truth["slope"], truth["slope, true one 0.67"]) == pytest.approx((1, 1 / 1.5), abs=1e-3)
    assert (truth["in-the-large"], truth["joint intercept"]) == pytest.approx((0, 0), abs=1e-3)
    assert (truth["O/E"], truth["ECE, calibrated"], truth["ICI, calibrated"]) == pytest.approx((1, 0, 0), abs=1e-4)


def test_what_is_drawn_is_what_it_says(script):
    import numpy as np

    rng = np.random.default_rng(0)
    assert script.cases(rng, 7).events == 7
    assert script.cases(rng, 7).n == 77
    assert script.cohort(rng, 5000).events == pytest.approx(5000, rel=0.05)
    cohort = script.repeated(rng, 2000)
    assert len(np.unique(cohort.patient)) == 22_000
    assert sensitivity(cohort, threshold=script.NINE_IN_TEN).estimate == pytest.approx(0.9, abs=0.02)
    assert script.times(rng, 5000).events == pytest.approx(5000, rel=0.05)


def test_the_error_is_never_nothing(script):
    all_cover = script.Coverage(simulations=100, known=100, above=0, below=0)
    assert all_cover.share == 1
    assert 0 < all_cover.error < 0.03
    assert script.covers(script.Coverage(simulations=5, known=0, above=0, below=0)) == "none"


def test_only_what_lies_between_the_markers_is_replaced(script):
    page = "a <!-- begin: x -->\nold\n<!-- end: x --> b <!-- begin: y -->\nkept\n<!-- end: y -->"
    placed = script.placed(page, "x", "new")
    assert placed == page.replace("old", "new")
    assert script.placed(placed, "x", "new") == placed
    with pytest.raises(ValueError, match="unpack"):
        script.placed(page, "z", "new")
