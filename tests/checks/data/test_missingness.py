from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from govern.checks.data.missingness import missingness
from govern.errors import InputError
from govern.scan.local import dataset
from govern.scan.table import read
from govern.types import Role


def data(**columns):
    return dataset(pd.DataFrame(columns), features=tuple(columns))


def of_patients(test, ids):
    return dataset(test.sample.assign(pid=ids), features=test.features, patient_id="pid")


def test_the_worst_share_with_wilsons_interval():
    test = data(a=[1.0] * 100, b=[None] * 30 + [1.0] * 70, c=["x"] * 90 + [None] * 10)
    found = missingness(test, {Role.TEST: test})
    interval = binomtest(30, 100).proportion_ci(method="wilson")
    assert found.estimate == 0.3
    assert found.lower == pytest.approx(interval.low, abs=1e-12)
    assert found.upper == pytest.approx(interval.high, abs=1e-12)
    assert found.details["worst"] == "b"
    assert [e["feature"] for e in found.details["features"]] == ["b", "c", "a"]
    assert "reference" not in found.details["features"][0]


def test_the_published_worked_value(shared_data):
    """Newcombe 1998, table I: Wilson's interval for 81 of 263 and others, as R computes them."""
    published = json.loads((shared_data / "reference" / "binomial_cis.json").read_text())["single"]
    assert published
    for case in published:
        found = missingness(data(a=[None] * case["x"] + [1.0] * (case["n"] - case["x"])), {})
        assert [found.lower, found.upper] == pytest.approx(case["wilson95"], abs=1e-10)


def test_the_reference_stands_beside():
    test, reference = data(a=[None, 1.0, 1.0, 1.0]), data(a=[None, None, 1.0, 1.0])
    entry = missingness(test, {Role.REFERENCE: reference}).details["features"][0]
    assert entry == {"feature": "a", "test": 0.25, "reference": 0.5, "difference": -0.25}


def test_repeated_patients_widen_the_interval():
    test = data(a=np.where(np.arange(300) // 10 % 3 == 0, np.nan, 1.0))
    clustered = of_patients(test, np.arange(300) // 10)
    alone, wide = missingness(test, {}), missingness(clustered, {})
    assert wide.estimate == alone.estimate
    assert wide.upper - wide.lower > 2 * (alone.upper - alone.lower)


def test_the_method_says_where_the_size_is_an_effective_one():
    test = data(a=[None, 1.0, 1.0, None])
    assert missingness(test, {}).method == "Wilson"
    for ids, method in (([1, 2, 3, 4], "Wilson"), ([1, 2, 3, 3], "Wilson on the Korn-Graubard effective size")):
        whose = of_patients(test, ids)
        assert missingness(whose, {}).method == method


def test_the_same_patient_is_one_patient_however_it_is_written():
    test = data(a=np.where(np.arange(60) // 2 % 3 == 0, np.nan, 1.0))
    numbers, text = ([i // 2 for i in range(60)], [f"{'0' * (i % 2)}{i // 2}" for i in range(60)])
    found = [missingness(of_patients(test, ids), {}) for ids in (numbers, text)]
    assert found[0] == found[1] != missingness(test, {})


def test_the_ends():
    assert missingness(data(a=[1.0, 2.0]), {}).estimate == 0
    assert missingness(data(a=[1.0, 2.0]), {}).upper > 0.5
    assert missingness(data(a=[None, None]), {}).estimate == 1
    none = missingness(replace(data(a=[1.0]), features=()), {})
    assert none.estimate is None
    assert not none.sufficient


def test_a_feature_that_is_not_there():
    with pytest.raises(InputError, match="the test dataset: no column 'b'"):
        missingness(replace(data(a=[1.0]), features=("a", "b")), {})
    with pytest.raises(InputError, match="the reference dataset: no column 'a'"):
        missingness(data(a=[1.0]), {Role.REFERENCE: data(b=[1.0])})


def test_support2(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz")
    features = tuple(c for c in frame.columns if c not in {"patient_id", "died_180d", "physician_risk_180d"})
    found = missingness(dataset(frame, features=features, patient_id="patient_id"), {})
    assert found.estimate == pytest.approx(frame[list(features)].isna().mean().max())
    assert found.lower < found.estimate < found.upper
