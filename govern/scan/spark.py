"""The scan on a Spark cluster: the same kernel, on each machine's rows; what is sent back are cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError, UnavailableError
from govern.scan import part, scores, table, values
from govern.scan.grid import choose
from govern.scan.local import named
from govern.scan.request import Columns

if TYPE_CHECKING:
    import pyarrow as pa

    from govern.scan.cells import ColumnCells
    from govern.scan.scores import Scores

#: Rows from which grids are chosen.
_LOOK = 50_000


@dataclass(frozen=True, kw_only=True)
class ClusterScan:
    """What is left of a dataset that was scanned on a cluster: cells, and no row.

    ``scores`` are cells of everybody's scores and ``by_group`` those of each group, by attribute and name; ``None``
    and empty where no score was named. Their ``whole.tie_bound`` says by how much binning may move an area.
    """

    rows: int
    columns: Mapping[str, ColumnCells]
    scores: Scores | None
    by_group: Mapping[str, Mapping[str, Scores]]


def scan(
    session: Any, path: str, columns: Columns, *, score: str = "", thresholds: Sequence[float] = ()
) -> ClusterScan:
    """Read a Parquet file or folder with a Spark session, or with the one that is there if it is ``None``.

    Numbers are counted on the grids of ``columns``, others on grids chosen from the first rows of each partition.
    Every machine needs this package. Nothing is carried and no row is kept.

    Raises:
        UnavailableError: PySpark is not installed.
        InputError: a column is absent, labels are not binary, or scores are not in 0 to 1.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UnavailableError("PySpark is not installed", hint="pip install 'govern[spark]'") from None
    frame = (session or SparkSession.builder.getOrCreate()).read.parquet(path)
    names = table.data_columns(frame.columns)
    for name in named(columns) + ([score] if score else []):
        table.known(names, name, path=path)
    frame = frame.select(*(f"`{name}`" for name in names))
    schema = frame.limit(0).toArrow().schema
    if score and values.kind(schema.field(score).type) != "numbers":
        raise InputError(f"{score}: scores are not numbers", hint="name the column of the scores")
    grids = _chosen(frame, schema, [name for name in names if name not in columns.grids])
    columns = replace(columns, grids={**grids, **columns.grids})
    found = frame.mapInArrow(_counted(columns, score, thresholds), "columns binary, scores binary, unfit long")
    return _merged(part.total(part.unpack(found.toArrow())), columns, score, path)


def _counted(
    columns: Columns, score: str, thresholds: Sequence[float]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches, None)
        if first is not None:
            everything = (batch for some in ([first], batches) for batch in some)
            yield part.pack(part.count(first.schema, everything, columns, score=score, thresholds=thresholds))

    return counted


def _chosen(frame: Any, schema: pa.Schema, names: Sequence[str]) -> dict[str, Any]:
    """Return grids for columns of numbers and dates, from the first rows of each partition."""
    from pyspark.sql.functions import spark_partition_id

    of_numbers = [name for name in names if values.kind(schema.field(name).type) != "words"]
    if not of_numbers:
        return {}
    frame = frame.select(*(f"`{name}`" for name in of_numbers))
    each = -(-_LOOK // max(1, frame.select(spark_partition_id()).distinct().count()))

    def first(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        left = each
        for batch in batches:
            yield batch.slice(0, left)
            left -= batch.num_rows
            if left <= 0:
                return

    look = frame.mapInArrow(first, frame.schema).toArrow()
    # In whichever order the partitions came.
    return {name: choose(np.sort(values.numbers(look.column(name).combine_chunks()))) for name in of_numbers}


def _merged(found: part.Part, columns: Columns, score: str, path: str) -> ClusterScan:
    if not found.columns:
        raise InputError(f"{path}: no rows", hint="give a file with rows")
    rows = next(iter(found.columns.values())).rows
    if not score:
        return ClusterScan(rows=rows, columns=found.columns, scores=None, by_group={})
    if columns.label:
        label = found.columns[columns.label]
        given = [*label.value, *([None] if label.missing else [])]
        scores.labels(np.array(given, dtype=object), columns.positive, columns.label)
    if found.unfit:
        raise InputError(
            f"{score}: {found.unfit} of {rows} scores are missing or lie outside 0 to 1",
            hint="give probabilities; they are never clipped, and a model that gives no answer must be counted",
        )
    by_group: dict[str, dict[str, Scores]] = {}
    for (attribute, group), held in sorted(found.scores.items()):
        if attribute:
            by_group.setdefault(attribute, {})[group] = held.scores()
    return ClusterScan(rows=rows, columns=found.columns, scores=found.scores["", ""].scores(), by_group=by_group)
