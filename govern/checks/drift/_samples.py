"""Seeded samples of whole rows, as tables that other software can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.dataset import Data


def sampled(data: Data, sample: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of at most ``sample`` rows of ``data.sample``, ascending, drawn without replacement."""
    n = len(data.sample)
    return np.sort(rng.choice(n, min(n, sample), replace=False))


def table(data: Data, kinds: Mapping[str, str], places: NDArray[np.int64] | slice = slice(None)) -> pd.DataFrame:
    """Return columns of the sampled rows at these places, given which of them hold ``words``.

    Numbers and dates (as days) are float64, all else text; what is missing is NaN.
    """
    import pandas as pd

    rows = data.sample.iloc[places]
    return pd.DataFrame({name: _values(rows[name], kind) for name, kind in kinds.items()})


def _values(values: pd.Series[Any], kind: str) -> NDArray[Any]:
    import pandas as pd

    missing = values.isna()
    if kind == "words":
        return values.astype(str).astype(object).where(~missing, np.nan).to_numpy(dtype=object)
    if missing.all():
        return np.full(len(values), np.nan)
    if kind == "dates":
        values = (values - pd.Timestamp(0, tz=getattr(values.dtype, "tz", None))) / pd.Timedelta(days=1)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)
