"""A part of a dataset, reduced on its own: what a cluster sends back instead of rows."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan import bins, cells, stored, values
from govern.scan.bins import Binned
from govern.scan.carried import Carried
from govern.scan.cells import ColumnCells
from govern.scan.kernel import Kernel, events
from govern.scan.request import Columns
from govern.scan.scores import groups
from govern.scan.tally import MOST

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

#: An attribute and one of its groups; both empty for everybody.
Slice = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Cells of some rows. ``scores`` are of each group of each attribute, and of everybody under ``("", "")``.

    ``unfit`` rows have a score that is missing, no number or outside 0 to 1; they are in no bin.
    """

    columns: Mapping[str, ColumnCells] = field(default_factory=dict)
    scores: Mapping[Slice, Binned] = field(default_factory=dict)
    unfit: int = 0

    def __add__(self, other: Part) -> Part:
        """Return both parts as one; the result is the same in whatever order parts are added."""
        return Part(
            columns=_union(self.columns, other.columns, cells.merge),
            scores=_union(self.scores, other.scores, Binned.__add__),
            unfit=self.unfit + other.unfit,
        )


def count(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    columns: Columns,
    *,
    score: str = "",
    thresholds: Sequence[float] = (),
) -> Part:
    """Return the cells of record batches: columns on their grids, and scores in bins where ``score`` names numbers."""
    kernel = Kernel(schema, schema.names, columns.grids)
    scored: dict[Slice, Binned] = {}
    unfit = 0
    for batch in _full(batches):
        event = events(batch.column(columns.label), columns.positive) if columns.label else np.empty(0, np.int64)
        kernel.add(batch, event)
        if score:
            found, bad = _scored(batch, event, columns, score, thresholds)
            scored = dict(_union(scored, found, Binned.__add__))
            unfit += bad
    return Part(columns=kernel.cells(), scores=scored, unfit=unfit)


def total(parts: Iterable[Part]) -> Part:
    """Return all parts as one."""
    return functools.reduce(Part.__add__, parts, Part())


def _full(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of :data:`govern.scan.tally.MOST`, as far as there are so many."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= MOST:
            whole = pa.Table.from_batches(held).combine_chunks().to_batches(MOST)
            held = [part for part in whole if part.num_rows < MOST]
            yield from (part for part in whole if part.num_rows == MOST)
            rows = sum(part.num_rows for part in held)
    if rows:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches(MOST)


def _scored(
    batch: pa.RecordBatch, event: NDArray[np.int64], columns: Columns, score: str, thresholds: Sequence[float]
) -> tuple[dict[Slice, Binned], int]:
    given = values.numbers(batch.column(score))
    fit = (given >= 0) & (given <= 1)
    label = np.zeros(len(given), dtype=np.bool_)
    label[event] = True
    found = {("", ""): bins.binned(label[fit], given[fit], thresholds)}
    for attribute, source in columns.groups.items():
        name, cut = (source, None) if isinstance(source, str) else source
        array = batch.column(name)
        held = Carried(array.type, len(array), few=cut is None, may_lack=True)
        held.add(array)
        of = groups(attribute, held.series(), cut=cut)
        for code, group in enumerate(of.names):
            rows = fit & (of.codes == code)
            found[attribute, group] = bins.binned(label[rows], given[rows], thresholds)
    return found, int((~fit).sum())


def pack(part: Part) -> pa.RecordBatch:
    """Return a part as one row of bytes."""
    import pyarrow as pa

    rows = [
        {"attribute": attribute, "group": group, **{name: column.tolist() for name, column in vars(held).items()}}
        for (attribute, group), held in part.scores.items()
    ]
    packed = [_bytes(stored.pack(part.columns.values())), _bytes(pa.Table.from_pylist(rows, _of_scores()))]
    arrays = [pa.array([column], pa.binary()) for column in packed] + [pa.array([part.unfit], pa.int64())]
    return pa.RecordBatch.from_arrays(arrays, names=["columns", "scores", "unfit"])


def unpack(packed: pa.Table) -> list[Part]:
    """Return the parts that were packed, one in each row."""
    import pyarrow as pa

    found = []
    for row in packed.to_pylist():
        columns, scores = (pa.ipc.open_stream(row[name]).read_all() for name in ("columns", "scores"))
        held: dict[Slice, Binned] = {}
        for entry in scores.to_pylist():
            key = (entry.pop("attribute"), entry.pop("group"))
            limits = np.array(entry.pop("thresholds"), dtype=np.float64)
            held[key] = Binned(**{n: np.array(c, dtype=np.int64) for n, c in entry.items()}, thresholds=limits)
        found.append(Part(columns={c.name: c for c in stored.unpack(columns)}, scores=held, unfit=row["unfit"]))
    return found


def _of_scores() -> pa.Schema:
    import pyarrow as pa

    whole = [(name, pa.list_(pa.int64())) for name in ("bin", "pos", "neg", "of_pos", "of_neg", "squares")]
    return pa.schema(
        [("attribute", pa.string()), ("group", pa.string()), *whole, ("thresholds", pa.list_(pa.float64()))]
    )


def _bytes(held: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, held.schema) as stream:
        stream.write_table(held)
    return bytes(sink.getvalue())


def _union(a: Mapping[Any, Any], b: Mapping[Any, Any], add: Any) -> Mapping[Any, Any]:
    return {key: add(a[key], b[key]) if key in a and key in b else a.get(key, b.get(key)) for key in {**a, **b}}
