"""What the rates of groups differ by if belonging to a group means nothing: group labels dealt out anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Counts that are drawn at once: 8 MB.
_BLOCK = 1 << 20
#: Two ways to compute one difference part by rounding alone.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Table:
    """Units (rows, or patients with all of their rows) by kind and group, all that a permutation needs.

    Each unit of kind t has ``rows[t]`` rows, of which ``hits[t]`` are hits; ``count[t, g]`` says how many units of
    that kind are in group g. int64, of shapes (t,), (t,) and (t, g).
    """

    hits: NDArray[np.int64]
    rows: NDArray[np.int64]
    count: NDArray[np.int64]

    def differences(self, count: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return the rate of each group less that of all others, shape (..., g), for counts of shape (..., t, g).

        NaN where a group or its rest has no rows.
        """
        given = self.count if count is None else count
        hits, rows = self.hits @ given, self.rows @ given
        rest_hits, rest = hits.sum(axis=-1, keepdims=True) - hits, rows.sum(axis=-1, keepdims=True) - rows
        with np.errstate(invalid="ignore", divide="ignore"):
            found: NDArray[np.float64] = hits / rows - rest_hits / rest
        return found


def tabulate(
    hit: NDArray[np.bool_],
    group: NDArray[np.int64],
    groups: int,
    *,
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Table:
    """Return the table of rows (shape (n,)) in ``groups`` groups with codes ``group``.

    Where patients repeat (codes ``patient``, 0 or more) a unit is a patient with all rows that lie in one group.
    ``weight`` says how many rows each entry stands for; there is a ``weight`` or a ``patient``, not both.
    """
    if patient is None:
        kind, unit_group = hit.astype(np.int64), group
        hits, rows = np.array([0, 1]), np.array([1, 1])
    else:
        pairs, unit = np.unique(patient * groups + group, return_inverse=True)
        unit_group = pairs % groups
        size, found = np.bincount(unit), np.bincount(unit[hit], minlength=len(pairs))
        base = int(size.max(initial=0)) + 1
        kinds, kind = np.unique(found * base + size, return_inverse=True)
        hits, rows = kinds // base, kinds % base
    cells = np.bincount(kind * groups + unit_group, weights=weight, minlength=len(hits) * groups)
    return Table(hits=hits, rows=rows, count=np.rint(cells).astype(np.int64).reshape(len(hits), groups))


def shuffled(table: Table, rng: np.random.Generator, *, draws: int) -> NDArray[np.float64]:
    """Return the differences of ``draws`` tables in which units change groups at random, shape (draws, g).

    Groups keep their numbers of units and kinds theirs: each draw is a permutation of the group labels, made in
    O(kinds x groups) whatever the number of rows (Patefield, Applied Statistics 1981;30:91; with two kinds it is a
    multivariate hypergeometric draw). NaN as in :meth:`Table.differences`.
    """
    from scipy.stats import random_table

    of_kind, of_group = table.count.sum(axis=1), table.count.sum(axis=0)
    if not of_kind.sum():
        return np.full((draws, len(of_group)), np.nan)
    margins = random_table(of_kind, of_group)
    size = max(1, _BLOCK // table.count.size)
    parts = [
        table.differences(margins.rvs(min(size, draws - start), random_state=rng).astype(np.int64))
        for start in range(0, draws, size)
    ]
    return np.concatenate(parts)


def two_sided(observed: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each group how often chance gives an absolute difference as large, shape (g,).

    ``observed`` (g,) counts as one of the draws (draws, g), so that the test keeps its level however few there are
    (Phipson and Smyth, Stat Appl Genet Mol Biol 2010;9:39).
    """
    reached = (np.abs(drawn) >= np.abs(observed) - _ROUNDING).sum(axis=0)
    p: NDArray[np.float64] = (reached + 1) / (len(drawn) + 1)
    return p
