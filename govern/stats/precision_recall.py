"""Average precision and the precision-recall curve, and their bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.bootstrap import replicate, replicate_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Rows from the highest score down: their order, whether each is an event and how many rows it stands for.

    ``place`` says at which of k places each lies, 0 the highest: distinct scores, or stretches of them. All of
    shape (n,).
    """

    order: NDArray[np.int64]
    event: NDArray[np.bool_]
    weight: NDArray[np.int64]
    place: NDArray[np.int64]

    @cached_property
    def cell(self) -> NDArray[np.int64]:
        """The cell of each row, 0..2k-1: events at each place, then the others at each place."""
        return np.where(self.event, self.place, self.place + self.place[-1] + 1)

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """How many rows each cell holds, shape (2k,)."""
        found = np.bincount(self.cell, weights=self.weight, minlength=2 * int(self.place[-1] + 1))
        return found.astype(np.float64, copy=False)

    @property
    def average_precision(self) -> float:
        """The average precision of the rows; NaN where there is no event."""
        return float(average_precision(self.counts[None])[0])

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return recall and precision at each place, from the highest score down, shape (k,) each."""
        hits, others = np.cumsum(self.counts.reshape(2, -1), axis=1)
        return hits / hits[-1], hits / (hits + others)

    def merged(self, most: int) -> Ranking:
        """Return the rows at no more than ``most`` places, each a stretch of neighbouring scores.

        Half the stretches are equal in events and half in the logarithm of the rank, so that within one neither
        recall nor the number flagged changes much in proportion. Stretches of equal mass in rows would hold most
        of a rare event's high scores in the first one, and a bootstrap on them would understate the spread.
        """
        events, others = self.counts.reshape(2, -1)
        taken = np.cumsum(events + others)
        mass = np.cumsum(events) / events.sum() + np.log1p(taken) / np.log1p(taken[-1])
        stretch = np.minimum(mass / 2 * most, most - 1).astype(np.int64)
        return replace(self, place=np.cumsum(np.append(False, stretch[1:] != stretch[:-1]))[self.place])


def rank(label: NDArray[np.int8], score: NDArray[np.float64], *, weight: NDArray[np.int64] | None = None) -> Ranking:
    """Return the ranking of at least one row by score, once for all resamples; O(n) where the scores ascend."""
    n = len(score)
    if bool((score[:-1] <= score[1:]).all()):  # rows of one score keep their order, as they do where all are sorted
        starts = np.flatnonzero(np.append(True, score[1:] != score[:-1]))[::-1]
        ties = -np.diff(starts, prepend=n)
        order = np.arange(n) + np.repeat(starts - (np.cumsum(ties) - ties), ties)
        place = np.repeat(np.arange(len(starts)), ties)
    else:
        order = np.argsort(-score, kind="stable")
        falling = score[order]
        place = np.cumsum(np.append(False, falling[1:] != falling[:-1]))
    return Ranking(
        order=order,
        event=label[order] == 1,
        weight=np.ones(n, dtype=np.int64) if weight is None else weight[order],
        place=place,
    )


def average_precision(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision of counts (b, 2k) of cells in the order of :attr:`Ranking.cell`, shape (b,).

    The sum over places of the gain in recall times the precision, without interpolation (as in
    scikit-learn). In (0, 1]; NaN where there is no event.
    """
    events, others = np.split(counts, 2, axis=1)
    hits = np.cumsum(events, axis=1)
    taken = np.cumsum(others, axis=1) + hits
    precision = np.divide(hits, taken, out=np.zeros_like(hits), where=taken > 0)
    area, total = (events * precision).sum(axis=1), hits[:, -1]
    mean: NDArray[np.float64] = np.divide(area, total, out=np.full_like(total, np.nan), where=total > 0)
    return mean


def resampled(
    ranking: Ranking, patient: NDArray[np.int64] | None, *, replicates: int, seed: int, exact: int, most: int
) -> NDArray[np.float64]:
    """Return bootstrap replicates of the average precision, shape (replicates,); NaN where no event was drawn.

    Patients (codes 0..k-1, in the rows' own order) are drawn with all their rows, or rows where ``patient`` is
    ``None``. Above ``exact`` rows they are counted at ``most`` places at most, and the replicates are moved by what
    that takes from the average precision.
    """
    n = int(ranking.weight.sum())
    coarse = ranking if n <= exact else ranking.merged(most)
    if patient is None and n > exact:
        values = replicate_cells(average_precision, coarse.counts, replicates=replicates, seed=seed)
    else:
        from scipy.sparse import csr_array

        cell = np.repeat(coarse.cell, ranking.weight)
        whose = np.arange(n) if patient is None else patient[ranking.order]
        rows = csr_array((np.ones(n), (cell, whose)), shape=(len(coarse.counts), int(whose.max()) + 1))
        values = replicate(
            lambda drawn: average_precision(np.ascontiguousarray((rows @ drawn.T).T)),
            rows.shape[1],
            replicates=replicates,
            seed=seed,
        )
    return values + (ranking.average_precision - coarse.average_precision)
