"""Datasheet facts of a data file, a column at a time, so that a file may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.scan import table
from govern.scan.patients import identifiers
from govern.types import Column

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Rows, columns in their order, and distinct patients (``None`` where no patient column is declared)."""

    rows: int
    columns: tuple[Column, ...]
    patients: int | None


def facts(path: Path, patient_id: str | None) -> Facts:
    """Return the facts of a data file.

    Raises:
        InputError: it is no readable table, or lacks the patient column, so that repeated patients could not be seen.
    """
    names = table.names(path)
    if patient_id is not None:
        table.known(names, patient_id, path=path)
    rows, patients, columns = 0, None, []
    for name, values in _columns(path):
        rows = len(values)
        columns.append(_column(name, values))
        if name == patient_id:
            patients = int(identifiers(values).nunique())
    return Facts(rows=rows, columns=tuple(columns), patients=patients)


def _columns(path: Path) -> Iterator[tuple[str, pd.Series[Any]]]:
    for name, column in table.columns(path):
        yield name, column.to_pandas()


def _column(name: str, values: pd.Series[Any]) -> Column:
    import pyarrow as pa

    schema = pa.Schema.from_pandas(values.to_frame(name), preserve_index=False)
    return Column(
        name=name, type=str(schema.field(name).type), missing=int(values.isna().sum()), distinct=_distinct(values)
    )


def _distinct(values: pd.Series[Any]) -> int:
    """Return the number of distinct values, missing ones apart; nested values count by their text."""
    try:
        return int(values.nunique())
    except TypeError:
        return int(values.dropna().astype(str).nunique())
