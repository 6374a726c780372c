"""Do predicted risks mean what they say: logistic recalibration, equal-mass bins, calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 200
#: Newton stops when no coefficient has a mean gradient above this.
_GRADIENT = 1e-13
#: Information (in rows) below which a coefficient is not told apart from any other, and the share of
#: the variance of independent rows below which patients show none.
_SINGULAR = 1e-6


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Maximum-likelihood coefficients (the intercept first) and their covariance matrix."""

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]


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
    label: NDArray[np.int8], score: NDArray[np.float64], patient: NDArray[np.int64] | None = None
) -> Fit | None:
    """Fit logit P(event) = a + b logit(score); a is the joint intercept, b the slope (Cox, Biometrika 1958;45:562).

    The slope must be :func:`identified`. The covariance is the inverse information; where a patient
    repeats (codes 0..k-1, k > 1) it is the sandwich over patients, times k/(k-1). ``None`` where it is
    singular: the scores are too extreme for double precision, or the patients all fit exactly.
    """
    x = logit(score)
    centre, scale = float(x.mean()), float(x.std())
    design = np.column_stack([np.ones_like(x), (x - centre) / scale])
    beta = _newton(label.astype(np.float64), design)
    covariance = None if beta is None else _covariance(label, design @ beta, design, patient)
    if beta is None or covariance is None:
        return None
    back = np.array([[1.0, -centre / scale], [0.0, 1.0 / scale]])
    return Fit(coefficients=back @ beta, covariance=back @ covariance @ back.T)


def in_the_large(
    label: NDArray[np.int8], score: NDArray[np.float64], patient: NDArray[np.int64] | None = None
) -> Fit | None:
    """Fit logit P(event) = a + logit(score), the slope held at 1; a is calibration-in-the-large.

    Both classes must be present: a is then where the risks add up to the events. Covariance, and
    ``None``, as in :func:`recalibrate`.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    x, events = logit(score), int(label.sum())
    margin = 50.0  # beyond it all risks together are below 1, or below 1 short of all rows
    a = float(brentq(lambda a: float(expit(a + x).sum()) - events, -x.max() - margin, margin - x.min(), xtol=1e-13))
    covariance = _covariance(label, a + x, np.ones((len(x), 1)), patient)
    return None if covariance is None else Fit(coefficients=np.array([a]), covariance=covariance)


def equal_mass(score: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the equal-mass bin of each row, 0..b-1 in the order of the scores, b <= ``count``.

    Equal scores share a bin, so bins differ in size where scores tie, and there may be fewer of them.
    """
    _, at, sizes = np.unique(score, return_inverse=True, return_counts=True)
    before = np.cumsum(sizes) - sizes
    middle = before + (sizes - 1) / 2
    raw = np.minimum(count - 1, (middle * count / len(score)).astype(np.int64))
    dense: NDArray[np.int64] = np.unique(raw, return_inverse=True)[1].astype(np.int64)
    return dense[at]


def bin_gaps(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    patient: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the sum of score minus outcome of each patient (or row) in each bin, shape (k, b)."""
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
    noise = np.random.default_rng(seed).standard_normal((replicates, len(values)))
    drawn: NDArray[np.float64] = mean + (noise * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return drawn


def _newton(y: NDArray[np.float64], design: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the coefficients of a logistic regression by Newton's method (IRLS) with step halving.

    The log-likelihood is concave, so its stationary point is its maximum. ``None`` without one.
    """
    from scipy.special import expit

    def likelihood(b: NDArray[np.float64]) -> float:
        eta = design @ b
        return float(y @ eta - np.logaddexp(0, eta).sum())

    beta = np.zeros(design.shape[1])
    best = likelihood(beta)
    for _ in range(_STEPS):
        p = expit(design @ beta)
        gradient = design.T @ (y - p)
        if float(np.abs(gradient).max()) <= _GRADIENT * len(y):
            return beta
        step = np.linalg.lstsq((design * (p * (1 - p))[:, None]).T @ design, gradient)[0]
        now = likelihood(beta + step)
        while now < best - _GRADIENT * abs(best) and float(np.abs(step).max()) > _GRADIENT:
            step = step / 2
            now = likelihood(beta + step)
        beta, best = beta + step, now
    return None


def _covariance(
    label: NDArray[np.int8],
    eta: NDArray[np.float64],
    design: NDArray[np.float64],
    patient: NDArray[np.int64] | None,
) -> NDArray[np.float64] | None:
    """Return the inverse information, or the sandwich over patients; ``None`` where either is singular."""
    from scipy.special import expit

    p = expit(eta)
    information = (design * (p * (1 - p))[:, None]).T @ design
    if np.linalg.eigvalsh(information)[0] <= _SINGULAR:
        return None
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    if patient is None:
        return inverse
    by_patient = np.column_stack([totals(column * (label - p), patient) for column in design.T])
    k = len(by_patient)
    sandwich = inverse @ (by_patient.T @ by_patient) @ inverse * (k / (k - 1))
    return None if (np.diag(sandwich) <= _SINGULAR * np.diag(inverse)).any() else sandwich
