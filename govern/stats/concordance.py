"""Order of risks against order of events: Harrell's C of censored times, with its variance, in O(n log n)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.influence import Influence

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Concordance(Influence):
    """Harrell's C: pairs in the right order, ties in risk counting half, over comparable pairs."""

    concordant: int
    discordant: int
    tied_risk: int


def harrell(time: NDArray[np.float64], event: NDArray[np.int8], risk: NDArray[np.float64]) -> Concordance | None:
    """Return Harrell's C (JAMA 1982;247:2543), all arrays of shape (n,); a higher risk is sooner.

    A pair is comparable if the earlier time is an event; at equal times an event comes before a censored
    row, and two events are not comparable (as in R's ``survival`` and in lifelines). C is a ratio of two
    sums over pairs; row i adds n_i concordant and d_i comparable pairs, and its influence is
    n (n_i - C d_i) / pairs (Therneau and Watson 2015, The concordance statistic and the Cox model, Mayo
    Clinic technical report 85). Pairs are counted by a merge of sorted halves. ``None`` without a comparable pair.
    """
    level = 2 * np.unique(time, return_inverse=True)[1] + (event == 0)
    rank = np.unique(risk, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((rank, level))
    level, rank, first = level[order], rank[order], event[order].astype(np.int64)

    later = len(level) - np.searchsorted(level, level, side="right")
    events_before = np.append(0, np.cumsum(first))
    comparable = first * later + events_before[np.searchsorted(level, level, side="left")]
    pairs = int(comparable.sum()) // 2
    if not pairs:
        return None
    lower_later, higher_earlier = _out_of_order(rank, first)
    tied_later, tied_earlier = _tied(level, rank, first)
    right = first * lower_later + higher_earlier
    tied = first * tied_later + tied_earlier
    concordant, equal = int(right.sum()) // 2, int(tied.sum()) // 2
    estimate = (concordant + equal / 2) / pairs
    influence = np.empty(len(level))
    influence[order] = len(level) * (right + tied / 2 - estimate * comparable) / pairs
    return Concordance(
        estimate=estimate,
        influence=influence,
        concordant=concordant,
        discordant=pairs - concordant - equal,
        tied_risk=equal,
    )


def _out_of_order(rank: NDArray[np.int64], weight: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count for each place the places behind it of lower rank, and the weight of those before it of higher rank.

    A merge sort from below: in each pass neighbouring runs become one, and each place of a left run meets all of
    the right one. Ranks are in 0..n-1. Passes sort what consists of two sorted runs, which is linear.
    """
    n = len(rank)
    behind, before = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    at, width = np.arange(n), 1
    while width < n:
        block = at // (2 * width)
        order = np.argsort(block * n + rank[at], kind="stable")  # equal ranks: the left run first
        at = at[order]
        right = (at // width) % 2 == 1
        left = at[~right]
        behind[left] += np.cumsum(right)[~right] - block[~right] * width
        held = np.cumsum(np.where(right, 0, weight[at]))
        ends = np.minimum((block[right] + 1) * 2 * width, n) - 1
        before[at[right]] += held[ends] - held[right]
        width *= 2
    return behind, before


def _tied(
    level: NDArray[np.int64], rank: NDArray[np.int64], weight: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count for each place those of equal rank on higher levels, and the weight of those on lower ones."""
    levels = int(level.max()) + 1
    key = rank * levels + level
    order = np.argsort(key, kind="stable")
    keys = key[order]
    held = np.append(0, np.cumsum(weight[order]))
    start, end = np.searchsorted(keys, rank * levels), np.searchsorted(keys, (rank + 1) * levels)
    behind = end - np.searchsorted(keys, key, side="right")
    before = held[np.searchsorted(keys, key)] - held[start]
    return behind.astype(np.int64), before.astype(np.int64)
