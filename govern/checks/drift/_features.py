"""The features that a test and a reference set share: as numbers or as categories, and counted into cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.table import column
from govern.stats.drift import effective_size, equal_mass_edges

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.inputs import Data


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature in both datasets: float64 if ``numeric`` (dates in days), else text; missing is NaN."""

    name: str
    numeric: bool
    reference: pd.Series[Any]
    current: pd.Series[Any]


def shared_features(test: Data, reference: Data) -> list[Feature]:
    """Return the model's declared features as both datasets hold them.

    Raises:
        InputError: one of the datasets lacks a feature (the nearest column is named), or one holds
            numbers where the other holds words.
    """
    found = []
    for name in dict.fromkeys((*test.features, *reference.features)):
        for role, data in (("reference", reference), ("test", test)):
            column(data.frame, name, path=f"the {role} dataset")
        then, now = reference.frame[name], test.frame[name]
        kinds = {_kind(side) for side in (then, now) if side.notna().any()} or {"words"}
        if len(kinds) > 1:
            raise InputError(
                f"the feature {name!r} holds {_kind(then)} in the reference dataset, {_kind(now)} in the test dataset",
                hint="prepare both datasets by the same code",
            )
        kind = kinds.pop()
        found.append(
            Feature(name=name, numeric=kind != "words", reference=_values(then, kind), current=_values(now, kind))
        )
    return found


def rows(data: Data) -> float:
    """Return the effective number of independent rows: fewer than there are, where patients repeat."""
    import pandas as pd

    if data.patient_id is None:
        return float(len(data.frame))
    codes = pd.factorize(column(data.frame, data.patient_id), use_na_sentinel=False)[0]
    return effective_size(codes.astype(np.int64), len(codes))


def cells(feature: Feature, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts of reference and current rows in the same cells, each of shape (cells,).

    Numbers: ``bins`` cells of equal mass in the reference, one below its smallest and one above its
    largest value. Categories, and numbers with no more than ``bins`` values: one cell for each of the ``bins`` most
    frequent, one for the others, one for what the reference never has. Both: a cell for missing values.
    """
    reference, current = feature.reference.dropna(), feature.current.dropna()
    if feature.numeric and reference.nunique() > bins:
        values = reference.to_numpy(dtype=np.float64)
        inner = equal_mass_edges(values, bins)
        edges = np.unique([np.nextafter(values.min(), -np.inf), *inner, values.max()])
        code = [np.searchsorted(edges, s.to_numpy(dtype=np.float64)) for s in (reference, current)]
        size = len(edges) + 1
    else:
        import pandas as pd

        ranked = sorted(reference.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        order = pd.Index([value for value, _ in ranked], dtype=reference.dtype)
        size = min(bins, len(order)) + 2
        code = []
        for series in (reference, current):
            at = order.get_indexer(pd.Index(series))
            code.append(np.where(at < 0, size - 1, np.minimum(at, size - 2)))
    counts = []
    for series, at in zip((feature.reference, feature.current), code, strict=True):
        counts.append(np.append(np.bincount(at, minlength=size), series.isna().sum()).astype(np.float64))
    return counts[0], counts[1]


def _kind(values: pd.Series[Any]) -> str:
    from pandas.api import types

    if types.is_datetime64_any_dtype(values.dtype):
        return "dates"
    return "numbers" if types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype) else "words"


def _values(values: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Return the column as numbers (a date as days since 1970) or as text, with NaN for what is missing."""
    import pandas as pd

    if kind == "words" or values.isna().all():
        text = values.astype(str).astype(object).where(values.notna(), np.nan)
        return text if kind == "words" else pd.Series(np.full(len(values), np.nan))
    if kind == "dates":
        days = (values - pd.Timestamp(0, tz=getattr(values.dtype, "tz", None))) / pd.Timedelta(days=1)
        return days.reset_index(drop=True)
    return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
