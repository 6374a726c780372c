"""Rows that are copies of others but for the last digits of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.checks.data._identity import known, repeats
from govern.checks.drift._samples import table
from govern.scan import codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.dataset import Data

#: Bits of a number to which near copies agree (about 4 digits), and to which patients who are alike do (about 2).
_FINE, _COARSE = 13, 7
_FRACTION = 52


@dataclass(frozen=True, kw_only=True)
class Coded:
    """The sampled rows of a dataset as codes: of whole values, of rounded ones, and of those with the patient.

    ``place`` are the rows' places in the dataset; all of shape (n,). Of pairs of rows that agree coarsely in all
    columns, ``finely`` is the share that agrees finely, and ``wholly`` that which is equal, were columns independent.
    """

    place: NDArray[np.int64]
    whole: NDArray[np.uint64]
    fine: NDArray[np.uint64]
    coarse: NDArray[np.uint64]
    patient: NDArray[np.uint64] | None
    finely: float
    wholly: float


def coded(data: Data, kinds: Mapping[str, str]) -> Coded:
    """Return the codes of a dataset's sampled rows in some columns; ``kinds`` says what each of them holds."""
    rows = table(data, kinds)
    whole, fine, coarse = np.zeros((3, len(rows)), dtype=np.uint64)
    finely = wholly = 1.0
    for name, kind in kinds.items():
        seed = codes.of_name(name)
        if kind != "numbers":  # a day more or less is another day
            same = codes.mix(_words(rows[name]) if kind == "words" else _bits(rows[name]), seed)
            whole, fine, coarse = whole + same, fine + same, coarse + same
            continue
        bits = _bits(rows[name])
        near, rough = _rounded(bits, _FINE), _rounded(bits, _COARSE)
        whole, fine, coarse = (s + codes.mix(b, seed) for s, b in ((whole, bits), (fine, near), (coarse, rough)))
        pairs = _pairs(rough)
        if pairs:
            finely, wholly = finely * _pairs(near) / pairs, wholly * _pairs(bits) / pairs
    place = data.sample.index.to_numpy().astype(np.int64)
    patient = None if data.patients is None else codes.mix(fine + np.asarray(data.patients, dtype=np.uint64)[place])
    return Coded(place=place, whole=whole, fine=fine, coarse=coarse, patient=patient, finely=finely, wholly=wholly)


def near_copies(own: Coded, other: Coded | None = None) -> tuple[NDArray[np.int64], float]:
    """Return the places of rows that are nearly an earlier one, or one of ``other``, and how many chance explains.

    Rows that are equal to the last digit are not among them, nor two of one patient. Of patients who are
    alike to 2 digits a small and known share is alike to 4, since what they differ by further down is chance; copies
    agree to both. Those that agree to 2 alone so tell how many of the others are chance, however the columns
    depend on each other.
    """
    exactly, nearly = (_again(own, other, what) for what in ("whole", "fine"))
    near = nearly & ~exactly
    if own.patient is not None and (other is None or other.patient is not None):
        near &= ~_again(own, other, "patient")
    found = float(np.count_nonzero(near))
    if own.finely == 1:  # nothing is told apart by 4 digits that is not by 2
        return own.place[near], found if own.wholly < 1 else 0.0
    alike = (
        _pairs(own.coarse) - _pairs(own.fine)
        if other is None
        else _pairs(own.coarse, other.coarse) - _pairs(own.fine, other.fine)
    )
    return own.place[near], min(alike * (own.finely - own.wholly) / (1 - own.finely), found)


def _again(own: Coded, other: Coded | None, what: str) -> NDArray[np.bool_]:
    """Return which rows have the code of an earlier one, or of one of ``other``."""
    mine: NDArray[np.uint64] = getattr(own, what)
    return repeats(mine) if other is None else known(mine, getattr(other, what))


def _bits(values: pd.Series[float]) -> NDArray[np.uint64]:
    """Return the bits of numbers, one pattern for all that are missing."""
    given = values.to_numpy(dtype=np.float64) + 0.0
    given[np.isnan(given)] = np.nan
    return given.view(np.uint64)


def _rounded(bits: NDArray[np.uint64], kept: int) -> NDArray[np.uint64]:
    """Return numbers rounded to so many bits of their fraction: to one part in ``2 ** kept``, or a little better."""
    dropped = np.uint64(_FRACTION - kept)
    return (bits + (np.uint64(1) << (dropped - np.uint64(1)))) >> dropped


def _words(values: pd.Series[str]) -> NDArray[np.uint64]:
    import pandas as pd

    place, held = pd.factorize(values)  # what is missing is -1, the last of the codes
    return np.append(codes.text([str(word) for word in held]), np.uint64(0))[place]


def _pairs(own: NDArray[np.uint64], other: NDArray[np.uint64] | None = None) -> float:
    """Return how many pairs of rows, or of a row with one of ``other``, have the same value."""
    value, count = np.unique(own, return_counts=True)
    if other is None:
        return float((count.astype(np.float64) * (count - 1)).sum()) / 2
    ordered = np.sort(other)
    there = np.searchsorted(ordered, value, side="right") - np.searchsorted(ordered, value, side="left")
    return float(count.astype(np.float64) @ there)
