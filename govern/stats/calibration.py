"""Do predicted risks mean what they say: logistic recalibration, bins of risk, calibration error.

Arrays have one entry a row, shape (n,). ``patient`` are codes 0..k-1 (k > 1) where patients repeat; ``weight`` says
how many rows each entry stands for. Without them each row is a patient of its own; they never occur together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.bootstrap import varies
from govern.stats.clusters import totals
from govern.stats.logistic import Fit, fit
from govern.stats.ties import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Standard normal draws are made this many at once or a multiple.
_DRAWS = 1 << 17


def saturated(score: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which scores are exactly 0 or 1, so that their logit is infinite."""
    sure: NDArray[np.bool_] = (score == 0) | (score == 1)
    return sure


def logit(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1-p)); every score strictly between 0 and 1."""
    return np.log(score) - np.log1p(-score)


def identified(label: NDArray[np.int8], score: NDArray[np.float64]) -> bool:
    """Whether a recalibration slope exists: events and non-events overlap in score (Albert and Anderson 1984).

    False for one class, for constant scores, and where one cut separates the classes perfectly
    (also with ties at the cut): the likelihood then has no maximum.
    """
    events, others = score[label == 1], score[label == 0]
    if not len(events) or not len(others):
        return False
    return bool(events.min() < others.max() and others.min() < events.max())


def recalibrate(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Fit | None:
    """Fit logit P(event) = a + b logit(score); a is the joint intercept, b the slope (Cox, Biometrika 1958;45:562).

    The slope must be :func:`identified`. The covariance is the inverse information; where a patient
    repeats it is the sandwich over patients, times k/(k-1). ``None`` where it is singular: the scores
    are too extreme for double precision, or the patients all fit exactly. Fastest where scores ascend.
    """
    x = logit(score)
    share, centre = _mean(label, weight), _mean(x, weight)
    scale = _mean((x - centre) ** 2, weight) ** 0.5
    # risks that are right as they are, or that say nothing: whichever fits better lies near enough
    starts = [[centre, scale], [log(share / (1 - share)), 0.0]]
    found = fit(label, (x - centre) / scale, starts, patient, weight)
    if found is None:
        return None
    back = np.array([[1.0, -centre / scale], [0.0, 1.0 / scale]])
    return Fit(coefficients=back @ found.coefficients, covariance=back @ found.covariance @ back.T)


def in_the_large(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Fit | None:
    """Fit logit P(event) = a + logit(score), the slope held at 1; a is calibration-in-the-large.

    Both classes must be present: a is then where the risks add up to the events. Covariance, and
    ``None``, as in :func:`recalibrate`.
    """
    x, share = logit(score), _mean(label, weight)
    return fit(label, x, [[0.0], [log(share / (1 - share)) - _mean(x, weight)]], patient, weight)


def _mean(values: NDArray[Any], weight: NDArray[np.int64] | None) -> float:
    return float(values.mean() if weight is None else weight @ values / weight.sum())


def equal_mass(score: NDArray[np.float64], count: int, weight: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the equal-mass bin of each row, 0..b-1 in the order of the scores, b <= ``count``.

    Equal scores share a bin, so bins differ in size where scores tie, and there may be fewer of them.
    """
    values, at = distinct(score)
    sizes = np.bincount(at, weights=weight, minlength=len(values))
    before = np.cumsum(sizes) - sizes
    middle = before + (sizes - 1) / 2
    raw = np.minimum(count - 1, (middle * count / sizes.sum()).astype(np.int64))
    return distinct(raw.astype(np.float64))[1][at]


