"""The bootstrap, seeded and in blocks: of patients, each drawn with all of its rows, or of cells of equal rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.proportion import Interval, quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Weights drawn at once: 8 MB, which the caches of a processor hold about.
_BLOCK = 1 << 20
_ROUNDING = 1e-12


def draws(patients: int, *, replicates: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of weights, shape (b, patients): how often each patient is drawn, with replacement.

    Every row of a block sums to ``patients``; the blocks together have ``replicates`` rows. Equal
    arguments give equal weights.
    """
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // patients)
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        picked = rng.integers(0, patients, size=(size, patients))
        picked += np.arange(size)[:, None] * patients
        counts = np.bincount(picked.ravel(), minlength=size * patients)
        yield counts.reshape(size, patients).astype(np.float64)


def replicate(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]], patients: int, *, replicates: int, seed: int
) -> NDArray[np.float64]:
    """Return the statistic of each replicate, shape (replicates,).

    ``statistic`` maps weights (b, patients) to values (b,); NaN says that a draw defines none.
    """
    return np.concatenate([statistic(w) for w in draws(patients, replicates=replicates, seed=seed)])


def replicate_cells(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    counts: NDArray[Any],
    *,
    replicates: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the statistic of each replicate, shape (replicates,), where rows are known by their cell alone.

    ``counts`` (shape (k,)) says how many rows each cell holds; ``statistic`` maps resampled counts (b, k) to values
    (b,). Drawing rows with replacement makes the counts of cells multinomial, so this is the bootstrap of rows
    at a cost that does not grow with them.
    """
    rng = np.random.default_rng(seed)
    n, block = int(counts.sum()), max(1, _BLOCK // len(counts))
    sizes = [min(block, replicates - start) for start in range(0, replicates, block)]
    return np.concatenate([statistic(rng.multinomial(n, counts / n, size=b).astype(np.float64)) for b in sizes])


def percentile(values: NDArray[np.float64], *, level: float = 0.95) -> Interval:
    """Return the percentile interval (Efron 1979)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bias_corrected(values: NDArray[np.float64], estimate: float, *, level: float = 0.95) -> Interval:
    """Return the bias-corrected percentile interval (BC; Efron, Can J Stat 1981;9:139).

    The quantiles are moved by how far the median of the replicates lies from the estimate, ties
    counting half.
    """
    normal = NormalDist()
    below = (float((values < estimate).mean()) + float((values <= estimate).mean())) / 2
    edge = 0.5 / len(values)
    shift, z = 2 * normal.inv_cdf(min(max(below, edge), 1 - edge)), quantile(level)
    low, high = np.quantile(values, [normal.cdf(shift - z), normal.cdf(shift + z)])
    return float(low), float(high)


def varies(values: NDArray[np.float64]) -> bool:
    """Whether replicates (of order one) differ by more than rounding; if not, they say nothing of uncertainty."""
    return len(values) > 0 and bool(np.ptp(values) > _ROUNDING)
