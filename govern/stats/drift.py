"""The population stability index: how sure it is, what chance alone makes of it, and the cells it is taken on.

Distributions come as *cells*: counts of rows, one array for the reference and one for the current
data. Nothing here looks at rows, so cells that were counted in several places may be added first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.multiplicity import bonferroni

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Distance:
    """A distance of two samples; ``lower`` and ``upper`` bound that of their populations with 95 %.

    ``together`` is the lower bound that holds with those of all distances that are compared.

    ``raw`` is the distance as computed, ``estimate`` what is judged. ``chance`` is what identical populations give
    on average, and ``chance_limit`` what they exceed once in 20 times; ``p`` is the probability that they give at
    least ``raw``. ``error`` is the most by which cells of more than one value can make ``raw`` differ from that
    of the rows (0 where each value has its own cell); ``upper`` allows for it.
    """

    raw: float
    estimate: float
    lower: float
    upper: float
    together: float
    chance: float
    chance_limit: float
    p: float
    error: float = 0.0


#: Of one cell, in which no shift can be seen.
NONE = Distance(raw=0.0, estimate=0.0, lower=0.0, upper=0.0, together=0.0, chance=0.0, chance_limit=0.0, p=1.0)


def equal_mass_edges(value: NDArray[np.float64], count: NDArray[Any], bins: int) -> NDArray[np.float64]:
    """Return the interior edges, ascending, of up to ``bins`` cells of equal mass.

    ``value`` are distinct and ascending, ``count`` (shape (k,), not all 0) says how many rows have each. Cells are
    open below and closed above: (edge, next edge]. Tied values share a cell, so there may be fewer than ``bins``.
    Edges are values that occur.
    """
    there = count > 0
    value, below = value[there], np.cumsum(count[there])
    places = np.searchsorted(below * bins, below[-1] * np.arange(1, bins))
    edges: NDArray[np.float64] = value[np.unique(places[places < len(value) - 1])]
    return edges


def numeric_edges(value: NDArray[np.float64], reference: NDArray[Any], bins: int) -> NDArray[np.float64]:
    """Return ascending edges, shape (cells - 1,), of the cells in which a number is compared with its reference.

    ``value`` are distinct and ascending, ``reference`` (shape (k,)) the reference's rows at each; all may be 0.
    ``bins`` cells of equal mass in the reference, or one for each of its values where it has no more than ``bins``.
    Further cells lie below its smallest and above its largest value, and between those that have one each: what
    the reference never has is never in a cell with what it has.
    """
    distinct = value[reference > 0]
    if len(distinct) <= bins:
        return np.unique([np.nextafter(distinct, -np.inf), distinct])
    inner = equal_mass_edges(value, reference, bins)
    return np.unique([np.nextafter(distinct[0], -np.inf), *inner, distinct[-1]])


def into(edges: NDArray[np.float64], value: NDArray[np.float64], count: NDArray[Any]) -> NDArray[np.float64]:
    """Return how many rows lie in each cell (edge, next edge], shape (edges + 1,).

    ``value`` are ascending and ``count`` (shape (k,)) says how many rows have each.
    """
    below = np.append(0, np.cumsum(count))
    ends = [0, *np.searchsorted(value, edges, side="right"), len(value)]
    return np.diff(below[ends]).astype(np.float64)


def spread(value: NDArray[np.float64], count: NDArray[np.float64]) -> float:
    """Return the standard deviation (divisor n) of values that occur so often, both of shape (k,)."""
    share = count / count.sum()
    mean = (share * value).sum()
    return float(np.sqrt((share * (value - mean) ** 2).sum()))


def effective_size(patients: NDArray[np.integer[Any]] | None, n: int) -> float:
    """Return the number of independent rows among ``n``, whose patients have these codes (``None``: all differ).

    Kish's effective size, (sum of k)^2 / (sum of k^2) over the rows k of each patient: as if the rows of a
    patient were copies of each other, which is the cautious end. Kish L, Survey Sampling (1965).
    """
    if patients is None:
        return float(n)
    ordered = np.sort(patients)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    rows = np.diff(starts, append=n).astype(np.float64)
    return float(rows.sum() ** 2 / (rows**2).sum())


def psi(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """Return the population stability index of two arrays of counts, shape (cells,), in nats.

    ``sum((q - p) * ln(q / p))`` over cells with shares p and q, which is Jeffreys' divergence. A cell that
    is empty on one side counts as half a row there, one that is empty on both is left out.
    """
    p, q = _shares(reference, current)
    return float(((q - p) * np.log(q / p)).sum())


def stability_index(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    n_reference: float | None = None,
    n_current: float | None = None,
    comparisons: int = 1,
) -> Distance:
    """Return the PSI of two arrays of counts, shape (cells,), in nats; the estimate is less chance, not below 0.

    PSI / (1/n + 1/m) follows a chi-square distribution with cells - 1 degrees of freedom if the
    populations are the same, and about a non-central one if they are not; the interval inverts the
    latter, so it covers at 0 as well. ``n_reference`` and ``n_current`` are effective sizes where rows are
    not independent. Yurdakul B, Naranjo J, Journal of Risk Model Validation 14(4), 2020.
    """
    from scipy.special import chdtrc, chdtri

    raw, freedom = psi(reference, current), filled(reference, current) - 1
    if freedom < 1:
        return NONE
    unit = 1 / (n_reference or reference.sum()) + 1 / (n_current or current.sum())
    lower, upper = noncentrality(raw / unit, freedom)
    together = noncentrality(raw / unit, freedom, bonferroni(0.95, comparisons))[0]
    return Distance(
        raw=raw,
        estimate=max(raw - freedom * unit, 0.0),
        lower=lower * unit,
        upper=upper * unit,
        together=together * unit,
        chance=freedom * unit,
        chance_limit=float(chdtri(freedom, 0.05)) * unit,
        p=float(chdtrc(freedom, raw / unit)),
    )


def filled(reference: NDArray[np.float64], current: NDArray[np.float64]) -> int:
    """Return how many cells hold a row of either side."""
    return int(np.count_nonzero(reference + current))


def noncentrality(statistic: float, freedom: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the non-centrality of a chi-square statistic, by inverting its distribution."""
    from scipy.special import chdtr, chndtrinc

    at_zero, tail = chdtr(freedom, statistic), (1 - level) / 2
    lower, upper = (
        0.0 if at_zero <= probability else float(chndtrinc(statistic, freedom, probability))
        for probability in (1 - tail, tail)
    )
    return lower, upper


def _shares(
    reference: NDArray[np.float64], current: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    used = (reference + current) > 0
    p = np.where(reference > 0, reference, 0.5)[used]
    q = np.where(current > 0, current, 0.5)[used]
    return p / p.sum(), q / q.sum()
