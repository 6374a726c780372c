"""Which rows are drawn: by a hash of their place, so that the same ones are drawn each time, on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.scan.codes import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 20


def positions(rows: int, most: int) -> NDArray[np.int64]:
    """Return the places of at most ``most`` of ``rows`` rows, ascending: those whose places have the smallest hashes.

    All rows where there are no more. Which rows are drawn of two parts of a dataset follows from which would be
    drawn of each: it is a bottom-k sample.
    """
    if rows <= most:
        return np.arange(rows)
    # Few more hashes than are needed lie below this one.
    limit = np.uint64(min(1.0, (most + 8 * most**0.5 + 64) / rows) * (2**64 - 2**12))
    found = []
    for start in range(0, rows, _BLOCK):
        place = np.arange(start, min(start + _BLOCK, rows), dtype=np.uint64)
        hashed = mix(place)
        low = hashed <= limit
        found.append((place[low], hashed[low]))
    place, hashed = (np.concatenate(side) for side in zip(*found, strict=True))
    chosen = place if len(place) <= most else place[np.argpartition(hashed, most)[:most]]
    return np.sort(chosen).astype(np.int64)
