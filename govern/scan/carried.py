"""Columns of which the values of all rows are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan import values

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray


class Carried:
    """The values of one column, batch by batch, in as little memory as they need.

    Words, and a column of few values, are places among those that occur.
    """

    def __init__(self, type: pa.DataType, rows: int, *, few: bool, may_lack: bool) -> None:  # noqa: A002
        """``few``: numbers too are places; ``may_lack``: a value may be missing, so whole numbers are floats."""
        from pyarrow import types

        kind = values.kind(type)
        self._number: NDArray[Any] | None = None
        self._place: NDArray[np.signedinteger[Any]] | None = None
        self._moments: list[pa.Array] = []
        self._texts, self._index, self._at = values.Texts(), dict[Any, int](), 0
        self._words = kind == "words" and not types.is_boolean(type)
        if kind == "words" or few:
            self._place = np.empty(rows, dtype=np.int8)
        elif kind == "numbers":
            whole = types.is_integer(type) and not may_lack
            self._number = np.empty(rows, dtype=type.to_pandas_dtype() if whole else np.float64)

    def add(self, array: pa.Array) -> None:
        """Keep the values of a batch."""
        here = slice(self._at, self._at + len(array))
        self._at = here.stop
        if self._place is not None:
            place, held = self._texts.read(array) if self._words else _distinct(values.plain(array))
            at = [self._index.setdefault(value, len(self._index)) for value in held]
            needed = np.min_scalar_type(-max(1, len(self._index)))
            if needed.itemsize > self._place.itemsize:
                self._place = self._place.astype(needed)
            self._place[here] = np.array([*at, -1])[place]
        elif self._number is not None:
            whole = self._number.dtype != np.float64
            self._number[here] = array.to_numpy(zero_copy_only=False) if whole else values.numbers(array)
        else:
            self._moments.append(values.plain(array))

    def series(self) -> pd.Series[Any]:
        """Return the values of all rows."""
        import pandas as pd
        import pyarrow as pa

        held: pd.Series[Any]
        if self._place is not None:
            held = pd.Series(pd.Categorical.from_codes(self._place, pd.Index([*self._index])), copy=False)
        elif self._number is not None:
            held = pd.Series(self._number, copy=False)
        else:
            held = pa.chunked_array(self._moments).to_pandas()
        return held


def _distinct(array: pa.Array) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each row's place among the values that occur, -1 where missing, and these values."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_floating(array.type):
        array = pa.array(array.to_numpy(zero_copy_only=False), from_pandas=True)
    encoded = array.dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()
