from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from govern.checks.drift.features import features
from govern.checks.drift.wasserstein import wasserstein
from govern.scan.local import dataset, scan
from govern.scan.request import Columns


def one(test, reference):
    return wasserstein(*(dataset(pd.DataFrame({"x": values}), features=("x",)) for values in (test, reference)))


def test_the_worst_feature_is_scipys_and_evidentlys(population):
    test, reference = population(1500, 1, shift=0.3), population(2000, 2)
    found = wasserstein(test, reference)
    now, then = (data.sample["lab"].dropna() for data in (test, reference))
    assert found.estimate == pytest.approx(wasserstein_distance(then, now) / then.std(ddof=0), abs=1e-12)
    theirs = {e["feature"]: e["value"] for e in features(test, reference, 0).details["features"]}
    for entry in found.details["features"]:
        assert entry["value"] == pytest.approx(theirs[entry["feature"]], abs=1e-9)
    assert found.lower > 0.1


def test_a_changed_unit_is_as_large_as_it_is():
    rng = np.random.default_rng(0)
    celsius = rng.normal(37, 0.8, 2000)
    assert one(celsius * 1.8 + 32, celsius).lower > 70


def test_no_shift_is_no_shift(population):
    found = wasserstein(population(3000, 1), population(3000, 2))
    assert (found.lower, found.sufficient) == (0, True)
    assert not wasserstein(population(80, 1), population(3000, 2)).sufficient


def test_a_constant_reference_has_the_unit_of_both():
    same = one([4.0] * 500, [4.0] * 500)
    assert (same.estimate, same.lower, same.upper) == (0, 0, 0)
    moved = one([6.0] * 500, [5.0] * 500)
    assert moved.estimate == pytest.approx(2)  # their common standard deviation is a half
    assert moved.lower > 1


@pytest.mark.parametrize("draw", [np.random.Generator.normal, np.random.Generator.standard_exponential])
def test_a_large_dataset_on_a_grid_is_bounded(draw):
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": draw(rng, size=4000) + shift}) for shift in (0.0, 0.2)]
    exact = one(*(frame["x"] for frame in frames))
    reference = scan(frames[1], Columns(features=("x",), exact_rows=0)).data
    test = scan(frames[0], Columns(features=("x",), exact_rows=0, grids={"x": reference.columns["x"].grid})).data
    found = wasserstein(test, reference)
    error = found.details["features"][0]["error"]
    assert 0 < error < 0.03
    assert found.estimate == pytest.approx(exact.estimate, abs=error)
    assert found.lower <= exact.lower + 1e-9
    assert found.upper >= exact.upper - 1e-9


def test_bad_input(population):
    test, reference = population(100, 1), population(100, 2)
    assert not wasserstein(replace(test, features=()), replace(reference, features=())).sufficient


def test_support2(support2, changed):
    test, reference = support2
    older = wasserstein(changed(test, age=test.sample["age"] + 8), reference)
    assert older.details["worst"] == "age"
    assert older.lower > 0.3
