"""The features that two datasets share: as numbers or as categories, and counted into cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError, PolicyError
from govern.scan.table import column
from govern.stats.drift import effective_size, numeric_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.inputs import Data

#: What is larger has no finite square, so neither a standard deviation.
_LARGEST = 1e150


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
        InputError: as :func:`comparable`.
    """
    found = []
    for name in dict.fromkeys((*test.features, *reference.features)):
        kind, (then, now) = comparable(name, {"reference": reference, "test": test})
        found.append(Feature(name=name, numeric=kind != "words", reference=then, current=now))
    return found


def comparable(name: str, datasets: Mapping[str, Data]) -> tuple[str, list[pd.Series[Any]]]:
    """Return whether a column holds numbers, dates or words, and its values in each dataset, by which to compare them.

    Numbers are float64, dates days since 1970, anything else text; what is missing is NaN.

    Raises:
        InputError: one of the datasets lacks the column (the nearest is named), one holds numbers where
            the other holds words, or a number is infinite.
    """
    for role, data in datasets.items():
        column(data.frame, name, path=f"the {role} dataset")
    sides = {role: data.frame[name] for role, data in datasets.items()}
    kinds = {_kind(side) for side in sides.values() if side.notna().any()} or {"words"}
    if len(kinds) > 1:
        found = ", ".join(f"{_kind(side)} in the {role} dataset" for role, side in sides.items())
        raise InputError(f"the column {name!r} holds {found}", hint="prepare both datasets by the same code")
    kind = kinds.pop()
    return kind, [_values(side, kind, f"the {role} dataset") for role, side in sides.items()]


def rows(data: Data) -> float:
    """Return the effective number of independent rows: fewer than there are, where patients repeat."""
    from govern.checks.data._identity import patients

    return effective_size(patients(data), len(data.frame))


def finite(check: str, **params: float) -> None:
    """Refuse parameters with which every comparison, or none, would hold.

    Raises:
        PolicyError: a parameter is infinite or no number.
    """
    for name, value in params.items():
        if not np.isfinite(value):
            raise PolicyError(f"{check}: {name} is {value}, a finite number is needed", hint="leave it out")


def cells(feature: Feature, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts of reference and current rows in the same cells, each of shape (cells,).

    Numbers: those of :func:`govern.stats.drift.numeric_cells`. Categories: one cell for each of the ``bins`` most
    frequent, one for the others, one for what the reference never has. Both: a cell for missing values.
    """
    reference, current = feature.reference.dropna(), feature.current.dropna()
    if feature.numeric:
        counts = list(numeric_cells(reference.to_numpy(np.float64), current.to_numpy(np.float64), bins)[1:])
    else:
        import pandas as pd

        ranked = sorted(reference.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        order = pd.Index([value for value, _ in ranked], dtype=reference.dtype)
        size = min(bins, len(order)) + 2
        counts = []
        for series in (reference, current):
            at = order.get_indexer(pd.Index(series))
            at = np.where(at < 0, size - 1, np.minimum(at, size - 2))
            counts.append(np.bincount(at, minlength=size).astype(np.float64))
    return np.append(counts[0], feature.reference.isna().sum()), np.append(counts[1], feature.current.isna().sum())


def _kind(values: pd.Series[Any]) -> str:
    from pandas.api import types

    if types.is_datetime64_any_dtype(values.dtype):
        return "dates"
    return "numbers" if types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype) else "words"


def _values(values: pd.Series[Any], kind: str, where: str) -> pd.Series[Any]:
    """Return the column as numbers (a date as days since 1970) or as text, with NaN for what is missing."""
    import pandas as pd

    if kind == "words" or values.isna().all():
        text = values.astype(str).astype(object).where(values.notna(), np.nan)
        return text if kind == "words" else pd.Series(np.full(len(values), np.nan))
    if kind == "dates":
        days = (values - pd.Timestamp(0, tz=getattr(values.dtype, "tz", None))) / pd.Timedelta(days=1)
        return days.reset_index(drop=True)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    endless = int((np.abs(numbers) > _LARGEST).sum())
    if endless:
        raise InputError(
            f"{where}: the column {values.name!r} holds {endless} infinite values",
            hint="find the division by zero or the overflow that made them; where a value is not known, leave it empty",
        )
    return pd.Series(numbers)
