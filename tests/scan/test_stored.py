from __future__ import annotations

from pathlib import Path

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
