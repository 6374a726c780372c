"""The scan on Spark is the scan on one machine: the same kernel, so the same cells."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govern.errors import InputError, UnavailableError
from govern.scan import part, spark
from govern.scan.local import scan
from govern.scan.request import Columns
from govern.scan.scores import groups
from tests.scan.test_cells import GRIDS, assert_same, table

HAS_SPARK = importlib.util.find_spec("pyspark") is not None
needs_spark = pytest.mark.skipif(not HAS_SPARK, reason="PySpark is not installed: pip install 'govern[spark]'")
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
COLUMNS = Columns(label="y", groups={"g": "g", "age": ("k", (20.0, 50.0))}, grids=GRIDS)


def rows(n: int = 3000) -> pa.Table:
    rng = np.random.default_rng(9)
    held = table(rng, n).drop_columns(["nothing"])
    groups_of = np.array(["a", "b", None], dtype=object)[rng.integers(0, 3, n)]
    more = {"g": pa.array(groups_of), "k": pa.array(rng.integers(0, 90, n)), "s": pa.array(rng.random(n))}
    for name, column in more.items():
        held = held.append_column(name, column)
    return held


def test_a_part_is_the_local_scan() -> None:
    held = rows()
    found = part.count(held.schema, held.to_batches(max_chunksize=97), COLUMNS, score="s", thresholds=[0.3])
    for name, column in scan(held, COLUMNS).data.columns.items():
        assert_same(found.columns[name], column)
    frame = held.to_pandas()
    for attribute, values, cut in (("g", frame.g, None), ("age", frame.k, [20.0, 50.0])):
        of = groups(attribute, values, cut=cut)
        for code, name in enumerate(of.names):
            cells = found.scores[attribute, name].scores()
            mask = of.codes == code
            assert cells.n == mask.sum()
            assert cells.events == frame.y[mask].sum()
            assert cells.count(cells.flagged(0.3)) == (frame.s[mask] >= 0.3).sum()
    assert found.scores["", ""].scores().n == len(frame)


@pytest.mark.parametrize("seed", range(5))
def test_parts_come_back_as_they_were_sent_and_add_up_in_any_order(seed: int) -> None:
    held = rows(400)
    rng = np.random.default_rng(seed)
    whole = part.count(held.schema, held.to_batches(), COLUMNS, score="s", thresholds=[0.3])
    parts = [
        part.count(held.schema, held.take(i).to_batches(), COLUMNS, score="s", thresholds=[0.3])
        for i in np.array_split(rng.permutation(400), 5)
    ]
    sent = pa.Table.from_batches([part.pack(parts[i]) for i in rng.permutation(5)])
    total = part.total(part.unpack(sent))
    assert total.columns.keys() == whole.columns.keys()
    for name, column in whole.columns.items():
        assert_same(total.columns[name], column)
    assert total.scores.keys() == whole.scores.keys()
    for key, held_scores in whole.scores.items():
        assert_same(total.scores[key], held_scores)


def test_unfit_scores_are_counted() -> None:
    held = pa.table({"y": [0, 1, 1, 0, 1], "s": [0.5, 1.5, None, -0.1, 0.2]})
    found = part.count(held.schema, held.to_batches(), Columns(label="y"), score="s")
    assert found.unfit == 3
    assert found.scores["", ""].scores().n == 2


@pytest.mark.skipif(HAS_SPARK, reason="PySpark is installed")
def test_without_pyspark_the_command_is_named() -> None:
    with pytest.raises(UnavailableError) as caught:
        spark.scan(None, "t.parquet", Columns())
    assert "pip install 'govern[spark]'" in caught.value.hint


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark's own, of pandas 3
        from pyspark.sql import SparkSession

        made = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.memory", "512m")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    held = rows()
    (tmp_path / "t").mkdir()
    for i in range(2):
        pq.write_table(held.slice(i * 1500, 1500), tmp_path / "t" / f"{i}.parquet")
    return tmp_path / "t"


@needs_spark
@needs_java
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
class TestOnSpark:
    def test_cells_are_those_of_the_local_scan(self, session: Any, folder: Path) -> None:
        found = spark.scan(session, str(folder), COLUMNS, score="s", thresholds=[0.3])
        # Exact columns too: Spark was given grids for some alone, so the rest is compared on those it chose.
        columns = Columns(**{**vars(COLUMNS), "grids": {n: c.grid for n, c in found.columns.items() if c.grid}})
        expected = scan(rows(), columns).data.columns
        assert found.rows == 3000
        for name, column in expected.items():
            assert_same(found.columns[name], column)
        held = rows()
        local = part.count(held.schema, held.to_batches(), columns, score="s", thresholds=[0.3])
        for (attribute, group), binned in local.scores.items():
            wanted = binned.scores()
            cells = found.by_group[attribute][group] if attribute else found.scores
            assert np.array_equal(cells.score, wanted.score)
            assert np.array_equal(cells.weight, wanted.weight)
            assert cells.whole == wanted.whole

    def test_scores_and_labels_that_are_not_fit(self, session: Any, tmp_path: Path) -> None:
        frame = pd.DataFrame({"y": [0, 1, 2], "s": [0.1, 0.2, 7.0], "z": ["a", "b", "c"]})
        frame.to_parquet(tmp_path / "t.parquet")
        with pytest.raises(InputError, match="not binary"):
            spark.scan(session, str(tmp_path / "t.parquet"), Columns(label="y"), score="s")
        with pytest.raises(InputError, match="1 of 3 scores"):
            spark.scan(session, str(tmp_path / "t.parquet"), Columns(), score="s")
        with pytest.raises(InputError, match="no column 'q'"):
            spark.scan(session, str(tmp_path / "t.parquet"), Columns(label="q"))
        with pytest.raises(InputError, match="not numbers"):
            spark.scan(session, str(tmp_path / "t.parquet"), Columns(), score="z")
