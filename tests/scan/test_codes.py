"""Codes of rows and of patients: equal where rows are, in every file, format and order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from govern.errors import InputError
from govern.scan import codes, patients
from govern.scan.local import dataset
from govern.scan.patients import clusters, identifiers


def rows(table: pa.Table | pd.DataFrame | Path) -> list[int]:
    return dataset(table).identity.all.tolist()


def test_rows_are_equal_where_all_of_their_values_are() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.choice([0.0, 1.0, 2.5, np.nan], 4000),
            "b": rng.integers(0, 6, 4000),
            "c": rng.choice(np.array(["x", "y", None], dtype=object), 4000),
        }
    )
    found = np.array(rows(frame))
    expected = frame.groupby(list(frame.columns), dropna=False).ngroup().to_numpy()
    both = pd.DataFrame({"found": found, "expected": expected}).drop_duplicates()
    assert both.found.is_unique
    assert both.expected.is_unique


def test_no_collision_among_small_whole_numbers() -> None:
    # Their bits are few and alike, and rows are sums: a weak mixing would show here.
    grid = np.stack(np.meshgrid(*[np.arange(60)] * 3), axis=-1).reshape(-1, 3)
    found = rows(pa.table({name: grid[:, i] for i, name in enumerate("abc")}))
    assert len(set(found)) == 60**3


def test_a_value_is_not_equal_in_another_column() -> None:
    assert rows(pa.table({"a": [1.0], "b": [2.0]})) != rows(pa.table({"a": [2.0], "b": [1.0]}))


def test_the_order_of_columns_and_rows_is_all_the_same() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    assert rows(frame[["b", "a"]]) == rows(frame)
    assert rows(frame[::-1]) == rows(frame)[::-1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2]), pa.array([1.0, 2.0])),
        (pa.array([1, 2], pa.int8()), pa.array([1, 2], pa.uint64())),
        (pa.array([-0.0]), pa.array([0.0])),
        (pa.array([None, 1.0]), pa.array([np.nan, 1.0])),
        (pa.array([np.nan]), pa.array(np.array([-np.nan]))),
        (pa.array([None], pa.string()), pa.nulls(1)),
        (pa.array([None], pa.int64()), pa.array([None], pa.string())),
        (pa.array(["a", "b", "a"]), pa.array(["a", "b", "a"]).dictionary_encode()),
        (pa.array(["a"]), pa.array(["a"], pa.large_string())),
        (pa.array([18262], pa.date32()), pa.array(np.array(["2020-01-01"], "datetime64[ns]"))),
        (
            pa.array(np.array(["2020-01-01T12:34:56.789123"], "datetime64[ns]")),
            pa.array(np.array(["2020-01-01T12:34:56.789123"], "datetime64[us]")),
        ),
        (
            pa.array(np.array(["1901-01-01T12:34:56.789123"], "datetime64[ns]")),
            pa.array(np.array(["1901-01-01T12:34:56.789123"], "datetime64[us]")),
        ),
        (pa.array([2**60]), pa.array([2.0**60])),
        (pa.array([0.5], pa.float32()), pa.array([0.5])),
    ],
)
def test_a_format_does_not_change_a_row(one: pa.Array, other: pa.Array) -> None:
    assert rows(pa.table({"a": one})) == rows(pa.table({"a": other}))


def test_large_whole_numbers_are_told_apart() -> None:
    values = [2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 2**63 - 1, 2**63 - 2]
    assert len(set(rows(pa.table({"a": values})))) == len(values)
    assert rows(pa.table({"a": pa.array([2**53 + 1, None])}))[0] == rows(pa.table({"a": [5, 2**53 + 1]}))[1]
    assert rows(pa.table({"a": pa.array([None, 2**53 + 1])}))[0] == rows(pa.table({"a": [np.nan]}))[0]


def test_files_of_every_kind(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.1, np.nan, 3.0], "c": ["x", "ü", "z"], "d": [True, False, True]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_feather(tmp_path / "t.arrow")
    expected = rows(frame)
    assert [rows(path) for path in sorted(tmp_path.iterdir())] == [expected] * 3


def test_which_columns_are_looked_at() -> None:
    frame = pd.DataFrame({"y": [0, 0], "x": [1.0, 1.0], "note": ["a", "b"], "who": [1, 2]})
    found = dataset(frame, label="y", features=("x",), patient_id="who").identity
    assert found.inputs is not None
    assert found.inputs[0] == found.inputs[1]
    assert found.all[0] != found.all[1]
    alike = dataset(frame.assign(note="a"), label="y", features=("x",), patient_id="who").identity
    assert alike.all[0] == alike.all[1]  # the patient is not looked at
    assert dataset(frame, label="y").identity.inputs is None


def test_mixing_is_splitmix() -> None:
    # First outputs of the generator with seed 0, as published with its source (prng.di.unimi.it/splitmix64.c).
    step = int(codes.mix(np.array([0], dtype=np.uint64))[0])
    assert step == 0xE220A8397B1DCDAF


class TestPatients:
    def test_they_are_those_of_the_identifiers(self) -> None:
        texts = ["1", " 01", "1.0", "a7", "A7 ", "0", "00", "000.0", "-5", "1.50", "", "  ", None, "\u0661", "12" * 15]
        texts += ["ﬁ", "fi", "9" * 18, "9" * 19, "1e5", "\u0662", "Straße", "STRASSE"]
        column = pa.array(texts)
        found = patients.codes(column)
        expected = identifiers(pd.Series(texts, dtype=object))
        assert (found == 0).tolist() == expected.isna().tolist()
        pairs = pd.DataFrame({"found": found, "expected": expected.fillna("")}).drop_duplicates()
        assert pairs.found.is_unique
        assert pairs.expected.is_unique

    @pytest.mark.parametrize(
        "other",
        [
            pa.array([1.0, 2.0, None]),
            pa.array(["1", " 02", None]),
            pa.array(["1.0", "2", ""]),
            pa.array([1, 2, None], pa.uint16()),
            pa.array(["1", "2", None]).dictionary_encode(),
        ],
    )
    def test_a_format_does_not_change_a_patient(self, other: pa.Array) -> None:
        assert patients.codes(other).tolist() == patients.codes(pa.array([1, 2, None])).tolist()

    def test_odd_numbers(self) -> None:
        found = patients.codes(pa.array([1.5, -1.0, 2.0**62, 0.0, np.nan]))
        assert len(set(found.tolist())) == 5
        assert found[-1] == 0
        assert patients.codes(pa.array([-1, 2**62, 0]))[0] == found[1]

    def test_clusters(self) -> None:
        assert clusters(patients.codes(pa.array([3, 1, 2]))) is None
        assert clusters(patients.codes(pa.array(["b", "a", "B"]))).tolist() == [0, 1, 0]
        with pytest.raises(InputError, match="1 rows have no patient"):
            clusters(patients.codes(pa.array([3, None, 2])))
