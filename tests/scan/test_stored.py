from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govern.errors import InputError
from govern.scan import stored
from govern.scan.cells import Grid
from govern.scan.local import dataset
from tests.scan.test_cells import GRIDS, assert_same, table


def test_cells_come_back_bit_for_bit(tmp_path: Path) -> None:
    data = dataset(table(np.random.default_rng(1), 3000), label="y", grids=GRIDS)
    stored.write(tmp_path / "t.cells", data, "abc")
    found = stored.read(tmp_path / "t.cells", "abc")
    assert list(found) == list(data.columns)
    for name, column in data.columns.items():
        assert_same(found[name], column)


def test_equal_cells_are_equal_bytes_and_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = pa.table({f"x{i}": rng.standard_normal(20_000) for i in range(20)})
    for name in ("a", "b"):
        data = dataset(rows, grids={n: Grid(low=-5.0, high=5.0) for n in rows.column_names})
        stored.write(tmp_path / name, data, "d")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").stat().st_size < 1_000_000


def test_patients_are_not_written(tmp_path: Path) -> None:
    data = dataset(pa.table({"x": [1.0, 2.0], "who": ["ada", "ben"]}), patient_id="who")
    stored.write(tmp_path / "t", data, "d")
    assert list(stored.read(tmp_path / "t", "d")) == ["x"]
    assert b"ada" not in (tmp_path / "t").read_bytes()


def test_cells_of_other_data_and_other_files_are_refused(tmp_path: Path) -> None:
    data = dataset(pa.table({"x": [1.0, 2.0]}))
    stored.write(tmp_path / "t", data, "one")
    with pytest.raises(InputError, match="other data"):
        stored.read(tmp_path / "t", "two")
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "p")
    (tmp_path / "c").write_text("a,b\n1,2\n")
    for name in ("p", "c"):
        with pytest.raises(InputError, match="no file of cells"):
            stored.read(tmp_path / name, "one")
    (tmp_path / "t").write_bytes((tmp_path / "t").read_bytes()[:-20])
    with pytest.raises(InputError, match="not a readable"):
        stored.read(tmp_path / "t", "one")
    with pytest.raises(InputError, match="no such file"):
        stored.read(tmp_path / "absent", "one")


Change = Callable[[dict[str, Any]], None]


def _set(name: str, at: int | None, value: Any) -> Change:
    def change(row: dict[str, Any]) -> None:
        if at is None:
            row[name] = value
        else:
            row[name][at] = value

    return change


def _swap(name: str) -> Change:
    return lambda row: row.update({name: row[name][::-1]})


def _drop(name: str) -> Change:
    return lambda row: row.update({name: row[name][:-1]})


def _grid(**changed: Any) -> Change:
    return lambda row: row["grid"].update(changed)


@pytest.mark.parametrize("name", ["exact", "gridded", "word"])
@pytest.mark.parametrize(
    "change",
    [
        _set("count", 0, -5),
        _set("count", 0, 0),
        _set("count", 0, None),
        _set("count", 0, 2**62),
        _set("count", 0, 500),
        _set("events", 0, -1),
        _set("events", 0, 10**6),
        _set("events", None, None),
        _set("missing", None, -1),
        _set("missing", None, 7),
        _set("missing_events", None, 10**6),
        _set("infinite", None, -1),
        _set("kind", None, "colours"),
        _drop("count"),
        _drop("events"),
        lambda row: row.update(events=[0] * len(row["events"])),
    ],
)
def test_what_cannot_have_been_counted_is_refused(tmp_path: Path, name: str, change: Change) -> None:
    with pytest.raises(InputError, match=r"t\.cells"):
        stored.read(_changed(tmp_path, name, change))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exact", _swap("numbers")),
        ("exact", _drop("numbers")),
        ("exact", _set("numbers", 0, float("nan"))),
        ("exact", _set("numbers", -1, float("inf"))),
        ("exact", _set("numbers", None, None)),
        ("exact", _set("kind", None, "empty")),
        ("word", _swap("words")),
        ("word", _drop("words")),
        ("word", _set("words", 0, None)),
        ("word", _set("words", 0, "b")),
        ("gridded", _swap("place")),
        ("gridded", _drop("place")),
        ("gridded", _set("place", 0, -1)),
        ("gridded", _set("place", -1, 4098)),
        ("gridded", _set("part", 5, -1)),
        ("gridded", _set("part", 5, 10**9)),
        ("gridded", _drop("part")),
        ("gridded", _set("low", None, None)),
        ("gridded", _set("low", None, 100.0)),
        ("gridded", _set("high", None, float("inf"))),
        ("gridded", _set("kind", None, "words")),
        ("gridded", _grid(low=2.0)),
        ("gridded", _grid(high=float("nan"))),
        ("gridded", _grid(cells=0)),
        ("gridded", _grid(cells=4095, logarithm=True)),
        ("gridded", _set("tails", 1, "-3")),
        ("gridded", _set("tails", 0, "3")),
        ("gridded", _set("tails", 3, "0")),
        ("gridded", _set("tails", 2, "many")),
        ("gridded", _drop("tails")),
    ],
)
def test_values_and_grids_that_cannot_be_are_refused(tmp_path: Path, name: str, change: Change) -> None:
    with pytest.raises(InputError, match=r"t\.cells"):
        stored.read(_changed(tmp_path, name, change))


def test_what_is_changed_back_is_read(tmp_path: Path) -> None:
    assert list(stored.read(_changed(tmp_path, "exact", lambda row: None))) == ["exact", "gridded", "word", "y"]


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="same rows"):
        stored.read(_changed(tmp_path, "exact", _set("name", None, "word")))


def test_other_columns_in_the_file_are_refused(tmp_path: Path) -> None:
    path = _changed(tmp_path, "exact", lambda row: None)
    found = pq.read_table(path)
    pq.write_table(found.drop_columns(["events"]), path)
    with pytest.raises(InputError, match="no file of cells"):
        stored.read(path)


def _changed(folder: Path, name: str, change: Change) -> Path:
    """Return a file of cells in which one column was changed."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal(300)
    x[:3] = np.nan
    rows = pa.table(
        {
            "exact": np.round(x),
            "gridded": pa.array(x, from_pandas=True),
            "word": rng.choice(["a", "b", "c"], 300),
            "y": (rng.random(300) < 0.3).astype(np.int8),
        }
    )
    path = folder / "t.cells"
    stored.write(path, dataset(rows, label="y", grids={"gridded": Grid(low=-1.0, high=1.5)}), "d")
    found = pq.read_table(path)
    packed = found.to_pylist()
    change(next(row for row in packed if row["name"] == name))
    pq.write_table(pa.Table.from_pylist(packed, found.schema), path)
    return path
