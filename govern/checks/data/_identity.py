"""Which codes of rows or patients stand more than once, or in another dataset too; by sorting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How many row numbers a finding lists.
EXAMPLES = 20


def repeats(codes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of the codes, shape (n,), stand earlier too."""
    ordered = np.sort(codes)
    again = members(codes, distinct(ordered[1:][ordered[1:] == ordered[:-1]]))
    at = np.flatnonzero(again)
    again[at[np.unique(codes[at], return_index=True)[1]]] = False
    return again


def known(codes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of the codes, shape (n,), stand among the others, shape (m,)."""
    ordered, elsewhere = np.sort(codes), np.sort(others)
    return members(codes, distinct(ordered[members(ordered, elsewhere)]))


def distinct(ordered: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each of ascending codes once."""
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def members(codes: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of the codes stand among ascending ones."""
    if len(ordered) == 0:
        return np.zeros(len(codes), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ordered, codes), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[place] == codes
    return found
