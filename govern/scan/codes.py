"""Rows as 64-bit codes by which equal ones are found, in other files and formats too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Steele GL, Lea D, Flood CH. Fast splittable pseudorandom number generators. OOPSLA 2014 (SplitMix64).
_STEP, _FIRST, _SECOND = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_30, _27, _31 = (np.uint64(x) for x in (30, 27, 31))
#: The bits of the one NaN that stands for everything that is missing.
_MISSING = np.array([np.nan]).view(np.uint64)


def mix(bits: NDArray[np.uint64], seed: np.uint64 = _STEP) -> NDArray[np.uint64]:
    """Return numbers that look random and are equal where ``bits`` are, shape (n,); another seed, other numbers."""
    mixed = _stirred(bits, seed)
    mixed ^= mixed >> _31
    return mixed


def _stirred(bits: NDArray[np.uint64], seed: np.uint64) -> NDArray[np.uint64]:
    """Return :func:`mix` without its last step, which sums of them can do without."""
    stirred = bits + seed
    stirred ^= stirred >> _30
    stirred *= _FIRST
    stirred ^= stirred >> _27
    stirred *= _SECOND
    return stirred


def text(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return the codes of texts, shape (n,)."""
    import pandas as pd

    return pd.util.hash_array(np.array(words, dtype=object), categorize=False) if len(words) else _MISSING[:0]


def of_name(name: str) -> np.uint64:
    """Return the seed of a column: rows are equal only where values of the same name are."""
    return np.uint64(text([name])[0])


class RowCodes:
    """Sums of the mixed values of each row's columns: in whichever order they come, equal rows have equal sums."""

    def __init__(self, most: int) -> None:
        """``most`` is the largest number of rows at once."""
        self._bits, self._shifted, self._sums = (np.empty(most, dtype=np.uint64) for _ in range(3))

    def start(self, rows: int) -> None:
        """Begin with so many rows."""
        self._sums[:rows] = 0

    @property
    def sums(self) -> NDArray[np.uint64]:
        """One sum for each row; valid until the next start."""
        return self._sums

    def add_numbers(self, seed: np.uint64, values: NDArray[np.float64], missing: NDArray[np.int64] | None) -> None:
        """Add a column of numbers, of which those at the places ``missing`` are NaN."""
        n = len(values)
        mixed, shifted, sums = self._bits[:n], self._shifted[:n], self._sums[:n]
        np.add(values, 0.0, out=mixed.view(np.float64))  # -0.0 becomes 0.0
        if missing is not None:
            mixed[missing] = _MISSING
        self._add(mixed, seed, shifted, sums)

    def add_bits(self, seed: np.uint64, bits: NDArray[np.uint64], missing: NDArray[np.int64] | None) -> None:
        """Add a column whose values are told apart by these bits."""
        n = len(bits)
        self._bits[:n] = bits
        if missing is not None:
            self._bits[missing] = _MISSING
        self._add(self._bits[:n], seed, self._shifted[:n], self._sums[:n])

    def add_words(self, seed: np.uint64, place: NDArray[np.int64], codes: NDArray[np.uint64]) -> None:
        """Add a column of words: each row's place among ``codes``, -1 where missing."""
        # The last of them is what is missing.
        self._sums[: len(place)] += _stirred(np.append(codes, _MISSING), seed)[place]

    @staticmethod
    def _add(mixed: NDArray[np.uint64], seed: np.uint64, shifted: NDArray[np.uint64], sums: NDArray[np.uint64]) -> None:
        """Add the stirred bits; in place, since many millions of values pass here."""
        mixed += seed
        for shift, factor in ((_30, _FIRST), (_27, _SECOND)):
            np.right_shift(mixed, shift, out=shifted)
            mixed ^= shifted
            mixed *= factor
        sums += mixed
