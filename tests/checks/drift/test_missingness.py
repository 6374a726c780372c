from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from govern.checks.drift.missingness import missingness
from govern.scan.local import dataset
from govern.stats.proportion import newcombe


def data(n, **missing):
    frame = {name: np.where(np.arange(n) < k, np.nan, 1.0) for name, k in missing.items()}
    return dataset(pd.DataFrame(frame), features=tuple(frame))


def test_the_largest_change_with_newcombes_interval():
    found = missingness(data(500, a=100, b=200), data(800, a=80, b=320))
    entries = {e["feature"]: e for e in found.details["features"]}
    assert found.estimate == pytest.approx(0.1, abs=1e-12)
    assert (entries["a"]["test"], entries["a"]["reference"]) == (0.2, 0.1)
    assert entries["b"]["difference"] == pytest.approx(0)
    assert (entries["a"]["lower"], entries["a"]["upper"]) == pytest.approx(newcombe(100, 500, 80, 800), abs=1e-12)
    assert found.lower == pytest.approx(newcombe(100, 500, 80, 800, level=0.975)[0], abs=1e-12)
    assert found.sufficient


def test_fewer_missing_values_are_a_change_too():
    found = missingness(data(500, a=50), data(500, a=200))
    assert found.estimate == pytest.approx(0.3)
    assert found.details["features"][0]["difference"] == pytest.approx(-0.3)
    assert found.lower > 0.2


def test_a_small_window_is_inconclusive():
    assert not missingness(data(10, a=2), data(500, a=100)).sufficient
    assert missingness(data(1000, a=0), data(1000, a=0)).sufficient


def test_an_emptied_column():
    assert missingness(data(300, a=300), data(300, a=0)).lower > 0.9


def test_repeated_patients_widen_the_interval(changed):
    test, reference = data(600, a=120), data(600, a=60)
    clustered = missingness(changed(test, pid=np.arange(600) // 6), reference)
    assert clustered.support == 100
    assert clustered.upper > missingness(test, reference).upper


def grouped(n, without, groups=("sex",)):
    sex = np.where(np.arange(n) < without, None, np.array(["f", "m"])[np.arange(n) % 2])
    return dataset(pd.DataFrame({"a": np.ones(n), "sex": sex}), features=("a",), groups=groups)


def test_groups_that_are_missing_are_a_change():
    found = missingness(grouped(500, 100), grouped(800, 16))
    assert (found.details["worst"], found.estimate) == ("sex", pytest.approx(0.18))
    assert found.lower == pytest.approx(newcombe(100, 500, 16, 800, level=0.975)[0], abs=1e-12)
    assert missingness(grouped(500, 100, ()), grouped(800, 16, ())).estimate == 0
    # A group that the reference lacks is not compared, and named.
    lacking = dataset(pd.DataFrame({"a": np.ones(800)}), features=("a",))
    found = missingness(grouped(500, 100), lacking)
    assert (found.estimate, found.details["not_compared"]) == (0, ["sex"])
    assert "sex not compared" in found.message


def test_a_group_that_is_an_input_counts_once():
    frame = pd.DataFrame({"a": np.where(np.arange(300) < 30, np.nan, 1.0)})
    side = dataset(frame, features=("a",), groups=("a",))
    assert [e["feature"] for e in missingness(side, side).details["features"]] == ["a"]


def test_bad_input():
    assert not missingness(replace(data(5, a=1), features=()), replace(data(5, a=1), features=())).sufficient
