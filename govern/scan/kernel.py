"""The kernel: from Arrow record batches to cells that can be merged, the same on one machine and on a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from govern.scan import codes, values
from govern.scan.grid import Ruler
from govern.scan.scores import TRUE, word
from govern.scan.tally import MOST, Exact, OnGrid, Words

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells, Grid


class Kernel:
    """Counts columns of record batches into cells, and makes codes of their rows.

    A column has a grid or every distinct value is kept; words need none. Not for use by two threads at once.
    """

    def __init__(
        self,
        schema: pa.Schema,
        names: Sequence[str],
        grids: Mapping[str, Grid],
        *,
        inputs: Sequence[str] = (),
        apart: Sequence[str] = (),
    ) -> None:
        """Rows are recognised in other datasets by ``inputs``; the columns ``apart`` are in none of their codes."""
        ruler = Ruler(MOST)
        self._inputs, self._apart = frozenset(inputs), frozenset(apart)
        self._seeds = {name: codes.of_name(name) for name in names}
        self._numbers: dict[str, Exact | OnGrid] = {}
        self._words: dict[str, Words] = {}
        self._texts: dict[str, values.Texts] = {}
        for name in names:
            kind = values.kind(schema.field(name).type)
            if kind == "words":
                self._words[name], self._texts[name] = Words(name), values.Texts()
            elif name in grids:
                self._numbers[name] = OnGrid(name, kind, grids[name], ruler)
            else:
                self._numbers[name] = Exact(name, kind)
        self._sums = {part: codes.RowCodes(MOST) for part in ("inputs", "rest", "apart")}

    def add(self, batch: pa.RecordBatch, event: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Count a batch of at most :data:`govern.scan.tally.MOST` rows.

        ``event`` are the places of those with the event. Return the sums of :class:`~govern.scan.codes.RowCodes` over
        the inputs and over the other columns, each of shape (n,) and valid until the next batch.
        """
        n = batch.num_rows
        for sums in self._sums.values():
            sums.start(n)
        for name, seed in self._seeds.items():
            sums = self._sums["apart" if name in self._apart else "inputs" if name in self._inputs else "rest"]
            array = batch.column(name)
            if name in self._words:
                place, words = self._texts[name].read(array)
                sums.add_words(seed, place, self._words[name].add(place, words, event))
                continue
            given = values.numbers(array)
            missing = self._numbers[name].add(given, event)
            bits = values.large(array)
            if bits is None:
                sums.add_numbers(seed, given, missing)
            else:
                sums.add_bits(seed, bits, missing)
        return self._sums["inputs"].sums[:n], self._sums["rest"].sums[:n]

    def cells(self) -> dict[str, ColumnCells]:
        """Return what was counted so far."""
        return {
            name: self._words[name].cells() if name in self._words else self._numbers[name].cells()
            for name in self._seeds
        }


def events(array: pa.Array, positive: object = None) -> NDArray[np.int64]:
    """Return the places of the labels that are the event, ascending.

    Those equal to ``positive``, or without it 1, true or yes. What is missing or anything else is none; whether labels
    are fit to be measured is not looked at here.
    """
    truth = TRUE if positive is None else {word(positive)}
    if values.kind(array.type) == "words":
        place, words = values.texts(array)
        return np.flatnonzero(np.array([*(word(w) in truth for w in words), False])[place])
    given = values.numbers(array)
    event = np.zeros(len(given), dtype=np.bool_)
    for name in truth:
        try:
            event |= given == float(name)
        except ValueError:  # a word is not equal to any number
            continue
    return np.flatnonzero(event)
