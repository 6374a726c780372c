from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.data.duplicates import duplicates
from govern.errors import InputError
from govern.scan.local import dataset
from govern.scan.table import read
from govern.types import Role


def data(rows, columns=("pid", "x", "sex", "y"), *, others=0):
    """A dataset of these rows, and of as many others of which each is like no second one."""
    frame = pd.DataFrame(rows, columns=list(columns))
    if others:
        more = {c: np.arange(others) + others * 10.0 for c in columns} | {"sex": "m", "y": np.arange(others) % 2}
        frame = pd.concat([frame, pd.DataFrame(more)], ignore_index=True)
    frame["z"] = frame["x"] * 3.0 if pd.api.types.is_numeric_dtype(frame["x"]) else frame["x"]  # equal where x is
    return dataset(frame, features=("x", "z", "sex"), label="y", patient_id="pid")


TRAIN = data([(100, 5.0, "f", 0), (101, 6.0, "m", 1)])


def test_exact_counts_within_and_against_train():
    test = data([(1, 1.0, "f", 0), (2, 1.0, "f", 0), (3, 1.0, "f", 0), (4, 5.0, "f", 0), (5, 6.0, "m", 0)], others=500)
    found = duplicates(test, {Role.TRAIN: TRAIN})
    # Rows 1 and 2 repeat row 0, patients apart; row 3 is a train row; row 4 differs from a train row in its label.
    assert found.estimate == found.lower == found.upper == 3
    assert found.details["within"] == 2
    assert found.details["in_train"] == 1
    assert found.details["examples"] == [1, 2, 3]
    assert found.support is None


def test_a_row_that_is_both_counts_once():
    test = data([(1, 5.0, "f", 0), (2, 5.0, "f", 0)], others=500)
    found = duplicates(test, {Role.TRAIN: TRAIN})
    assert found.estimate == 2
    assert (found.details["within"], found.details["in_train"]) == (1, 2)


def test_missing_equals_missing_and_types_of_numbers_do_not_matter():
    test = data([(1, np.nan, None, 0), (2, np.nan, None, 0), (3, 5, "f", 0)], others=500)
    assert duplicates(test, {Role.TRAIN: TRAIN}).estimate == 2
    whole = data([(1, 5, "f", 0), (2, 7, "f", 0)])
    assert duplicates(whole, {Role.TRAIN: TRAIN}).details["in_train"] == 1


def test_a_missing_value_is_no_other_value():
    test = data([(1, 1.0, "f", 0), (2, 1.0, "m", 0), (3, 2.0, None, 0), (4, 1.0, None, 0), (5, 2.0, "f", 0)])
    assert duplicates(test, {Role.TRAIN: TRAIN}).estimate == 0


def test_other_columns_matter_within_and_not_against_train():
    columns = ("pid", "x", "sex", "y", "ward")
    test = data([(1, 5.0, "f", 0, "a"), (2, 5.0, "f", 0, "b")], columns)
    found = duplicates(test, {Role.TRAIN: TRAIN})
    assert (found.details["within"], found.details["within_inputs"], found.details["in_train"]) == (0, 1, 2)


def test_a_row_number_hides_no_copy():
    columns = ("pid", "x", "sex", "y", "row_id")
    found = duplicates(data([(i, 1.0, "f", 0, i) for i in range(100)], columns, others=2000), {Role.TRAIN: TRAIN})
    assert found.estimate is not None
    assert found.estimate > 80
    assert (found.details["within"], found.details["within_inputs"]) == (0, 99)
    alike = duplicates(data([(i, 1.0, "f", 0, i) for i in range(100)], columns), {Role.TRAIN: TRAIN})
    assert alike.estimate is None
    assert not alike.sufficient
    other = data([(i, 1.0, "f", i % 2, i) for i in range(2)], columns)
    assert duplicates(other, {Role.TRAIN: TRAIN}).estimate == 0


