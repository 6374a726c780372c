"""Places of many rows in something small, in the fewest bytes that hold them, and worked on a block at a time.

numpy makes 8 bytes of each place before it counts or looks them up; of many rows that is more than everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 17


def blocks(rows: int) -> Iterator[slice]:
    """Yield so many rows in blocks."""
    return (slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK))


def counted(place: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Return how many of ``place`` (0 to below ``size``, shape (n,)) there are of each, shape (size,)."""
    count = np.zeros(size, dtype=np.int64)
    for here in blocks(len(place)):
        count += np.bincount(place[here], minlength=size)
    return count


def occurring(place: NDArray[Any], size: int) -> NDArray[np.bool_]:
    """Return which of ``size`` places occur, shape (size,); some of ``place`` may be -1, which is none of them."""
    found = np.zeros(size + 1, dtype=np.bool_)
    for here in blocks(len(place)):
        found[place[here]] = True
    return found[:-1]


def looked_up(table: NDArray[Any], place: NDArray[Any]) -> NDArray[Any]:
    """Return ``table[place]``, shape (n,); -1 is the last of the table."""
    found = np.empty(len(place), dtype=table.dtype)
    for here in blocks(len(place)):
        found[here] = table[place[here]]
    return found


def smallest(place: NDArray[np.int64], size: int) -> NDArray[Any]:
    """Return places below ``size`` in the fewest bytes that hold them."""
    return place.astype(np.min_scalar_type(max(size - 1, 0)))
