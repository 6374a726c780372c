"""Who is who: patient identifiers that can be compared across files and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.codes import mix, text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

#: Digits of an identifier that is surely a 64-bit number.
_DIGITS = 18


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


def codes(array: pa.Array) -> NDArray[np.uint64]:
    """Return 64-bit codes of patient identifiers, shape (n,), 0 where missing.

    The same patient, as :func:`identifiers` sees it, has the same code in every file and format; 10 million
    patients have a chance of about 3 in a million that any two of them share one.
    """
    from pyarrow import types

    from govern.scan import values

    held = values.plain(array)
    if types.is_integer(held.type):
        whole = held.fill_null(0).to_numpy(zero_copy_only=False)
        if not len(whole) or (int(whole.min()) >= 0 and int(whole.max()) < 10**_DIGITS):
            # No text is made of what is a number: that would take longer than everything else.
            return np.where(held.is_null().to_numpy(zero_copy_only=False), np.uint64(0), _of_numbers(whole))
    import pandas as pd

    if values.kind(held.type) == "words":
        at, found = values.texts(array)
        distinct: list[Any] = list(found)
    else:
        at, numbers = pd.factorize(held.to_pandas())
        distinct = list(numbers)
    if types.is_floating(held.type):
        # Whichever else the batch holds, a whole number is one.
        distinct = [int(x) if float(x).is_integer() else float(x) for x in distinct]
    return np.append(_of_texts(identifiers(pd.Series(distinct, dtype=object))), np.uint64(0))[at]


def clusters(codes: NDArray[np.uint64]) -> NDArray[np.int64] | None:
    """Return codes 0..k-1 of patients from those of :func:`codes`, or ``None`` where no patient repeats.

    Raises:
        InputError: an identifier is missing, so that the patient of a row is not known.
    """
    import pandas as pd

    if missing := int((codes == 0).sum()):
        raise InputError(
            f"{missing} rows have no patient identifier",
            hint="give every row its patient, or name no patient column if each row is another patient",
        )
    found, distinct = pd.factorize(codes)
    return None if len(distinct) == len(codes) else found.astype(np.int64)


def _of_texts(column: pd.Series[Any]) -> NDArray[np.uint64]:
    found = np.zeros(len(column), dtype=np.uint64)
    given = column.notna().to_numpy()
    number = given & column.str.fullmatch(rf"[0-9]{{1,{_DIGITS}}}").fillna(False).to_numpy(dtype=np.bool_)
    found[number] = _of_numbers(column[number].astype(np.int64).to_numpy())
    words = given & ~number
    found[words] = np.maximum(text(column[words].tolist()), np.uint64(1))
    return found


def _of_numbers(whole: NDArray[Any]) -> NDArray[np.uint64]:
    return np.maximum(mix(whole.astype(np.uint64)), np.uint64(1))
