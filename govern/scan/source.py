"""Where rows come from: a file, or a table in memory; in batches, in their order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from govern.errors import InputError
from govern.scan import table, values
from govern.scan.sample import positions
from govern.scan.tally import MOST

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Bytes that are read of a column at a time, so that a row group may be larger than memory.
_BUFFER = 1 << 18
#: Places in a file from which a first look is taken.
_LOOKS = 16
#: Processors that are all at work while one thread reads.
_FEW = 2


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Source(Protocol):
    """Rows that can be read, more than once. ``schema`` is as they were stored, ``where`` for messages."""

    where: Any
    schema: pa.Schema
    rows: int

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order, in batches of at most :data:`govern.scan.tally.MOST`; words may be dictionaries."""
        ...

    def look(self, names: Sequence[str], rows: int) -> pa.Table:
        """Return about ``rows`` rows from places all over the source, the same ones each time."""
        ...

    def with_missing(self, names: Sequence[str]) -> frozenset[str]:
        """Return which of these columns may have a missing value."""
        ...


def open_source(source: Path | pa.Table | pd.DataFrame) -> Source:
    """Open a CSV (also gzipped), Parquet or Arrow file, or a table or frame in memory.

    Raises:
        InputError: it has no rows, two columns of one name, or is a file that is absent, damaged or no table.
    """
    import pyarrow as pa

    made: Source
    if isinstance(source, Path):
        found = table.kind(source)
        with table.readable(source, found):
            made = _csv(source) if found == "CSV" else _Parquet(source) if found == "Parquet" else _Arrow(source)
    else:
        made = _Memory(source if isinstance(source, pa.Table) else values.table(source), "the data")
    table.distinct(made.where, made.schema.names)
    if made.rows == 0:
        raise InputError(f"{made.where}: no rows, only a header", hint="give a file with rows")
    return made


class _Memory:
    """A table in memory."""

    def __init__(self, held: pa.Table, where: Path | str) -> None:
        self._table, self.where, self.schema, self.rows = held, where, held.schema, held.num_rows

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from self._table.select(names).to_batches(max_chunksize=MOST)

    def look(self, names: Sequence[str], rows: int) -> pa.Table:
        return self._table.select(names).take(positions(self.rows, rows))

    def with_missing(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(n for n in names if self._table.column(n).null_count)


def _csv(path: Path) -> _Memory:
    return _Memory(table.read_csv(path), path)


class _Parquet:
    """A Parquet file; a row group, however large, is never held as a whole."""

    def __init__(self, path: Path) -> None:
        from pyarrow import parquet

        self.where, self.schema = path, parquet.read_schema(path)
        with self._open() as file:
            self.rows, self._groups = file.metadata.num_rows, file.metadata.num_row_groups

    def _open(self) -> Any:
        from pyarrow import parquet

        words = [f.name for f in self.schema if str(f.type) in ("string", "large_string")]
        return parquet.ParquetFile(self.where, buffer_size=_BUFFER, pre_buffer=False, read_dictionary=words)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with table.readable(Path(self.where), "Parquet"), self._open() as file:
            # No batch goes beyond a row group, so that of one of 70,000 rows there would be a large and a small one.
            rows = max(1, file.metadata.row_group(0).num_rows)
            size = -(-rows // -(-rows // MOST))
            # Of two processors, one reads and both count; more of them also read several columns at once.
            yield from file.iter_batches(size, columns=list(names), use_threads=processors() > _FEW)

    def look(self, names: Sequence[str], rows: int) -> pa.Table:
        import pyarrow as pa

        found: list[pa.RecordBatch] = []
        with table.readable(Path(self.where), "Parquet"), self._open() as file:
            full = [i for i in range(self._groups) if file.metadata.row_group(i).num_rows]
            chosen = [full[i * len(full) // _LOOKS] for i in range(_LOOKS)] if len(full) > _LOOKS else full
            each = -(-rows // len(chosen))
            for group in chosen:
                found += itertools.islice(file.iter_batches(each, row_groups=[group], columns=list(names)), 1)
        return pa.Table.from_batches(found)

    def with_missing(self, names: Sequence[str]) -> frozenset[str]:
        """Return what the file's own statistics say; a column of which they say nothing may have missing values."""
        absent = set()
        with self._open() as file:
            for i in range(self._groups):
                group = file.metadata.row_group(i)
                for j in range(group.num_columns):
                    chunk = group.column(j)
                    known = chunk.statistics
                    if known is None or not known.has_null_count or known.null_count:
                        absent.add(chunk.path_in_schema)
        return frozenset(absent.intersection(names))


class _Arrow:
    """An Arrow file, looked at where it lies."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import dataset

        with pa.memory_map(str(path)) as file:
            reader = pa.ipc.open_file(file)
            self.where, self.schema, self._batches = path, reader.schema, reader.num_record_batches
        self.rows = dataset.dataset(path, format="feather").count_rows()

    def _read(self, numbers: Sequence[int], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        options = pa.ipc.IpcReadOptions(included_fields=[self.schema.get_field_index(n) for n in names])
        with table.readable(Path(self.where), "Arrow"), pa.memory_map(str(self.where)) as file:
            reader = pa.ipc.open_file(file, options=options)
            for i in numbers:
                yield reader.get_batch(i)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in self._read(range(self._batches), names):
            for start in range(0, batch.num_rows, MOST):
                yield batch.slice(start, MOST)

    def look(self, names: Sequence[str], rows: int) -> pa.Table:
        import pyarrow as pa

        step = max(1, self._batches // _LOOKS)
        found = []
        for batch in self._read(range(0, self._batches, step), names):
            chosen = positions(batch.num_rows, -(-rows * step // self._batches))
            found.append(batch.take(pa.array(chosen)))
        return pa.Table.from_batches(found)

    def with_missing(self, names: Sequence[str]) -> frozenset[str]:
        absent: set[str] = set()
        for batch in self._read(range(self._batches), names):
            absent.update(n for n in names if batch.column(n).null_count)
        return frozenset(absent)
