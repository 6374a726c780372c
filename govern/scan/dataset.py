"""A dataset as checks see it: reduced, with a sample of whole rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govern.errors import UnavailableError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells, Identity

_NO_ROWS = "the check compares rows, and only cells of this dataset are known"


@dataclass(frozen=True, kw_only=True)
class Data:
    """A dataset as checks see it: all of its rows counted into cells, and a sample of whole rows.

    ``columns`` holds the cells of every column that was scanned, the model's inputs (``features``), the label,
    the groups and the time among them. ``patients`` are codes of each row's patient, shape (rows,), 0 where it is
    missing, and ``None`` where no patient column is declared. Of cells that were stored and read again, no rows are
    known: there is neither a sample nor a code of any.
    """

    rows: int
    columns: Mapping[str, ColumnCells]
    #: See :attr:`sample` and :attr:`identity`.
    drawn: pd.DataFrame | None = None
    codes: Identity | None = None
    features: tuple[str, ...] = ()
    label: str | None = None
    patient_id: str | None = None
    patients: NDArray[np.uint64] | None = None
    time: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def sample(self) -> pd.DataFrame:
        """Whole rows with all columns, by their places: all rows, or :data:`govern.scan.cells.SAMPLE` drawn by hash.

        Raises:
            UnavailableError: only cells of this dataset are known.
        """
        if self.drawn is None:
            raise UnavailableError(_NO_ROWS, hint="give the data file itself, not its cells")
        return self.drawn

    @property
    def identity(self) -> Identity:
        """Codes of all rows by which equal ones can be found, in other datasets too.

        Raises:
            UnavailableError: only cells of this dataset are known.
        """
        if self.codes is None:
            raise UnavailableError(_NO_ROWS, hint="give the data file itself, not its cells")
        return self.codes


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Scores and labels of the test set as they came, for checks that say what is wrong with them.

    ``score`` is float64, NaN where it is missing or no number; ``label`` are texts in their normal form, ``None``
    where missing, or categories of them. Both of shape (n,), without the ``declared`` rows of which the project says
    that the reference standard is equivocal or that the input was rejected. ``kept`` says which rows of the test set
    these are, shape (rows,), ``None`` where all of them; ``positive`` is the label that the project names as the event,
    in its normal form.
    """

    score: NDArray[np.float64]
    label: NDArray[np.object_] | pd.Categorical[Any]
    declared: int = 0
    kept: NDArray[np.bool_] | None = None
    positive: str | None = None
