from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.data.patient_overlap import patient_overlap
from govern.scan.local import dataset
from govern.scan.table import read
from govern.types import Role


def data(ids, name="pid"):
    return dataset(pd.DataFrame({"pid": ids, "x": 1.0}), features=("x",), patient_id=name or "")


def overlap(test, train, **others):
    return patient_overlap(data(test), {Role.TEST: data(test), Role.TRAIN: data(train), **others})


def test_an_exact_count_of_patients_and_rows():
    found = overlap([1, 2, 2, 3], [2, 2, 3, 9])
    assert (found.estimate, found.lower, found.upper, found.n) == (2, 2, 2, 3)
    assert found.details["rows"] == 3
    assert found.details["examples"] == [1, 2, 3]
    assert found.sufficient
    assert found.support is None


def test_no_overlap():
    found = overlap([1, 2], [3, 4])
    assert found.estimate == 0
    assert found.sufficient


@pytest.mark.parametrize(
    "train",
    [
        [1, 50],
        [1.0, 50.0],
        ["1", "50"],
        ["1.0", "50.00"],
        [" 1", "50 "],
        ["0001", "0050"],
        pd.array([1, 50], dtype="Int64"),
        np.array([1, 50], dtype=np.int16),
        pd.Categorical(["1", "50"]),
        ["\u00a01", "\uff15\uff10"],
    ],
)
def test_a_patient_is_the_same_however_a_file_writes_the_number(train):
    for test in ([1, 50, 7], ["1", "50", "7"], [1.0, 50.0, 7.0]):
        assert overlap(test, train).estimate == 2
        assert overlap(train, test).estimate == 2


def test_different_patients_stay_different():
    for a, b in (
        (["P1", "P10"], ["P2", "P100"]),
        ([10], [1]),
        (["1.5"], ["15"]),
        (["0"], ["00a"]),
        ([2**53], [2**53 + 1]),
    ):
        assert overlap(a, b).estimate == 0
    assert overlap(["a7"], ["A7"]).estimate == 1


def test_the_reference_counts_as_seen_and_external_data_does_not():
    assert overlap([1, 2], [3], **{Role.REFERENCE: data([2])}).estimate == 1
    assert overlap([1, 2], [3], **{Role.EXTERNAL: data([2])}).estimate == 0
    found = overlap([1, 2, 3], [1], **{Role.REFERENCE: data([1, 2])})
    assert found.estimate == 2
    assert found.details["patients"] == {"train": 1, "reference": 2}


def test_what_cannot_be_known_is_never_a_pass():
    unnamed = patient_overlap(data([1], None), {Role.TRAIN: data([2])})
    assert unnamed.estimate is None
    assert "no patient identifier is declared for test" in unnamed.message
    nothing = patient_overlap(data([1]), {Role.TEST: data([1])})
    assert nothing.estimate is None
    without_train = patient_overlap(data([1]), {Role.REFERENCE: data([2])})
    assert "train was not compared" in without_train.message
    train_unnamed = patient_overlap(data([1]), {Role.TRAIN: data([2], None), Role.REFERENCE: data([2])})
    missing = overlap([1, None], [3])
    missing_in_train = overlap([1], [3, None])
    assert "1 rows have no patient identifier" in missing.message
    for found in (unnamed, nothing, without_train, train_unnamed, missing, missing_in_train):
        assert not found.sufficient


def test_missing_identifiers_do_not_match_each_other_and_hide_no_overlap():
    assert overlap([1, None], [3, None]).estimate is None
    found = overlap([1, None, ""], [1, None])
    assert found.estimate == 1
    assert found.sufficient


def test_support2(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz")
    test, train = (dataset(part, features=("age",), patient_id="patient_id") for part in (frame[:2000], frame[2000:]))
    assert patient_overlap(test, {Role.TRAIN: train}).estimate == 0
    leaking = dataset(frame[1990:].astype({"patient_id": str}), features=("age",), patient_id="patient_id")
    assert patient_overlap(test, {Role.TRAIN: leaking}).estimate == 10