def equal_width(score: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the bin of each row among ``count`` bins of equal width, closed above: [0, 1/count], (1/count, ...]."""
    return np.searchsorted(np.linspace(0, 1, count + 1)[1:-1], score).astype(np.int64)


def bin_gaps(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    patient: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the sum of score minus outcome of each patient (or row, or one row of each entry) in each bin, (k, b)."""
    b = int(bin_of.max()) + 1
    unit = np.arange(len(label)) if patient is None else patient
    k = int(unit.max()) + 1
    sums = np.bincount(unit * b + bin_of, weights=score - label, minlength=k * b)
    return sums.reshape(k, b).astype(np.float64)


def gap_covariance(gaps: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance of the bins' total gaps, shape (b, b), by what differs between units.

    ``gaps`` (k, b) is of :func:`bin_gaps`; ``rows`` (k,) says how many rows each unit has (linearisation
    of the ratio of gap to rows).
    """
    deviation = gaps - rows[:, None] * (gaps.sum(axis=0) / rows.sum())
    k = len(gaps)
    covariance: NDArray[np.float64] = deviation.T @ deviation * (k / max(k - 1, 1))
    return covariance


def total_gaps(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of score minus outcome of all rows in each bin, shape (b,), and its covariance, shape (b, b).

    Rows that are patients of their own lie in one bin each, so that :func:`gap_covariance` has a closed form.
    """
    if patient is not None:
        gaps = bin_gaps(label, score, bin_of, patient)
        return gaps.sum(axis=0), gap_covariance(gaps, totals(np.ones(len(score)), patient))
    rows = np.ones(len(score)) if weight is None else weight.astype(np.float64)
    n, gap = float(rows.sum()), score - label
    total = totals(rows * gap, bin_of)
    covariance = np.diag(totals(rows * gap**2, bin_of)) - np.outer(total, total) / n
    return total, covariance * (n / max(n - 1, 1))


def calibration_errors(gaps: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the expected calibration error of each row of total bin gaps (r, b), shape (r,), each in [0, 1].

    |mean score - event rate| averaged over bins by their number of rows (Naeini et al., AAAI 2015).
    """
    errors: NDArray[np.float64] = np.abs(gaps).sum(axis=1) / n
    return errors


def drawn_gaps(
    mean: NDArray[np.float64], covariance: NDArray[np.float64], *, replicates: int, seed: int
) -> NDArray[np.float64]:
    """Return normal draws of the bins' total gaps, shape (replicates, b): a parametric bootstrap.

    Its first two moments are those of resampling units in fixed bins; with ``mean`` 0 it shows what a
    perfectly calibrated model would look like (consistency resampling, Broecker and Smith, Weather
    Forecast 2007;22:651). Its cost does not grow with the number of rows.
    """
    values, vectors = np.linalg.eigh(covariance)
    # the symmetric root does not hang on the signs and the order of the eigenvectors, which rounding decides
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    drawn: NDArray[np.float64] = mean + _normal(replicates, len(values), seed) @ root
    return drawn


def _normal(replicates: int, size: int, seed: int) -> NDArray[np.float64]:
    """Return standard normal draws, shape (replicates, size): the first ones that the seed gives, in its order."""
    blocks = -(-replicates * size // _DRAWS)
    return _drawn(blocks, seed)[: replicates * size].reshape(replicates, size)


@lru_cache(maxsize=4)
def _drawn(blocks: int, seed: int) -> NDArray[np.float64]:
    """Return as many draws as fill the blocks, not to be written to: groups are given the same ones."""
    drawn = np.random.default_rng(seed).standard_normal(blocks * _DRAWS)
    drawn.flags.writeable = False
    return drawn


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What noise does to a distance from perfect calibration.

    ``lower`` and ``upper`` bound the distance with 95 %. A perfectly calibrated model shows ``expected``
    on average and exceeds ``limit`` once in 40 times.
    """

    lower: float
    upper: float
    expected: float
    limit: float


def spread(estimate: float, drawn: NDArray[np.float64], alone: NDArray[np.float64]) -> Spread | None:
    """Return the interval of a distance from its replicates, shape (r,); ``None`` where nothing varies.

    ``drawn`` are distances of the gaps that were seen plus noise, ``alone`` of the noise of :func:`drawn_gaps` with a
    mean of 0. A distance is never negative, so noise makes it too large on average. The upper limit is the 97.5 %
    quantile of the drawn distances, not corrected for that, which is cautious; the lower limit lies as far below the
    estimate (basic interval), and is 0 where the estimate is no larger than noise alone would make it.
    """
    if not varies(drawn):
        return None
    limit, high = np.quantile(np.stack([alone, drawn]), 0.975, axis=1).tolist()
    upper = max(estimate, high)
    lower = 0.0 if estimate <= limit else max(0.0, 2 * estimate - upper)
    return Spread(lower=lower, upper=upper, expected=float(alone.mean()), limit=limit)
