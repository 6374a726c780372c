"""A dataset as checks see it: reduced, with a sample of whole rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells, Identity


@dataclass(frozen=True, kw_only=True)
class Data:
    """A dataset as checks see it: all of its rows counted into cells, and a sample of whole rows.

    ``columns`` holds the cells of every column that was scanned, the model's inputs (``features``), the label,
    the groups and the time among them. ``sample`` holds whole rows with all columns: all of them where there are
    at most :data:`govern.scan.cells.SAMPLE`, else that many, drawn by a hash of their place, which ``sample_rows`` are
    (ascending, from 0; ``None`` where they are not known). ``identity`` are codes
    by which equal rows can be found, in other datasets too; ``patients`` are codes of each row's patient, shape
    (rows,), 0 where it is missing, and ``None`` where no patient column is declared.
    """

    rows: int
    columns: Mapping[str, ColumnCells]
    sample: pd.DataFrame
    identity: Identity
    features: tuple[str, ...] = ()
    label: str | None = None
    patient_id: str | None = None
    patients: NDArray[np.uint64] | None = None
    time: str | None = None
    groups: tuple[str, ...] = ()
    sample_rows: NDArray[np.int64] | None = None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Scores and labels of the test set as they came, for checks that say what is wrong with them.

    ``score`` is float64, NaN where it is missing or no number; ``label`` are texts in their normal form, ``None``
    where missing. Both of shape (n,).
    """

    score: NDArray[np.float64]
    label: NDArray[np.object_]
