from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.data._codes import normal, numbers, sentinels, variants
from govern.checks.data.coding_consistency import coding_consistency
from govern.scan.local import dataset, scan
from govern.scan.request import Columns
from govern.scan.table import read
from govern.types import Role


def found(frame, others=None, **declared):
    declared.setdefault("features", tuple(frame.columns))
    sides = {role: dataset(other, **declared) for role, other in (others or {}).items()}
    return coding_consistency(dataset(frame, **declared), sides)


@pytest.mark.parametrize(
    "words",
    [
        ["Male", "male ", "MALE"],
        ["M", "Male"],
        ["f", "Female"],
        ["yes", "Y"],
        ["true", "1"],
        ["Müller", "Muller"],
        ["non-white", "Non White"],
        ["stage 1", "Stage-1", "stage01"],
        ["01", "1"],
        ["1.0", "1"],
        ["pos.", "pos"],
        ["unknown", "missing"],
        ["10 - 20", "10-20"],
    ],
)
def test_one_thing_in_several_spellings(words):
    assert variants(dict.fromkeys(words, 5))
    frame = pd.DataFrame({"w": pd.array([*words, "something else"] * 10, dtype="str")})
    measured = found(frame)
    assert measured.estimate == measured.lower == measured.upper == 1
    assert measured.details["affected"] == ["w"]


@pytest.mark.parametrize(
    "words",
    [
        ["A+", "A-", "A"],
        ["<18", ">18", "18+", "18-49", "1849"],
        ["1.5", "15"],
        ["1-2", "12", "1/2"],
        ["male", "female"],
        ["m", "f"],
        ["M", "N", "Y"],
        ["black", "white", "other", "unknown"],
        ["-1", "1"],
        ["10", "100"],
        ["I", "II", "III"],
    ],
)
def test_different_things_stay_different(words):
    assert variants(dict.fromkeys(words, 5)) == []
    assert len({normal(word) for word in words}) == len(words)


def test_spellings_that_differ_between_datasets():
    test, train = pd.DataFrame({"sex": ["male", "female"] * 9}), pd.DataFrame({"sex": ["Male", "Female"] * 9})
    assert found(test).estimate == 0
    assert found(test, {Role.TRAIN: train}).estimate == 1


def test_groups_and_label_are_looked_at_and_other_columns_are_not():
    frame = pd.DataFrame(
        {
            "x": np.linspace(0, 1, 30),
            "y": ["yes", "Yes", "no"] * 10,
            "race": ["white", "White", "black"] * 10,
            "note": ["a", "A", "b"] * 10,
            "pid": [f"p{i}" for i in range(30)],
        }
    )
    declared = {"label": "y", "features": ("x",), "groups": ("race",), "patient_id": "pid"}
    assert found(frame, **declared).details["affected"] == ["race", "y"]
    assert found(frame, features=(), patient_id="pid").details["affected"] == ["y", "race", "note"]


def test_numbers_stored_as_words():
    words = [str(i) for i in range(20)] + ["> 200", "haemolysed"]
    assert numbers(dict.fromkeys(words, 3))[0] == "haemolysed"
    assert numbers(dict.fromkeys([f"1,{i}" for i in range(9)], 3))
    assert not numbers(dict.fromkeys([f"0{i}139" for i in range(9)], 3))  # codes of one length
    assert not numbers(dict.fromkeys(["1", "2", "3", "4"], 3))  # codes of categories
    assert not numbers({**dict.fromkeys("abcdef", 100), **dict.fromkeys("12345", 1)})
    assert found(pd.DataFrame({"lab": pd.array(words * 3, dtype="str")})).estimate == 1


def test_words_here_and_numbers_there():
    test, train = pd.DataFrame({"x": ["a", "b"] * 9}), pd.DataFrame({"x": [1.0, 2.0] * 9})
    assert found(test, {Role.TRAIN: train}).details["columns"][0]["problem"] == "of several kinds"


@pytest.mark.parametrize(
    ("code", "low", "high"), [(-9, 20, 90), (-1, 0, 40), (999, 20, 90), (99, 0, 9), (-99, -30, 30)]
)
@pytest.mark.parametrize("exact_rows", [0, 10_000])
def test_a_code_among_numbers(code, low, high, exact_rows):
    values = np.append(np.random.default_rng(0).uniform(low, high, 3000).round(1), [code] * 12)
    cells = scan(pd.DataFrame({"x": values}), Columns(features=("x",), exact_rows=exact_rows)).data.columns["x"]
    assert sentinels(cells) == [code]
    clean = scan(pd.DataFrame({"x": values[:-12]}), Columns(features=("x",), exact_rows=exact_rows)).data.columns["x"]
    assert sentinels(clean) == []


@pytest.mark.parametrize(
    "values",
    [
        [*range(18, 100), 99, 99, 99],  # an age
        [*range(-5, 6)] * 5,  # an excess, which may be -1
        [*range(40, 90), 999],  # once
        [999.0] * 20,  # all there is
        [*range(90, 101)] * 9,  # a saturation
    ],
)
def test_a_number_that_is_one_is_no_code(values):
    frame = pd.DataFrame({"x": np.array(values, dtype=float)})
    assert sentinels(dataset(frame, features=("x",)).columns["x"]) == []


def test_more_words_than_are_counted_are_never_a_pass(monkeypatch):
    monkeypatch.setattr("govern.scan.cells.WORDS", 50)
    measured = found(pd.DataFrame({"w": [f"n{i}" for i in range(2000)]}))
    assert measured.estimate is None
    assert not measured.sufficient
    assert measured.details["uncounted"] == ["w"]


def test_support2_is_clean_until_it_is_not(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz")[:3000]
    features = tuple(c for c in frame.columns if c not in {"patient_id", "died_180d"})
    declared = {"features": features, "label": "died_180d", "patient_id": "patient_id"}
    assert found(frame, **declared).estimate == 0
    messy = frame.assign(sex=np.where(np.arange(3000) % 7 == 0, "Male ", frame["sex"]))
    messy["albumin"] = messy["albumin"].fillna(-9)
    assert found(messy, **declared).details["affected"] == ["sex", "albumin"]
