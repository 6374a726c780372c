"""Who is who, and which row is which: identifiers and rows that can be compared across files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.inputs import Data

#: How many row numbers a finding lists.
EXAMPLES = 20


def patients(data: Data) -> NDArray[np.int64] | None:
    """Return codes of each row's patient, shape (n,), or ``None`` where no identifier is declared.

    Rows without an identifier count as one patient, which is the cautious end.
    """
    import pandas as pd

    from govern.scan.patients import identifiers
    from govern.scan.table import column

    if data.patient_id is None:
        return None
    column(data.frame, data.patient_id)
    return pd.factorize(identifiers(data.frame[data.patient_id]), use_na_sentinel=False)[0].astype(np.int64)


def same_rows(frames: Sequence[pd.DataFrame]) -> list[NDArray[np.int64]]:
    """Return codes of the rows of frames with the same columns: equal rows, in whichever frame, have equal codes.

    A missing value equals a missing value.
    """
    import pandas as pd

    both = pd.concat(frames, ignore_index=True)
    codes = np.zeros(len(both), dtype=np.int64)
    for name in both.columns:
        column = pd.factorize(both[name], use_na_sentinel=False)[0].astype(np.int64)
        codes = pd.factorize(codes * (column.max() + 1) + column)[0].astype(np.int64)
    return np.split(codes, np.cumsum([len(f) for f in frames])[:-1])