def test_values_of_another_kind_are_refused_and_hide_no_copy():
    test = data([(1, "5.0", "f", 0), (2, "6.0", "m", 1)])
    with pytest.raises(InputError, match="'x' holds words in the test dataset, numbers in the train dataset"):
        duplicates(test, {Role.TRAIN: TRAIN})
    labels = data([(1, 5.0, "f", "0"), (2, 6.0, "m", "1")])
    with pytest.raises(InputError, match="the column 'y' holds words in the test dataset"):
        duplicates(labels, {Role.TRAIN: TRAIN})
    codes = dataset(TRAIN.sample.assign(x=pd.Series([5, 6], dtype=object)), features=("x", "sex"), label="y")
    same = dataset(data([(1, 5.0, "f", 0)]).sample, features=("x", "sex"), label="y", patient_id="pid")
    assert duplicates(same, {Role.TRAIN: codes}).details["in_train"] == 1


def test_how_common_repetition_is_among_train_rows():
    train = data([(1, 1.0, "f", 0), (2, 1.0, "f", 0), (3, 2.0, "f", 0)])
    assert duplicates(data([(9, 9.0, "m", 1)]), {Role.TRAIN: train}).details["within_train"] == 1


def test_without_train_there_is_no_pass():
    clean = data([(1, 1.0, "f", 0), (2, 2.0, "f", 0)])
    found = duplicates(clean, {Role.TEST: clean})
    assert found.estimate is None
    assert not found.sufficient
    assert duplicates(clean, {Role.TRAIN: TRAIN}).sufficient
    undeclared = dataset(clean.sample, label="y")
    assert not duplicates(undeclared, {Role.TRAIN: TRAIN}).sufficient


def test_a_feature_that_train_lacks():
    train = dataset(TRAIN.sample.rename(columns={"sex": "sexe"}), features=("x",))
    with pytest.raises(InputError, match="the train dataset: no column 'sex'"):
        duplicates(data([(1, 1.0, "f", 0)]), {Role.TRAIN: train})


def test_patients_who_are_alike_by_chance_are_no_copies():
    """Two honest inputs, age in tenths of a year and lactate in hundredths: some patients agree in both."""
    rng = np.random.default_rng(5)

    def drawn(first):
        rows = {"pid": range(first, first + 3000), "age": rng.normal(62, 14, 3000).round(1)}
        rows |= {"lactate": rng.gamma(4, 0.5, 3000).round(2), "y": rng.integers(0, 2, 3000)}
        return dataset(pd.DataFrame(rows), features=("age", "lactate"), label="y", patient_id="pid")

    test, train = drawn(0), drawn(3000)
    honest = duplicates(test, {Role.TRAIN: train})
    assert honest.details["in_train"] > 10
    assert honest.estimate == 0
    copied = pd.concat([test.sample, train.sample[:60].assign(pid=range(9000, 9060))])
    leaked = dataset(copied, features=test.features, label="y", patient_id="pid")
    assert duplicates(leaked, {Role.TRAIN: train}).estimate > 10


def test_support2_has_none_until_rows_are_copied(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz")
    features = tuple(c for c in frame.columns if c not in {"patient_id", "died_180d"})

    def made(part):
        return dataset(part, features=features, label="died_180d", patient_id="patient_id")

    test, train = frame[:2000], frame[2000:]
    assert duplicates(made(test), {Role.TRAIN: made(train)}).estimate == 0
    copied = pd.concat([test, test[:3], train[:4].assign(patient_id=[1, 2, 3, 4])])
    found = duplicates(made(copied), {Role.TRAIN: made(train)})
    assert (found.details["within"], found.details["in_train"]) == (3, 4)


def test_a_sample_that_is_not_of_all_rows_hides_neither_copies_nor_chance(monkeypatch):
    """Chance is then worked out from the sample; the counts are of all rows."""
    rng = np.random.default_rng(0)

    def made(n):
        return pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "y": rng.integers(0, 2, n)})

    monkeypatch.setattr("govern.scan.local.SAMPLE", 300)
    frames = made(2000), made(3000)
    copied = pd.concat([frames[0], frames[1][:40]])
    test, train = (dataset(f, features=("x", "z"), label="y") for f in (copied, frames[1]))
    assert len(test.sample) < test.rows
    assert duplicates(test, {Role.TRAIN: train}).details["in_train"] == 40
    coarse = [pd.DataFrame({"x": rng.integers(0, 3, 2000), "y": 0}) for _ in range(2)]
    test, train = (dataset(f, features=("x",), label="y") for f in coarse)
    assert duplicates(test, {Role.TRAIN: train}).estimate is None


