from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from govern.checks.drift.ks import ks
from govern.errors import InputError
from govern.scan.local import dataset, scan
from govern.scan.request import Columns


def test_the_worst_feature_is_scipys(population):
    test, reference = population(1500, 1, shift=0.3), population(2000, 2)
    found = ks(test, reference)
    sides = [data.sample["lab"].dropna() for data in (test, reference)]
    expected = ks_2samp(*sides, method="asymp")
    assert found.details["worst"] == "lab"
    assert found.estimate == pytest.approx(expected.statistic, abs=1e-12)
    entries = {entry["feature"]: entry for entry in found.details["features"]}
    assert entries["lab"]["p"] == pytest.approx(expected.pvalue, abs=1e-6)
    assert entries["lab"]["p_holm"] == pytest.approx(2 * entries["lab"]["p"], rel=1e-9)
    assert found.details["words"] == ["sex"]
    assert found.support == len(sides[0])
    assert found.lower > 0.05
    assert found.sufficient


def test_no_shift_is_no_shift(population):
    found = ks(population(3000, 1), population(3000, 2))
    assert (found.lower, found.sufficient) == (0, True)
    assert found.upper < 0.1


def test_a_small_window_is_inconclusive(population):
    found = ks(population(80, 1), population(3000, 2))
    assert not found.sufficient
    assert "identical populations" in found.message


def test_a_large_dataset_on_a_grid_is_bounded():
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": rng.gamma(2, 1, 4000) + shift, "k": rng.poisson(3, 4000)}) for shift in (0.0, 0.2)]
    exact = ks(*(dataset(frame, features=("x", "k")) for frame in frames))
    reference = scan(frames[1], Columns(features=("x", "k"), exact_rows=0)).data
    grids = {name: column.grid for name, column in reference.columns.items() if column.grid}
    test = scan(frames[0], Columns(features=("x", "k"), exact_rows=0, grids=grids)).data
    found = ks(test, reference)
    entry = found.details["features"][0]
    assert 0 < entry["error"] < 0.01
    assert exact.estimate == pytest.approx(found.estimate, abs=entry["error"] + 1e-12)
    assert found.estimate <= exact.estimate + 1e-12
    assert found.upper == pytest.approx(exact.upper, abs=2 * entry["error"])
    assert found.details["features"][1]["error"] == 0  # whole numbers have a cell each
    assert found.details["features"][1]["value"] == pytest.approx(exact.details["features"][1]["value"], abs=1e-12)


def test_tails_that_the_reference_never_has_are_seen():
    """Beyond a grid of the reference, above and below, and not clipped into its last cells."""
    rng = np.random.default_rng(1)
    then, now = rng.normal(size=3000), rng.normal(size=3000)
    now[:600], now[600:1200] = 50, -50
    reference = scan(pd.DataFrame({"x": then}), Columns(features=("x",), exact_rows=0)).data
    grids = {"x": reference.columns["x"].grid}
    test = scan(pd.DataFrame({"x": now}), Columns(features=("x",), exact_rows=0, grids=grids)).data
    assert ks(test, reference).estimate == pytest.approx(ks_2samp(then, now).statistic, abs=0.01)


def test_a_feature_that_is_empty_in_one_dataset_is_never_a_pass(population):
    test, reference = population(2000, 1), population(2000, 2)
    empty = dataset(test.sample.assign(lab=np.nan), features=test.features)
    found = ks(empty, reference)
    assert not found.sufficient
    assert "lab never have a value" in found.message
    assert found.details["emptied"] == ["lab"]


def test_a_constant_feature_has_not_shifted():
    data = dataset(pd.DataFrame({"x": [3.0] * 2000}), features=("x",))
    assert (ks(data, data).estimate, ks(data, data).lower) == (0, 0)


def test_repeated_patients_widen_the_interval(population, changed):
    test, reference = population(3000, 1, shift=0.3), population(3000, 2)
    fewer = changed(test, pid=np.arange(3000) // 6)
    alone, clustered = ks(test, reference), ks(fewer, reference)
    assert clustered.estimate == alone.estimate
    assert clustered.upper > alone.upper
    assert clustered.lower < alone.lower
    assert clustered.support == pytest.approx(alone.support / 6, abs=5)


def test_bad_input(population):
    test, reference = population(100, 1), population(100, 2)
    words = dataset(reference.sample.assign(lab="high"), features=reference.features)
    with pytest.raises(InputError, match="words in the reference dataset, numbers in the test"):
        ks(test, words)
    for features in ((), ("sex",)):
        none = ks(replace(test, features=features), replace(reference, features=features))
        assert none.estimate is None
        assert not none.sufficient
