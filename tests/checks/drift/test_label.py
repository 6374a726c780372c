from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from govern.checks.drift.label import label
from govern.errors import InputError
from govern.scan.local import dataset
from govern.stats.proportion import newcombe


def data(values, **columns):
    return dataset(pd.DataFrame({"y": values, **columns}), label="y", patient_id="pid" if columns else "")


def binary(events, n):
    return data([1] * events + [0] * (n - events))


def test_the_change_of_prevalence_with_newcombes_interval():
    found = label(binary(90, 500), binary(100, 1000))
    assert found.estimate == pytest.approx(0.08, abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx(newcombe(90, 500, 100, 1000), abs=1e-12)
    entry = found.details["features"][0]
    assert (entry["reference"], entry["test"]) == (0.1, 0.18)
    assert found.sufficient
    less = label(binary(50, 1000), binary(150, 1000))
    assert less.details["features"][0]["difference"] == pytest.approx(-0.1)
    assert less.lower > 0.05


@pytest.mark.parametrize("words", [("yes", "no"), (True, False), ("died", "alive")])
def test_the_event_by_any_name(words):
    def made(events, n):
        values = [words[0]] * events + [words[1]] * (n - events)
        return dataset(pd.DataFrame({"y": values}), label="y", positive=words[0])

    assert label(made(90, 500), made(100, 1000)).estimate == pytest.approx(0.08, abs=1e-12)


def test_the_worst_of_several_classes():
    found = label(data(list("abc") * 300 + ["c"] * 100), data(list("abc") * 300))
    assert found.details["worst"] == "c"
    assert found.estimate == pytest.approx(0.4 - 1 / 3, abs=1e-12)
    assert found.lower == pytest.approx(newcombe(400, 1000, 300, 900, level=1 - 0.05 / 3)[0], abs=1e-12)


def test_a_class_that_is_new():
    assert label(data(["a", "b"] * 400 + ["new"] * 200), data(["a", "b"] * 500)).details["worst"] == "new"


def test_rows_without_a_label_are_counted():
    found = label(data([1.0] * 50 + [0.0] * 150 + [np.nan] * 40), binary(50, 200))
    assert found.estimate == 0
    assert found.n == 200
    assert found.details["unlabelled"] == {"reference": 0, "test": 40}
    assert "40 test rows have no label" in found.message


def test_a_small_window_is_inconclusive():
    assert not label(binary(3, 12), binary(100, 1000)).sufficient


def test_repeated_patients_widen_the_interval():
    alone, clustered = data([1, 0] * 300), data([1, 0] * 300, pid=np.arange(600) // 6)
    reference = binary(100, 300)
    assert label(clustered, reference).support == 100
    assert label(clustered, reference).upper > label(alone, reference).upper


def test_numbers_have_no_share_and_what_is_not_declared_is_no_pass():
    numbers = data(np.linspace(0, 1, 500))
    assert label(numbers, numbers).estimate is None
    none = replace(binary(5, 20), label=None)
    assert not label(none, none).sufficient


def test_bad_input():
    with pytest.raises(InputError, match="the reference dataset: no column 'y'"):
        label(binary(5, 20), dataset(pd.DataFrame({"z": [1, 0]})))
    with pytest.raises(InputError, match="words in the reference dataset, numbers in the test"):
        label(binary(5, 20), data(["a", "b"]))
    with pytest.raises(InputError, match="never has a value"):
        label(binary(5, 20), data([np.nan, np.nan]))