def test_datasets_of_other_inputs_are_not_compared():
    clean = data([(1, 1.0, "f", 0), (2, 2.0, "f", 0)])
    fewer = dataset(TRAIN.sample, features=("x", "z"), label="y", patient_id="pid")
    assert not duplicates(clean, {Role.TRAIN: fewer}).sufficient


CLINICAL = ("age", "lactate", "bp", "sex")


def clinical(rng, n, first=0):
    rows = {"pid": np.arange(first, first + n), "age": rng.normal(62, 14, n), "lactate": rng.gamma(4, 0.5, n).round(1)}
    rows |= {"bp": rng.normal(85, 20, n).round(), "sex": rng.choice(["f", "m"], n), "y": rng.integers(0, 2, n)}
    return pd.DataFrame(rows)


def noisy(rows, rng, size, pid=10**6):
    changed = {c: rows[c] * (1 + rng.normal(0, size, len(rows))) for c in ("age", "lactate", "bp")}
    return rows.assign(**changed, pid=rows["pid"] + pid)


def of(rows):
    return dataset(rows, features=CLINICAL, label="y", patient_id="pid")


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-5])
def test_near_copies_are_found_within_and_against_train_and_reference(size):
    rng = np.random.default_rng(2)
    test, train, reference = (clinical(rng, n, first) for n, first in ((1500, 0), (2000, 5000), (800, 9000)))
    known = {Role.TRAIN: of(train), Role.REFERENCE: of(reference)}
    honest = duplicates(of(test), known)
    assert (honest.estimate, honest.details["near"]) == (0, 0)
    for source in (test, train, reference):
        found = duplicates(of(pd.concat([test, noisy(source[:60], rng, size)])), known)
        assert found.estimate > 45
        assert found.details["near"] > 45
        assert found.details["within_inputs"] == found.details["in_train"] == found.details["in_reference"] == 0
        assert "near copies" in found.message


def test_rows_that_differ_more_are_other_patients():
    rng = np.random.default_rng(3)
    test = clinical(rng, 1500)
    other = pd.concat([test, noisy(test[:100], rng, 0.02)])
    assert duplicates(of(other), {Role.TRAIN: of(clinical(rng, 900, 5000))}).estimate == 0


def test_a_patients_own_rows_may_be_nearly_alike():
    """Two days of one stay: interval estimates allow for them."""
    rng = np.random.default_rng(4)
    test = clinical(rng, 800)
    days = pd.concat([test, noisy(test, rng, 1e-6, pid=0)])
    train = {Role.TRAIN: of(clinical(rng, 900, 5000))}
    assert duplicates(of(days), train).estimate == 0
    assert duplicates(of(days.assign(pid=np.arange(1600))), train).estimate > 600


def test_copies_of_the_reference_under_new_identifiers():
    rng = np.random.default_rng(5)
    test, reference = clinical(rng, 900), clinical(rng, 700, 5000)
    known = {Role.TRAIN: of(clinical(rng, 600, 9000)), Role.REFERENCE: of(reference)}
    found = duplicates(of(pd.concat([test, reference[:40].assign(pid=range(20_000, 20_040))])), known)
    assert (found.estimate, found.details["in_reference"], found.details["in_train"]) == (40, 40, 0)


def test_one_or_two_continuous_inputs_make_no_near_copies():
    """Patients who agree to 4 digits by chance are told by those who agree to 2 (40 pairs of honest datasets each)."""
    rng = np.random.default_rng(6)
    for names in (("x",), ("x", "z"), ("x", "lab")):
        wrong = 0
        for _ in range(40):
            sides = []
            for first, n in ((0, 900), (5000, 1200)):
                x = rng.normal(60, 12, n)
                lab = np.where(rng.random(n) < 0.4, np.nan, rng.gamma(4, 0.5, n).round(2))
                rows = {"pid": np.arange(first, first + n), "x": x, "z": 2 * x + rng.normal(0, 9, n), "lab": lab}
                rows["y"] = rng.integers(0, 2, n)
                sides.append(dataset(pd.DataFrame(rows), features=names, label="y", patient_id="pid"))
            found = duplicates(sides[0], {Role.TRAIN: sides[1]})
            wrong += found.estimate is None or found.estimate > 0
        assert wrong <= 1, names
