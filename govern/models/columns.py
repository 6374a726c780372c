"""A table fitted to a model's signature: its columns, in its order, in its types, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    import pandas as pd


def fit(frame: pd.DataFrame, schema: Any) -> Any:
    """Return ``frame`` as a model with input ``schema`` (mlflow.types.Schema) takes it.

    CSV files do not keep types, and MLflow refuses what it calls unsafe: whole numbers become
    floating point where the schema says so, and the reverse where every value is whole. An integer
    column with missing values stays float64: MLflow's own enforcement refuses it, a native model
    may impute it. A tensor schema gives an array of shape (n, k).

    Raises:
        InputError: a column is missing, or its values do not fit its type.
    """
    import pandas as pd

    if schema.is_tensor_spec():
        return _tensor(frame, schema)
    if not schema.has_input_names():
        if len(frame.columns) != len(schema.inputs):
            raise InputError(
                f"the model takes {len(schema.inputs)} columns, the data has {len(frame.columns)} features",
                hint="list exactly the model's features, in its order, under `data.features`",
            )
        names = list(frame.columns)
    else:
        names = [s.name for s in schema.inputs if s.required or s.name in frame.columns]
    for name in names:
        if name not in frame.columns:
            raise InputError(
                f"the model needs the column {name!r}, which is not among the features of the data",
                hint=f"{nearest(name, frame.columns)}; add it under `data.features`",
            )
    kinds = {s.name: s.type for s in schema.inputs} if schema.has_input_names() else {}
    types = [kinds[n] for n in names] if kinds else [s.type for s in schema.inputs]
    fitted = {n: _column(n, frame[n], getattr(t, "name", "")) for n, t in zip(names, types, strict=True)}
    return pd.DataFrame(fitted, index=frame.index)


def _tensor(frame: pd.DataFrame, schema: Any) -> Any:
    if len(schema.inputs) > 1 or schema.has_input_names():
        raise InputError(
            "the model takes named arrays, and one table was expected", hint="log it with a signature of columns"
        )
    spec = schema.inputs[0]
    if len(spec.shape) != 2 or spec.shape[1] not in (-1, frame.shape[1]):
        raise InputError(
            f"the model takes an array of shape {spec.shape}, the data has {frame.shape[1]} features",
            hint="list exactly the model's features, in its order, under `data.features`",
        )
    try:
        return frame.to_numpy(dtype=spec.type)
    except (TypeError, ValueError) as e:
        raise InputError(f"the features are not all numbers: {e}", hint="log the model with named columns") from None


def _column(name: str, values: pd.Series[Any], wanted: str) -> pd.Series[Any]:
    """Return one column in the MLflow type ``wanted``; types without a rule here pass as they are."""
    import pandas as pd

    kind = values.dtype.kind
    empty = bool(values.isna().all())
    if wanted in ("double", "float"):
        if kind in "iuf" or empty:
            return values.astype(np.float64 if wanted == "double" else np.float32)
    elif wanted in ("long", "integer"):
        if empty or (kind == "f" and values.isna().any()):
            return values.astype(np.float64)
        if kind in "iuf":
            return _whole(name, values, np.dtype(np.int64 if wanted == "long" else np.int32))
    elif wanted == "boolean":
        if kind in "iuf" and values.isin([0, 1]).all():
            return values.astype(bool)
        if kind == "b":
            return values
    elif wanted == "string":
        if empty:
            return values.astype(object)
        if values.dtype.name == "category":
            values = values.astype(values.cat.categories.dtype)
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            return values
    else:
        return values
    bad = values.dropna().iloc[0]
    raise InputError(
        f"the model takes {wanted} in the column {name!r}, the data holds {values.dtype} such as {str(bad)[:40]!r}",
        hint="give the data that the model was made for, or log the model with the signature of this data",
    )


def _whole(name: str, values: pd.Series[Any], dtype: np.dtype[Any]) -> pd.Series[Any]:
    limits = np.iinfo(dtype)
    bad = values[(values % 1 != 0) | (values < limits.min) | (values > limits.max)]
    if len(bad):
        raise InputError(
            f"the model takes whole numbers ({dtype}) in the column {name!r}, the data holds {bad.iloc[0]}",
            hint="log the model with a signature that says double for this column",
        )
    return values.astype(dtype)
