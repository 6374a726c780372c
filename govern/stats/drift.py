"""How far two distributions lie apart, how sure that is, and what chance alone makes of it.

Distributions come as *cells*: counts of rows, one array for the reference and one for the current
data. Nothing here looks at rows, so cells that were counted in several places may be added first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: From shares of shape (draws, cells), reference and current, to distances of shape (draws,).
Distance = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(frozen=True, kw_only=True)
class StabilityIndex:
    """A population stability index (PSI), in nats.

    ``raw`` is the index as computed; ``estimate`` is ``raw`` less ``chance``, what identical populations
    give on average, and not below 0. ``lower`` and ``upper`` bound the populations' own index.
    ``chance_limit`` is what identical populations exceed once in 20 times.
    """

    raw: float
    estimate: float
    lower: float
    upper: float
    chance: float
    chance_limit: float
    cells: int


def equal_mass_edges(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Return the interior edges, ascending, of up to ``bins`` cells of equal mass in ``values`` (finite, shape (n,)).

    Cells are open below and closed above: (edge, next edge]. Tied values share a cell, so there may be
    fewer than ``bins``. Edges are values that occur.
    """
    edges: NDArray[np.float64] = np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
    return np.delete(edges, edges >= values.max())


def numeric_cells(
    reference: NDArray[np.float64], current: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ascending edges, shape (cells - 1,), and both sides' counts in the cells, (edge, next edge].

    ``bins`` cells of equal mass in the reference, or one for each of its values where it has no more than ``bins``.
    Further cells lie below its smallest and above its largest value, and between those that have one each: what
    the reference never has is never in a cell with what it has. Values are finite; either side may be empty.
    """
    distinct = np.unique(reference)
    if len(distinct) <= bins:
        edges = np.unique([np.nextafter(distinct, -np.inf), distinct])
    else:
        inner = equal_mass_edges(reference, bins)
        edges = np.unique([np.nextafter(distinct[0], -np.inf), *inner, distinct[-1]])
    then, now = (
        np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1).astype(np.float64)
        for side in (reference, current)
    )
    return edges, then, now


def effective_size(patients: NDArray[np.int64] | None, n: int) -> float:
    """Return the number of independent rows among ``n``, whose patients have these codes (``None``: all differ).

    Kish's effective size, (sum of k)^2 / (sum of k^2) over the rows k of each patient: as if the rows of a
    patient were copies of each other, which is the cautious end. Kish L, Survey Sampling (1965).
    """
    if patients is None:
        return float(n)
    rows = np.unique(patients, return_counts=True)[1].astype(np.float64)
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
    level: float = 0.95,
) -> StabilityIndex:
    """Return the PSI of two arrays of counts, shape (cells,), with its interval and what chance makes of it.

    PSI / (1/n + 1/m) follows a chi-square distribution with cells - 1 degrees of freedom if the
    populations are the same, and about a non-central one if they are not; the interval inverts the
    latter, so it covers at 0 as well. ``n_reference`` and ``n_current`` are effective sizes where rows are
    not independent. Yurdakul B, Naranjo J, Journal of Risk Model Validation 14(4), 2020.
    """
    from scipy.special import chndtrinc
    from scipy.stats import chi2

    raw = psi(reference, current)
    cells = int(((reference + current) > 0).sum())
    if cells < 2:
        return StabilityIndex(raw=raw, estimate=raw, lower=raw, upper=raw, chance=0.0, chance_limit=0.0, cells=cells)
    unit = 1 / (n_reference or reference.sum()) + 1 / (n_current or current.sum())
    freedom, tail = cells - 1, (1 - level) / 2

    def bound(probability: float) -> float:
        if chi2.cdf(raw / unit, freedom) <= probability:
            return 0.0
        return float(chndtrinc(raw / unit, freedom, probability)) * unit

    return StabilityIndex(
        raw=raw,
        estimate=max(raw - freedom * unit, 0.0),
        lower=bound(1 - tail),
        upper=bound(tail),
        chance=freedom * unit,
        chance_limit=float(chi2.ppf(0.95, freedom)) * unit,
        cells=cells,
    )


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What resampling does to a distance: ``bias``, ``sd``, its 97.5 % point, and its 95 % point where nothing differs.

    A distance is never negative, so noise makes it too large on average: ``upper`` bounds the populations'
    distance as it is, and a lower bound needs the bias taken off.
    """

    bias: float
    sd: float
    upper: float
    chance_limit: float


def noise(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    distance: Distance,
    rng: np.random.Generator,
    *,
    n_reference: float,
    n_current: float,
    draws: int = 200,
) -> Noise:
    """Return the noise of ``distance`` by a parametric bootstrap of two arrays of counts, shape (cells,).

    Cells are drawn from multinomial distributions of the (effective) sizes; for ``chance_limit``, both from
    the pooled shares. Efron B, Tibshirani R, An Introduction to the Bootstrap (1993), chapters 6, 10 and 16.
    """
    n, m = max(round(n_reference), 1), max(round(n_current), 1)
    p, q = reference / reference.sum(), current / current.sum()
    pooled = (reference + current) / (reference.sum() + current.sum())
    observed = distance(p[None], q[None])[0]
    drawn = distance(rng.multinomial(n, p, draws) / n, rng.multinomial(m, q, draws) / m)
    same = distance(rng.multinomial(n, pooled, draws) / n, rng.multinomial(m, pooled, draws) / m)
    return Noise(
        bias=float(drawn.mean() - observed),
        sd=float(drawn.std(ddof=1)),
        upper=float(np.quantile(drawn, 0.975)),
        chance_limit=float(np.quantile(same, 0.95)),
    )


def wasserstein(positions: NDArray[np.float64], scale: float) -> Distance:
    """Return the first Wasserstein distance between shares at ``positions`` (ascending), in units of ``scale``."""
    steps = np.diff(positions)

    def distance(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.abs(np.cumsum(p - q, axis=-1)[..., :-1]) @ steps / scale

    return distance


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Jensen-Shannon distance (square root of the divergence in nats, 0 to 0.833) between shares."""
    from scipy.spatial.distance import jensenshannon

    return np.asarray(jensenshannon(p, q, axis=-1), dtype=np.float64)


def _shares(
    reference: NDArray[np.float64], current: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    used = (reference + current) > 0
    p = np.where(reference > 0, reference, 0.5)[used]
    q = np.where(current > 0, current, 0.5)[used]
    return p / p.sum(), q / q.sum()
