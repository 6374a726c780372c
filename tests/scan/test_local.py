"""The scan of files and tables: everything that is kept of rows, in their order, whatever they came in."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govern.errors import InputError
from govern.scan import source as sources
from govern.scan import table
from govern.scan.cells import SAMPLE, Grid
from govern.scan.local import dataset, scan
from govern.scan.request import Columns

N = 70_000
COLUMNS = Columns(
    label="y",
    features=("x", "k", "word"),
    patient_id="who",
    time="at",
    groups={"sex": "sex", "age": ("k", (20.0, 50.0))},
    carried=("y", "x", "word"),
    exact_rows=N,
)


def frame(n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(n)
    x[rng.random(n) < 0.05] = np.nan
    return pd.DataFrame(
        {
            "x": x,
            "k": rng.integers(0, 90, n),
            "word": np.array(["a", "b", "ü"], dtype=object)[rng.integers(0, 3, n)],
            "sex": np.where(rng.random(n) < 0.5, "f", "m"),
            "y": rng.integers(0, 2, n),
            "at": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D"),
            "who": rng.integers(0, n // 2, n),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    rows = frame()
    rows.to_parquet(folder / "many.parquet", row_group_size=9_999)
    rows.to_parquet(folder / "one.parquet", row_group_size=N)
    rows.to_feather(folder / "t.arrow")
    rows.to_csv(folder / "t.csv", index=False)
    parts = [pa.Table.from_pandas(part) for part in (rows[:100], rows[:0], rows[100:])]
    with pq.ParquetWriter(folder / "gap.parquet", parts[0].schema) as writer:
        for part in parts:
            writer.write_table(part)
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["many.parquet", "one.parquet", "gap.parquet", "t.arrow", "t.csv"])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_file_gives_what_the_frame_gives(
    files: dict[str, Path], name: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "processors", lambda: threads)
    rows = frame()
    found, expected = scan(files[name], COLUMNS), scan(rows, COLUMNS)
    for each in (found, expected):
        assert each.data.rows == N
        assert np.array_equal(each.carried["x"], rows.x, equal_nan=True)
        assert each.carried["word"].astype(str).tolist() == rows.word.tolist()
        assert np.asarray(each.carried["y"]).tolist() == rows.y.tolist()
        assert each.carried["sex"].dtype == "category"
        assert each.carried["k"].tolist() == rows.k.tolist()
    assert np.array_equal(found.data.identity.all, expected.data.identity.all)
    assert np.array_equal(found.data.identity.inputs, expected.data.identity.inputs)
    assert np.array_equal(found.data.patients, expected.data.patients)
    sample = found.data.sample.assign(at=pd.to_datetime(found.data.sample["at"]))  # a CSV file has days
    pd.testing.assert_frame_equal(sample, expected.data.sample, check_dtype=False)
    assert list(found.data.columns) == list(rows.columns)
    for column, cells in expected.data.columns.items():
        assert np.array_equal(found.data.columns[column].value, cells.value)
        assert np.array_equal(found.data.columns[column].events, cells.events)
        assert found.data.columns[column].kind == cells.kind
    data = found.data
    assert (data.label, data.patient_id, data.time, data.groups) == ("y", "who", "at", ("sex", "k"))


def test_every_file_on_the_same_grids_gives_the_same_cells(files: dict[str, Path]) -> None:
    grids = {"x": Grid(low=-3.0, high=3.0), "k": Grid(low=-0.5, high=99.5, cells=100)}
    columns = Columns(label="y", grids=grids)
    expected = scan(frame(), columns).data.columns
    for name in ("many.parquet", "one.parquet", "gap.parquet", "t.arrow", "t.csv"):
        found = scan(files[name], columns).data.columns
        for column in grids:
            assert found[column].grid == grids[column]
            for side in ("value", "count", "events"):
                assert np.array_equal(getattr(found[column], side), getattr(expected[column], side))
            assert (found[column].mean, found[column].sd) == (expected[column].mean, expected[column].sd)


def test_rows_that_are_drawn_are_whole_rows_at_their_places(files: dict[str, Path]) -> None:
    data = scan(files["many.parquet"], COLUMNS).data
    places = data.sample.index.to_numpy()
    assert len(places) == SAMPLE
    assert (np.diff(places) > 0).all()
    pd.testing.assert_frame_equal(data.sample, frame().iloc[places], check_dtype=False)
    few = dataset(frame(50))
    pd.testing.assert_frame_equal(few.sample, frame(50), check_dtype=False, check_index_type=False)


def test_a_row_is_scored_as_it_is_read(files: dict[str, Path]) -> None:
    shapes = []

    def predict(rows: pd.DataFrame) -> Any:
        shapes.append((len(rows), tuple(rows.columns), *(str(t) for t in rows.dtypes)))
        return rows["k"].to_numpy() / 100

    found = scan(files["many.parquet"], COLUMNS, predict=predict)
    assert np.array_equal(found.predicted, frame().k / 100)
    assert len({shape[1:] for shape in shapes}) == 1  # the same columns and types in each batch
    assert sum(shape[0] for shape in shapes) == N


def test_whole_numbers_with_a_missing_value_are_of_one_type_in_every_batch(tmp_path: Path) -> None:
    values = pa.array([1, None, *range(2, 200)], pa.int64())
    pq.write_table(pa.table({"k": values, "y": [0, 1] * 100}), tmp_path / "t.parquet", row_group_size=50)
    kinds: set[str] = set()

    def predict(rows: pd.DataFrame) -> Any:
        kinds.add(str(rows["k"].dtype))
        return np.zeros(len(rows))

    for source in (tmp_path / "t.parquet", pq.read_table(tmp_path / "t.parquet")):
        data = scan(source, Columns(label="y", features=("k",)), predict=predict).data
        assert data.sample["k"].dtype == np.float64
    assert kinds == {"float64"}


def test_a_prediction_for_each_row(files: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="3 scores for"):
        scan(files["many.parquet"], COLUMNS, predict=lambda rows: np.zeros(3))


def test_what_predict_raises_is_raised(files: dict[str, Path]) -> None:
    def predict(rows: pd.DataFrame) -> Any:
        raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        scan(files["many.parquet"], COLUMNS, predict=predict)


def test_progress_ends_at_one(files: dict[str, Path]) -> None:
    told: list[float] = []
    scan(files["many.parquet"], COLUMNS, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


class TestLarge:
    """More rows than are kept exactly."""

    def test_numbers_are_gridded_and_words_are_not(self, files: dict[str, Path]) -> None:
        columns = Columns(**{**vars(COLUMNS), "exact_rows": 1000})
        exact, found = scan(files["many.parquet"], COLUMNS).data, scan(files["many.parquet"], columns).data
        for name, cells in found.columns.items():
            assert (cells.grid is None) == (cells.kind == "words"), name
            assert cells.rows == N
            assert cells.events.sum() + cells.missing_events == frame().y.sum()
            if cells.kind != "words":
                assert cells.mean == pytest.approx(exact.columns[name].mean, rel=1e-4, abs=1e-4)
                assert (cells.low, cells.high) == (exact.columns[name].low, exact.columns[name].high)
        # Few whole numbers have a cell each, so nothing is lost.
        for name in ("k", "y", "at"):
            assert np.array_equal(found.columns[name].value, exact.columns[name].value)
            assert np.array_equal(found.columns[name].count, exact.columns[name].count)

    def test_the_same_grids_each_time_and_those_that_are_given(self, files: dict[str, Path]) -> None:
        columns = Columns(label="y", exact_rows=1000, grids={"x": Grid(low=-1.0, high=1.0)})
        for name in ("many.parquet", "one.parquet", "t.arrow", "t.csv"):
            first, again = (scan(files[name], columns).data.columns for _ in range(2))
            assert first["x"].grid == Grid(low=-1.0, high=1.0)
            assert {n: c.grid for n, c in first.items()} == {n: c.grid for n, c in again.items()}

    def test_a_sorted_file_is_read_again_where_the_first_look_misled(self, tmp_path: Path) -> None:
        x = np.sort(np.random.default_rng(2).standard_normal(200_000))
        pq.write_table(pa.table({"x": x}), tmp_path / "t.parquet", row_group_size=200_000)
        cells = scan(tmp_path / "t.parquet", Columns(exact_rows=1000)).data.columns["x"]
        assert cells.count.max() < 0.01 * len(x)
        assert cells.rows == len(x)


class TestValues:
    def test_kinds(self) -> None:
        day = datetime.date(2020, 1, 2)
        data = dataset(
            pa.table(
                {
                    "bool": [True, False, None],
                    "day": pa.array([day, day, None]),
                    "moment": pa.array([datetime.datetime(2020, 1, 2, 12)] * 3, pa.timestamp("ns", "Europe/Berlin")),
                    "money": pa.array([decimal.Decimal("1.50"), decimal.Decimal("2.25"), None]),
                    "category": pa.array(["b", "a", "b"]).dictionary_encode(),
                    "levels": pa.array([3, 1, 3]).dictionary_encode(),
                    "nested": [{"a": 1}, {"a": 2}, None],
                    "list": [[1], [1], []],
                    "bytes": [b"x", b"y", None],
                    "span": pa.array([1, 2, None], pa.duration("s")),
                    "nothing": pa.nulls(3),
                    "nan": [np.nan] * 3,
                    "half": pa.array(np.array([1, 2, 3], dtype=np.float16)),
                }
            )
        ).columns
        assert data["bool"].value.tolist() == ["False", "True"]
        assert data["day"].value.tolist() == [18263]
        assert data["moment"].value.tolist() == [18263 + 0.5]
        assert data["money"].value.tolist() == [1.5, 2.25]
        assert data["category"].value.tolist() == ["a", "b"]
        assert data["category"].count.tolist() == [1, 2]
        assert data["levels"].value.tolist() == [1, 3]
        assert data["nested"].value.tolist() == ["{'a': 1}", "{'a': 2}"]
        assert data["list"].value.tolist() == ["[1]", "[]"]
        assert data["bytes"].value.tolist() == ["b'x'", "b'y'"]
        assert data["span"].kind == "words"
        assert data["half"].value.tolist() == [1, 2, 3]
        assert {name for name, c in data.items() if c.kind == "empty"} == {"nothing", "nan"}
        assert {c.kind for n, c in data.items() if n in ("day", "moment")} == {"dates"}
        assert all(c.rows == 3 for c in data.values())

    def test_a_column_of_this_and_that_is_words(self) -> None:
        cells = dataset(pd.DataFrame({"x": [1, "a", None, 2.5]})).columns["x"]
        assert cells.value.tolist() == ["1", "2.5", "a"]
        assert cells.missing == 1

    def test_infinite_and_enormous_numbers_are_counted_apart(self) -> None:
        for grids in ({}, {"x": Grid(low=0.0, high=2.0)}):
            cells = dataset(pa.table({"x": [1.0, np.inf, -np.inf, 1e200, None]}), grids=grids).columns["x"]
            assert (cells.count.tolist(), cells.infinite, cells.missing) == ([1], 3, 1)
            assert cells.mean == 1
            only = dataset(pa.table({"x": [np.inf]}), grids=grids).columns["x"]
            assert (only.kind, only.infinite, only.rows) == ("numbers", 1, 1)

    @pytest.mark.parametrize(
        ("values", "positive", "events"),
        [
            ([0, 1, 1, None], None, 2),
            ([0.0, 1.0, np.nan], None, 1),
            ([True, False, True], None, 2),
            (["yes", "no", None], None, 1),
            (["1.0", "0", "TRUE"], None, 2),
            (["dead", "alive", "dead"], "dead", 2),
            ([1, 2, 2], 2, 2),
            ([1, 2, 2], "2", 2),
            ([1.5, 2.5], "dead", 0),
        ],
    )
    def test_which_rows_are_events(self, values: list[Any], positive: object, events: int) -> None:
        data = dataset(pa.table({"y": values, "x": [1.0] * len(values)}), label="y", positive=positive)
        assert data.columns["x"].events.tolist() == [events]
        of_label = data.columns["y"]
        assert of_label.events.sum() + of_label.missing_events == events

    def test_carried_values(self) -> None:
        columns = Columns(label="y", carried=("y", "flag", "date", "money", "k"), groups={"g": "g"})
        found = scan(
            pa.table(
                {
                    "y": [0.0, np.nan, 1.0],
                    "flag": [True, None, False],
                    "date": pa.array([datetime.date(2020, 1, 1)] * 3),
                    "money": pa.array([decimal.Decimal("1.5")] * 3),
                    "k": [1, 2, None],
                    "g": [1, None, 2],
                }
            ),
            columns,
        ).carried
        assert found["y"].isna().tolist() == [False, True, False]
        assert np.asarray(found["flag"]).tolist()[::2] == [True, False]
        assert found["money"].tolist() == [1.5] * 3
        assert found["k"].isna().tolist() == [False, False, True]
        assert found["g"].cat.categories.tolist() == [1, 2]  # a group is not renamed by another one's absence
        assert list(found) == ["y", "flag", "date", "money", "k", "g"]


class TestRefused:
    @pytest.mark.parametrize(
        "columns",
        [
            Columns(label="z"),
            Columns(features=("z",)),
            Columns(patient_id="z"),
            Columns(time="z"),
            Columns(carried=("z",)),
            Columns(groups={"a": "z"}),
            Columns(groups={"a": ("z", (1.0,))}),
        ],
    )
    def test_a_column_that_is_not_there(self, columns: Columns) -> None:
        with pytest.raises(InputError, match="no column 'z'"):
            scan(pa.table({"x": [1]}), columns)

    def test_no_rows_and_doubled_columns(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "t.parquet")
        for source in (tmp_path / "t.parquet", pd.DataFrame({"x": []})):
            with pytest.raises(InputError, match="no rows"):
                dataset(source)
        doubled = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
        pq.write_table(doubled, tmp_path / "d.parquet")
        for source in (tmp_path / "d.parquet", doubled, pd.DataFrame([[1, 2]], columns=["x", "x"])):
            with pytest.raises(InputError, match="stands twice"):
                dataset(source)

    @pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
    def test_a_file_that_was_cut_short(self, files: dict[str, Path], tmp_path: Path, keep: float) -> None:
        for name in ("many.parquet", "t.arrow"):
            data = files[name].read_bytes()
            (tmp_path / name).write_bytes(data[: int(len(data) * keep)])
            with pytest.raises(InputError, match=name):
                dataset(tmp_path / name)

    def test_damage_in_the_middle(self, files: dict[str, Path], tmp_path: Path) -> None:
        data = bytearray(files["many.parquet"].read_bytes())
        for start in range(2000, len(data) // 2, 5000):
            data[start : start + 200] = bytes(200)
        (tmp_path / "t.parquet").write_bytes(data)
        with pytest.raises(InputError, match=r"t\.parquet: not a readable Parquet"):
            dataset(tmp_path / "t.parquet")

    def test_absent_empty_and_other_files(self, tmp_path: Path) -> None:
        (tmp_path / "e.csv").write_bytes(b"")
        (tmp_path / "lie.csv").write_bytes(b"PAR1")
        for name in ("absent.csv", "e.csv", "lie.csv"):
            with pytest.raises(InputError, match=name):
                dataset(tmp_path / name)


def test_row_numbers_that_pandas_stored_are_no_column(tmp_path: Path) -> None:
    frame(10).set_index(np.arange(100, 110)).to_parquet(tmp_path / "t.parquet")
    assert list(dataset(tmp_path / "t.parquet").columns) == list(frame(10).columns)
    assert table.names(tmp_path / "t.parquet") == list(frame(10).columns)


@pytest.mark.parametrize("name", ["many.parquet", "t.arrow", "t.csv"])
def test_names_and_columns_of_a_file(files: dict[str, Path], name: str) -> None:
    rows = frame()
    assert table.names(files[name]) == list(rows.columns)
    found = dict(table.columns(files[name]))
    assert list(found) == list(rows.columns)
    assert np.array_equal(found["x"].to_pandas(), rows.x, equal_nan=True)


def test_a_name_with_a_dot_is_no_path(tmp_path: Path) -> None:
    held = pa.table({"a.b": [1.0, 2.0], "a": [3, 4], "s": [{"b": 1}, {"b": 2}]})
    pq.write_table(held, tmp_path / "t.parquet")
    assert dataset(tmp_path / "t.parquet").columns["a.b"].value.tolist() == [1, 2]
    assert dict(table.columns(tmp_path / "t.parquet"))["a"].to_pylist() == [3, 4]
