"""An Arrow column as what it is counted by: numbers, days since 1970, or words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan.codes import mix

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

#: Whole numbers up to here are floats too.
_WHOLE = 2**53
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}


def kind(type: pa.DataType) -> str:  # noqa: A002 - what Arrow calls it
    """Return ``numbers``, ``dates`` or ``words``; truth values, durations and nested values are words by their text."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(type):
        return kind(type.value_type)
    if isinstance(type, pa.BaseExtensionType):
        return kind(type.storage_type)
    if types.is_integer(type) or types.is_floating(type) or types.is_decimal(type):
        return "numbers"
    return "dates" if types.is_date(type) or types.is_timestamp(type) else "words"


def numbers(array: pa.Array) -> NDArray[np.float64]:
    """Return numbers, or dates as days since 1970, as float64 of shape (n,), NaN where missing.

    A moment is known to the microsecond, whichever unit it was written in; it is that of UTC.
    """
    import pyarrow as pa
    from pyarrow import types

    array = plain(array)
    if types.is_decimal(array.type):
        array = array.cast(pa.float64())
    if types.is_date(array.type):
        array = array.cast(pa.date32()).cast(pa.int32())
    if types.is_timestamp(array.type):
        unit, whole = array.type.unit, array.cast(pa.int64())
        moment = whole.fill_null(0).to_numpy(zero_copy_only=False)
        if unit == "ns":  # rounded down, so that equal moments are equal whatever unit they came in
            unit, moment = "us", moment // 1000
        days = moment / _PER_DAY[unit]
        days[whole.is_null().to_numpy(zero_copy_only=False)] = np.nan
        return np.asarray(days)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def large(array: pa.Array) -> NDArray[np.uint64] | None:
    """Return bits that tell whole numbers apart where floats cannot, shape (n,); ``None`` where floats can.

    A number that a float holds exactly has the float's bits, so that it equals it.
    """
    from pyarrow import types

    array = plain(array)
    if not types.is_integer(array.type):
        return None
    whole = (array.fill_null(0) if array.null_count else array).to_numpy(zero_copy_only=False)
    if not len(whole) or (int(whole.max()) <= _WHOLE and int(whole.min()) >= -_WHOLE):
        return None
    near = whole.astype(np.float64)
    bits: NDArray[np.uint64] = near.view(np.uint64).copy()
    inexact = np.array([int(f) != int(w) for f, w in zip(near, whole, strict=True)])
    bits[inexact] = mix(whole[inexact].astype(np.uint64))
    return bits


class Texts:
    """Reads words batch by batch; dictionaries that are equal are turned into words once."""

    def __init__(self) -> None:
        self._held: pa.Array | None = None
        self._words: list[str] = []

    def read(self, array: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
        """Return the word of each row as a place in a list, shape (n,), -1 where missing, and the list.

        A word may stand in the list twice. The list is the same object where it has not changed.
        """
        import pyarrow as pa
        from pyarrow import types

        if isinstance(array.type, pa.BaseExtensionType):
            array = array.storage
        if types.is_dictionary(array.type):
            codes, held = array.indices, array.dictionary
        elif any(known(array.type) for known in _encoded()):
            encoded = array.dictionary_encode()
            codes, held = encoded.indices, encoded.dictionary
        else:
            codes, held = pa.array(range(len(array)), pa.int32(), mask=_null(array)), array
        if codes.null_count:
            codes = codes.fill_null(-1)
        place = codes.to_numpy(zero_copy_only=False).astype(np.int64)
        if held.null_count:
            place = np.append(np.where(_null(held), -1, np.arange(len(held))), -1)[place]
        if self._held is None or not held.equals(self._held):
            self._held = held
            of_text = types.is_string(held.type) or types.is_large_string(held.type)
            given = held.to_pylist()
            self._words = ["" if word is None else word if of_text else str(word) for word in given]
        return place, self._words


def texts(array: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """Return one array's words, as :meth:`Texts.read` does."""
    return Texts().read(array)


def plain(array: pa.Array) -> pa.Array:
    """Return an array without its dictionary, or what an extension type has made of it."""
    import pyarrow as pa
    from pyarrow import types

    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    return array.dictionary_decode() if types.is_dictionary(array.type) else array


def table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table, without its index; what Arrow has no type for is words by its text."""
    import pyarrow as pa

    return pa.Table.from_arrays([_array(frame.iloc[:, i]) for i in range(frame.shape[1])], [*map(str, frame.columns)])


def _array(series: pd.Series[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        text = series.astype(str).astype(object).where(series.notna(), None)
        return pa.array(text, pa.string(), from_pandas=True)


def _encoded() -> tuple[Any, ...]:
    """Return the tests for types whose values Arrow tells apart by itself."""
    from pyarrow import types

    return (
        types.is_boolean,
        types.is_string,
        types.is_large_string,
        types.is_binary,
        types.is_large_binary,
        types.is_time,
        types.is_duration,
    )


def _null(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
