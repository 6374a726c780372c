"""Who is who: patient identifiers that can be compared across files and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def identifiers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return patient identifiers as text by which the same patient is the same text, and NaN where missing.

    ``1``, ``1.0``, ``"1"``, ``" 01"`` and ``"1.0"`` are one patient, as are ``"a7"`` and ``"A7"``: a file format
    changes an identifier in these ways, and two patients whose identifiers differ only so are not expected.
    """
    import pandas as pd

    missing = column.isna()
    if pd.api.types.is_float_dtype(column.dtype):
        whole = column.fillna(0)
        if ((whole % 1 == 0) & (whole.abs() < 2**63)).all():
            column = whole.astype("int64")
    text = column.astype(str).str.normalize("NFKC").str.strip().str.casefold()
    text = text.str.replace(r"^(\d+)\.0+$", r"\1", regex=True).str.replace(r"^0+(?=\d+$)", "", regex=True)
    return text.astype(object).where(~missing & (text != ""), np.nan)
