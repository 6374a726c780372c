"""Rows of the test set whose inputs are changed, and how the model's answers change with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.stats.clusters import effective, repeated
from govern.stats.proportion import Interval, wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.inputs import Model
    from govern.scan.dataset import Data

#: Patients below which nothing is concluded.
FEW = 20
_WIDEST = 2.0**62


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Sampled rows: the model's inputs, a frame of n rows, and the code of each row's patient where one repeats."""

    inputs: pd.DataFrame
    patient: NDArray[np.int64] | None

    @property
    def patients(self) -> int:
        """Number of patients among the rows."""
        return len(self.inputs) if self.patient is None else int(self.patient.max()) + 1


def sampled(model: Model, test: Data, seed: int, rows: int) -> Rows:
    """Return at most ``rows`` rows of the test dataset's sample, drawn with ``seed``, in their order.

    Raises:
        InputError: the model has no inputs, the dataset no rows, or a patient identifier is missing.
    """
    from govern.scan.scores import patient_codes

    there = len(test.sample)
    if there == 0 or not model.features:
        raise InputError("there is nothing to change: no rows, or no inputs", hint="declare the model's features")
    places = np.sort(np.random.default_rng(seed).permutation(there)[:rows])
    taken = test.sample.iloc[places].reset_index(drop=True)
    who = None if test.patient_id is None else repeated(patient_codes(taken[test.patient_id].to_numpy()))
    return Rows(inputs=taken[list(model.features)], patient=who)


def answers(model: Model, frames: Sequence[pd.DataFrame]) -> list[NDArray[np.float64]]:
    """Return the risk of each row of each frame; the model is asked once for all of them.

    Raises:
        InputError: the model fails, or does not give one finite risk a row.
    """
    import pandas as pd

    asked = pd.concat(frames, ignore_index=True)
    risk = np.asarray(model.predict(asked), dtype=np.float64)
    if risk.shape != (len(asked),) or not np.isfinite(risk).all():
        raise InputError(f"one finite risk for each of {len(asked)} rows was expected, found shape {risk.shape}")
    return np.split(risk, np.cumsum([len(f) for f in frames])[:-1])


def each(model: Model, frames: Sequence[pd.DataFrame]) -> list[NDArray[np.float64] | str]:
    """Return the risks of each frame, or why the model does not answer it.

    The model is asked once for all of them, and where it fails once for each.
    """
    try:
        return list(answers(model, frames))
    except Exception:  # whatever a model fails of; which of the frames it was is found by asking again
        return [_answer(model, frame) for frame in frames]


def _answer(model: Model, frame: pd.DataFrame) -> NDArray[np.float64] | str:
    try:
        return answers(model, [frame])[0]
    except Exception as e:  # a model that fails is what is to be found out here
        return f"{type(e).__name__}: {e}"[:200]


def share(hit: NDArray[np.bool_], patient: NDArray[np.int64] | None) -> tuple[float, Interval]:
    """Return the share of rows that are hit, with Wilson's 95 % limits on the effective sample size."""
    return float(hit.mean()), wilson(*effective(hit, patient))


def mean(change: NDArray[np.float64], patient: NDArray[np.int64] | None) -> tuple[float, Interval]:
    """Return the mean of changes in [0, 1], with the limits of Student's t over patients.

    Where all changes are the same they show no variance; the limits are then Wilson's, as if each change were
    all or nothing, which no mean of numbers in [0, 1] exceeds in variance.
    """
    from govern.stats.mean import student

    value = float(change.mean())
    limits = student(change, patient)
    if limits is None:
        n = len(change) if patient is None else int(patient.max()) + 1
        return value, wilson(value * n, n)
    return value, (max(limits[0], 0.0), min(limits[1], 1.0))


def numbers(data: Data, name: str) -> bool:
    """Whether a column holds numbers (dates, words and yes/no are none)."""
    from pandas.api.types import is_bool_dtype

    return data.columns[name].kind == "numbers" and not is_bool_dtype(data.sample[name].dtype)


def whole(values: NDArray[np.float64]) -> bool:
    """Whether all values that are there are whole numbers."""
    return bool((np.mod(values[np.isfinite(values)], 1) == 0).all())


def replaced(column: pd.Series[Any], values: NDArray[np.float64]) -> pd.Series[Any]:
    """Return a column of numbers with other values, in its own kind of type; what was missing stays missing.

    A column of whole numbers gets whole ones: that is how it is recorded.
    """
    import pandas as pd
    from pandas.api.types import is_integer_dtype

    before = as_floats(column)
    if whole(before):
        values = np.round(values)
    dtype: Any = column.dtype
    changed = pd.Series(np.where(np.isfinite(before), values, before), index=column.index)
    if is_integer_dtype(dtype):
        changed = changed.clip(-_WIDEST, _WIDEST)
        dtype = "Int64" if column.isna().any() else "int64"  # ten times what an int8 holds is no int8
    return changed.astype(dtype)


def as_floats(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column of numbers as float64, NaN where missing."""
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
