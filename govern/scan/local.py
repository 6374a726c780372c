"""The scan on one machine: every row of a file is read once, in batches, by a few threads and bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan import patients, table, values
from govern.scan import source as sources
from govern.scan.carried import Carried
from govern.scan.cells import SAMPLE, ColumnCells, Grid, Identity
from govern.scan.dataset import Data
from govern.scan.grid import choose
from govern.scan.kernel import Kernel, events
from govern.scan.request import Columns
from govern.scan.sample import positions

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from govern.scan.source import Source

#: Rows from which grids are chosen.
_LOOK = 20_000
#: Share of a column's rows outside a grid that was chosen from a look, above which it is chosen again.
_OUTSIDE = 0.03


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one pass over a dataset leaves.

    ``carried`` are values of all rows, in their order: words, truth values, the label and groups that are not cut from
    numbers as Categorical, missing ones NaN. ``predicted`` is what the model made of each row, shape (rows,), and
    ``None`` where there was no model.
    """

    data: Data
    carried: Mapping[str, pd.Series[Any]]
    predicted: NDArray[Any] | None = None


def scan(
    source: Path | pa.Table | pd.DataFrame,
    columns: Columns,
    *,
    predict: Callable[[pd.DataFrame], NDArray[Any]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Scan:
    """Read a dataset once and return what is left of it.

    ``predict`` is called with a frame of the features of one batch after the other, in order and never by two
    threads at once. ``progress`` is told the share of rows that are done, 0 to 1.

    Raises:
        InputError: the file is absent, damaged or no table, or lacks a column that is asked for.
    """
    import pyarrow as pa

    opened = sources.open_source(source)
    names = table.data_columns(opened.schema.names)
    wanted = named(columns)
    for name in wanted:
        table.known(names, name, path=opened.where)
    names = names if columns.whole else [name for name in names if name in wanted]
    chosen = _chosen(opened, [n for n in names if n not in columns.grids]) if opened.rows > columns.exact_rows else {}
    rows = _Rows(opened, columns, predict, progress)
    counted = _count(opened, names, columns, {**columns.grids, **chosen}, rows)
    if unfit := [name for name in chosen if _is_unfit(counted[name])]:
        sampled = rows.sampled()
        better = {name: choose(values.numbers(sampled.column(name).combine_chunks())) for name in unfit}
        counted |= _count(opened, unfit, columns, better)
    found = rows.finish({name: counted[name] for name in names})
    pa.default_memory_pool().release_unused()
    return found


def dataset(
    source: Path | pa.Table | pd.DataFrame,
    *,
    label: str = "",
    positive: object = None,
    features: Sequence[str] = (),
    patient_id: str = "",
    time: str = "",
    groups: Sequence[str] = (),
    grids: Mapping[str, Grid] | None = None,
) -> Data:
    """Return a dataset, scanned; the arguments are those of :class:`govern.scan.request.Columns`.

    Raises:
        InputError: as :func:`scan`.
    """
    columns = Columns(
        label=label,
        positive=positive,
        features=tuple(features),
        patient_id=patient_id,
        time=time,
        groups={name: name for name in groups},
        grids=grids or {},
    )
    return scan(source, columns).data


def _count(
    source: Source,
    names: Sequence[str],
    columns: Columns,
    grids: Mapping[str, Grid],
    rows: _Rows | None = None,
) -> dict[str, ColumnCells]:
    """Return the cells of these columns; ``rows`` keeps what is wanted of each row."""
    kernels = [
        Kernel(source.schema, part, grids, inputs=(columns.label, *columns.features), apart=(columns.patient_id,))
        for part in _split(names, sources.processors())
    ]
    read = list(dict.fromkeys([*names, *([columns.label] if columns.label else [])]))
    start = 0
    with ThreadPoolExecutor(len(kernels)) as pool:
        for batch in _ahead(source.batches(read)):
            event = np.empty(0, dtype=np.int64)
            if columns.label:
                event = events(batch.column(columns.label), columns.positive)
            adding = [pool.submit(kernel.add, batch, event) for kernel in kernels]
            if rows is not None:
                rows.add(start, batch)  # meanwhile, the model's answers among them
            sums = [added.result() for added in adding]
            if rows is not None:
                rows.add_codes(start, sums)
            start += batch.num_rows
    return {name: cells for kernel in kernels for name, cells in kernel.cells().items()}


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the batches, each read while the one before is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _chosen(source: Source, names: Sequence[str]) -> dict[str, Grid]:
    """Return grids for the columns of numbers and dates, from a look at some rows."""
    of_numbers = [name for name in names if values.kind(source.schema.field(name).type) != "words"]
    if not of_numbers:
        return {}
    look = source.look(of_numbers, _LOOK)
    return {name: choose(values.numbers(look.column(name).combine_chunks())) for name in of_numbers}


def _is_unfit(cells: ColumnCells) -> bool:
    """Whether too many rows lie outside a column's grid: those that were looked at were not like the others."""
    if cells.grid is None or cells.sums is None:
        return False
    outside = (cells.sums.place == 0) | (cells.sums.place > cells.grid.cells)
    return bool(cells.count[outside].sum() > _OUTSIDE * cells.count.sum())


def named(columns: Columns) -> list[str]:
    """Return every column that the request names."""
    named = (columns.label, *columns.features, columns.patient_id, columns.time, *_of_groups(columns), *columns.carried)
    return [name for name in dict.fromkeys(named) if name]


def _of_groups(columns: Columns) -> list[str]:
    return [source if isinstance(source, str) else source[0] for source in columns.groups.values()]


def _split(names: Sequence[str], parts: int) -> list[list[str]]:
    """Return the names in so many lists of nearly equal size, none of them empty."""
    return [list(names[i::parts]) for i in range(min(parts, len(names)))]


class _Rows:
    """What is kept of each row: values that are carried, codes, predictions; and some whole rows."""

    def __init__(
        self,
        source: Source,
        columns: Columns,
        predict: Callable[[pd.DataFrame], NDArray[Any]] | None,
        progress: Callable[[float], None] | None,
    ) -> None:
        from pyarrow import types

        self._source, self._columns, self._predict, self._progress = source, columns, predict, progress
        self._all = np.empty(source.rows, dtype=np.uint64)
        self._inputs = np.empty(source.rows, dtype=np.uint64) if columns.features else None
        self._patients = np.empty(source.rows, dtype=np.uint64) if columns.patient_id else None
        self._places = positions(source.rows, SAMPLE)
        self._sampled: list[pa.RecordBatch] = []
        self._predicted: list[NDArray[Any]] = []
        kept = dict.fromkeys((*columns.carried, *_of_groups(columns)))
        # Labels and groups have few values, and are named by them: 1 is "1" whether or not another is missing.
        few = {columns.label, *(name for name in columns.groups.values() if isinstance(name, str))}
        whole = [f.name for f in source.schema if types.is_integer(f.type)]
        self._float = source.with_missing(whole)
        self._carried = {
            name: Carried(source.schema.field(name).type, source.rows, few=name in few, may_lack=name in self._float)
            for name in kept
        }

    def add_codes(self, start: int, sums: Sequence[tuple[NDArray[np.uint64], NDArray[np.uint64]]]) -> None:
        """Keep the codes of a batch whose first row is at ``start``: sums over parts of its inputs and of the rest."""
        here = slice(start, start + len(sums[0][0]))
        self._all[here] = 0
        for of_inputs, _ in sums:
            self._all[here] += of_inputs
        if self._inputs is not None:
            self._inputs[here] = self._all[here]
        for _, rest in sums:
            self._all[here] += rest
        if self._progress is not None:
            self._progress(here.stop / self._source.rows)

    def add(self, start: int, batch: pa.RecordBatch) -> None:
        """Keep what is wanted of a batch whose first row is at ``start``, and ask the model."""
        here = slice(start, start + batch.num_rows)
        if self._patients is not None:
            self._patients[here] = patients.codes(batch.column(self._columns.patient_id))
        for name, carried in self._carried.items():
            carried.add(batch.column(name))
        low, high = np.searchsorted(self._places, (here.start, here.stop))
        if low < high:
            self._sampled.append(batch.take(self._places[low:high] - start))
        if self._predict is not None:
            frame = self._frame([batch.select(list(self._columns.features))])
            predicted = np.asarray(self._predict(frame))
            if predicted.shape[:1] != (len(frame),):
                found = predicted.shape[0] if predicted.ndim else 1
                raise InputError(
                    f"the model gave {found} scores for {len(frame)} rows", hint="one score a row was expected"
                )
            self._predicted.append(predicted)

    def sampled(self) -> pa.Table:
        """Return the rows that were drawn."""
        import pyarrow as pa

        return pa.Table.from_batches(self._sampled)

    def finish(self, counted: Mapping[str, ColumnCells]) -> Scan:
        """Return everything that was kept, with these cells."""
        columns = self._columns
        data = Data(
            rows=self._source.rows,
            columns=counted,
            drawn=self._frame(self._sampled).set_axis(self._places, axis=0),
            codes=Identity(all=self._all, inputs=self._inputs),
            features=columns.features,
            label=columns.label or None,
            patient_id=columns.patient_id or None,
            patients=self._patients,
            time=columns.time or None,
            groups=tuple(dict.fromkeys(_of_groups(columns))),
        )
        carried = {name: held.series().rename(name) for name, held in self._carried.items()}
        return Scan(data=data, carried=carried, predicted=np.concatenate(self._predicted) if self._predict else None)

    def _frame(self, batches: Sequence[pa.RecordBatch]) -> pd.DataFrame:
        """Return rows as pandas has them; a column has one type in every batch of it."""
        import pyarrow as pa

        read = pa.Table.from_batches(batches)
        for i, field in enumerate(read.schema):
            stored = self._source.schema.field(field.name).type
            if field.name in self._float:
                stored = pa.float64()
            if stored != field.type:
                read = read.set_column(i, field.name, read.column(i).cast(stored, safe=False))
        frame: pd.DataFrame = read.to_pandas(ignore_metadata=True)
        return frame
