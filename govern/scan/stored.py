"""Cells as an Arrow table: between machines, and in a file beside a reference that then need not be read again."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.files import replace
from govern.scan import cells, table
from govern.scan.cells import ColumnCells, Grid, Gridded, Lost
from govern.scan.sound import unsound

if TYPE_CHECKING:
    import pyarrow as pa

    from govern.scan.dataset import Data

#: What is added to the name of a data file for the file of its cells.
SUFFIX = ".cells"
_FORMAT = b"govern/cells/1"


def write(path: Path, data: Data, digest: str) -> None:
    """Write a dataset's cells to a Parquet file with the digest of the bytes that they were counted in.

    Equal cells give equal bytes. No row is written, and nothing of the patients' column. A large dataset takes some
    megabytes; a small one, every value of which is a cell, as much as the dataset itself.
    """
    from pyarrow import parquet

    packed = pack(c for name, c in data.columns.items() if name != data.patient_id)
    packed = packed.replace_schema_metadata({b"format": _FORMAT, b"digest": digest.encode()})
    buffer = io.BytesIO()
    parquet.write_table(packed, buffer, compression="zstd")
    replace(path, buffer.getvalue())


def is_cells(path: Path) -> bool:
    """Whether a file holds cells and not rows."""
    return path.name.endswith(SUFFIX)


def read(path: Path, digest: str | None = None) -> dict[str, ColumnCells]:
    """Return the cells of each column, equal to what :func:`write` was given.

    Raises:
        InputError: the file is absent or damaged, no file of cells, of other data than what has this ``digest``, or
            holds what cannot have been counted.
    """
    from pyarrow import parquet

    if table.kind(path) != "Parquet":
        raise InputError(f"{path}: no file of cells", hint="snapshot the reference again")
    with table.readable(path, "Parquet"):
        found = parquet.read_table(path)
    facts = found.schema.metadata or {}
    if facts.get(b"format") != _FORMAT or found.schema.names != schema().names:
        raise InputError(f"{path}: no file of cells", hint="snapshot the reference again")
    if digest is not None and facts.get(b"digest") != digest.encode():
        raise InputError(f"{path}: cells of other data", hint="snapshot the reference again")
    with table.readable(path, "Parquet"):
        found = found.cast(schema())
    try:
        columns = unpack(found)
    except InputError as e:
        raise InputError(f"{path}: {e.message}", hint=e.hint) from None
    # Events of infinite values are not counted; of all others, every column has the same ones.
    events = {int(column.events.sum()) + column.missing_events for column in columns if not column.infinite}
    alike = len({column.rows for column in columns}) <= 1 and len(events) <= 1
    if not alike or len({column.name for column in columns}) < len(columns):
        raise InputError(f"{path}: its columns are not of the same rows", hint="snapshot the reference again")
    return {column.name: column for column in columns}


def schema() -> pa.Schema:
    """Return the columns of a packed table: one row for each column of the data."""
    import pyarrow as pa

    numbers, whole = pa.list_(pa.float64()), pa.list_(pa.int64())
    grid = pa.struct([("low", pa.float64()), ("high", pa.float64()), ("cells", pa.int64()), ("logarithm", pa.bool_())])
    return pa.schema(
        [
            ("name", pa.string()),
            ("kind", pa.string()),
            ("numbers", numbers),
            ("words", pa.list_(pa.string())),
            ("count", whole),
            ("events", whole),
            ("missing", pa.int64()),
            ("missing_events", pa.int64()),
            ("infinite", pa.int64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("grid", grid),
            ("place", whole),
            ("part", whole),
            # Sums and sums of squares below and above the grid: whole numbers of any size.
            ("tails", pa.list_(pa.string())),
        ]
    )


def pack(columns: Iterable[ColumnCells]) -> pa.Table:
    """Return columns as a table of :func:`schema`."""
    import pyarrow as pa

    return pa.Table.from_pylist([_row(column) for column in columns], schema())


def unpack(packed: pa.Table) -> list[ColumnCells]:
    """Return the columns of a table of :func:`schema`, equal to those that were packed."""
    return [_column(row) for row in packed.to_pylist()]


def _row(column: ColumnCells) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(column, name) for name in ("name", "kind", "missing", "missing_events", "infinite")
    }
    row |= {"count": column.count, "events": column.events}
    if column.grid is not None and column.sums is not None:
        sums = column.sums
        row |= {"grid": vars(column.grid), "place": sums.place, "part": sums.part}
        row |= {"low": column.low, "high": column.high}
        return row | {"tails": [str(x) for x in (*sums.below, *sums.above)]}
    return row | {"words" if column.kind == "words" else "numbers": column.value.tolist()}


def _column(row: dict[str, Any]) -> ColumnCells:
    """Return a column that is found to be sound.

    Raises:
        InputError: what is written of it cannot have been counted.
    """
    try:
        if wrong := unsound(row):
            raise InputError(f"the cells of {row['name']!r}: {wrong}", hint="snapshot the reference again")
        return _made(row)
    except (TypeError, ValueError, OverflowError) as e:  # something is absent, or no number
        raise InputError(f"the cells of {row['name']!r}: {e}", hint="snapshot the reference again") from None


def _made(row: dict[str, Any]) -> ColumnCells:
    name, kind = row["name"], row["kind"]
    count, events = (np.array(row[side], dtype=np.int64) for side in ("count", "events"))
    lost = Lost(missing=row["missing"], missing_events=row["missing_events"], infinite=row["infinite"])
    if row["grid"] is not None:
        below, below_squares, above, above_squares = map(int, row["tails"])
        sums = Gridded(
            place=np.array(row["place"], dtype=np.int64),
            part=np.array(row["part"], dtype=np.int64),
            below=(below, below_squares),
            above=(above, above_squares),
        )
        return cells.gridded(name, kind, Grid(**row["grid"]), sums, count, events, row["low"], row["high"], lost)
    if kind == "words":
        return cells.words(name, row["words"], count, events, lost)
    return cells.exact(name, kind, np.array(row["numbers"], dtype=np.float64), count, events, lost)
