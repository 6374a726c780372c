from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest

from govern.checks.drift.psi import psi
from govern.errors import InputError
from govern.scan.local import dataset


def one(test, reference, **params):
    both = (dataset(pd.DataFrame({"x": values}), features=("x",)) for values in (test, reference))
    return psi(*both, **params)


def test_by_hand_for_categories():
    found = one(["a"] * 600 + ["b"] * 400, ["a"] * 500 + ["b"] * 500)
    raw = 0.1 * log(1.2) - 0.1 * log(0.8)
    assert found.details["features"][0]["raw"] == pytest.approx(raw, abs=1e-12)
    assert found.estimate == pytest.approx(raw - 2 / 1000, abs=1e-12)
    assert found.lower < found.estimate < found.upper


def test_by_hand_for_numbers():
    # Cells (0, 25], (25, 50], (50, 75], (75, 100] hold 25 % each; the test set has 10, 20, 30 and 40 %.
    reference = np.arange(1, 101).repeat(20)
    test = np.concatenate([np.full(share * 10, value) for share, value in ((10, 5), (20, 30), (30, 60), (40, 80))])
    raw = sum((q - 0.25) * log(q / 0.25) for q in (0.1, 0.2, 0.3, 0.4))
    # The edges are values of the reference: 25, 50, 75.
    assert one(test, reference, bins=4).details["features"][0]["raw"] == pytest.approx(raw, abs=1e-9)


def test_no_shift_is_no_shift(population):
    found = psi(population(3000, 1), population(3000, 2))
    assert found.sufficient
    assert found.estimate < 0.01
    assert found.lower == 0
    assert found.upper < 0.05


def test_a_shifted_feature_is_found(population):
    found = psi(population(3000, 1, shift=0.6), population(3000, 2))
    assert found.details["worst"] == "lab"
    assert found.lower > 0.15
    values = [entry["value"] for entry in found.details["features"]]
    assert values == sorted(values, reverse=True)
    assert values[1] < 0.01


def test_a_small_window_is_inconclusive_and_not_shifted(population):
    found = psi(population(80, 1), population(3000, 2))
    assert not found.sufficient
    assert found.support == 80
    assert "identical populations" in found.message


def test_missing_values_are_a_cell():
    reference = np.random.default_rng(0).normal(size=2000)
    test = reference.copy()
    test[:1000] = np.nan
    assert one(test, reference).lower > 0.5


def test_values_outside_the_reference_are_seen():
    reference = np.linspace(0, 1, 1000)
    test = np.where(reference > 0.95, reference + 100, reference)
    assert one(test, reference).lower > 0.02
    assert one(["a"] * 900 + ["new"] * 100, ["a"] * 1000).lower > 0.1


@pytest.mark.parametrize("value", [3.0, "a", np.nan])
def test_a_constant_or_empty_column_has_not_shifted(value):
    found = one([value] * 500, [value] * 600)
    assert (found.estimate, found.lower, found.upper) == (0, 0, 0)


def test_an_emptied_column_has_shifted():
    words, numbers = ["a", "b"] * 300, [1.0, 2.0] * 300
    for full in (words, numbers):
        assert one([None] * 600, full).lower > 1
        assert one(full, [None] * 600).lower > 1


def test_dates_are_numbers():
    before = pd.date_range("2020-01-01", periods=1000, freq="h").to_series(index=range(1000))
    assert one(before, before).estimate == 0
    assert one(before + pd.Timedelta(days=10), before).lower > 0.3


def test_many_words_are_pooled():
    rng = np.random.default_rng(0)
    codes = [f"c{i}" for i in rng.integers(0, 300, 4000)]
    entry = one(codes[:2000], codes[2000:]).details["features"][0]
    assert entry["cells"] <= 12


def test_repeated_patients_widen_the_interval(population, changed):
    test, reference = population(3000, 1, shift=0.3), population(3000, 2)
    fewer = changed(test, pid=np.arange(3000) // 6)
    alone, clustered = psi(test, reference), psi(fewer, reference)
    assert clustered.support == 500
    assert clustered.upper > alone.upper
    assert clustered.lower < alone.lower


def test_bad_input(population, changed):
    test, reference = population(100, 1), population(100, 2)
    with pytest.raises(InputError, match="no column 'lab'") as raised:
        psi(test, replace(reference, columns={"labs": reference.columns["lab"]}))
    assert "labs" in raised.value.hint
    words = changed(reference, lab="high")
    with pytest.raises(InputError, match="words in the reference dataset, numbers in the test"):
        psi(test, words)
    none = psi(replace(test, features=()), replace(reference, features=()))
    assert none.estimate is None
    assert not none.sufficient


def test_the_method_names_the_cells_that_there_are():
    reference = np.append(np.random.default_rng(0).normal(size=2000), np.nan)
    found = one(np.append(reference, [-9.0, 9.0]), reference)
    assert found.details["features"][0]["cells"] == 13
    assert found.method.startswith("PSI on up to 13 cells")


def test_the_same_patient_is_one_patient_however_it_is_written(population, changed):
    test, reference = population(1000, 1), population(1000, 2)
    names = [f"{'0' * (i % 2)}{i // 2}" for i in range(1000)]  # "1" and "01"
    assert psi(changed(test, pid=names), reference).support == 500


@pytest.mark.parametrize("endless", [np.inf, -np.inf, 1e200])
def test_an_infinite_value_is_refused(population, endless, changed):
    test, reference = population(100, 1), population(100, 2)
    lab = reference.sample["lab"].copy()
    lab[[3, 5]] = endless
    with pytest.raises(InputError, match="the reference dataset: the column 'lab' holds 2 infinite values"):
        psi(test, changed(reference, lab=lab))


def test_support2(support2, changed):
    test, reference = support2
    found = psi(test, reference)
    assert found.sufficient
    assert found.lower < 0.01
    assert found.upper < 0.05
    older = changed(test, age=test.sample["age"] + 8)
    assert psi(older, reference).details["worst"] == "age"
    assert psi(older, reference).lower > 0.1


@pytest.mark.parametrize("categories", [30, 3000])
def test_many_rare_words_of_one_population_have_not_shifted(categories):
    """Words that are new to the reference are as frequent as those that one row of it has alone."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, categories + 1)
    lower = []
    for _ in range(30):
        draws = [rng.choice(categories, n, p=share / share.sum()) for n in (1500, 3000)]
        lower.append(one(*([f"c{i}" for i in drawn] for drawn in draws)).lower)
    assert np.mean(np.array(lower) > 0) <= 0.1
    assert one([f"n{i % 900}" for i in range(1500)], [f"c{i % 900}" for i in range(3000)]).lower > 1
