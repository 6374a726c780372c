"""Intervals for one proportion and for the difference of two, at any level."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

Interval = tuple[float, float]


def quantile(level: float) -> float:
    """Return the standard normal quantile of a two-sided interval: 1.96 at 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(count: float, n: float, *, level: float = 0.95) -> Interval:
    """Return Wilson's score interval without continuity correction (JASA 1927;22:209).

    ``count`` of ``n`` (n > 0); both may be fractional (an effective sample size).
    """
    z = quantile(level)
    p = count / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(max(0.0, p * (1 - p)) / n + z * z / (4 * n * n))
    return (0.0 if count <= 0 else max(0.0, centre - half)), (1.0 if count >= n else min(1.0, centre + half))


def clopper_pearson(count: float, n: float, *, level: float = 0.95) -> Interval:
    """Return the exact (Clopper-Pearson, Biometrika 1934;26:404) interval, from beta quantiles.

    ``count`` of ``n`` (n > 0); both may be fractional (an effective sample size).
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    lower = 0.0 if count <= 0 else float(betaincinv(count, n - count + 1, tail))
    upper = 1.0 if count >= n else float(betaincinv(count + 1, n - count, 1 - tail))
    return lower, upper


def newcombe(count: float, n: float, rest_count: float, rest_n: float, *, level: float = 0.95) -> Interval:
    """Return Newcombe's hybrid score interval for ``count/n - rest_count/rest_n`` of independent samples.

    Method 10 of Newcombe, Stat Med 1998;17:873: Wilson's limits of both, squared and added. In [-1, 1].
    """
    p, q = count / n, rest_count / rest_n
    p_low, p_high = wilson(count, n, level=level)
    q_low, q_high = wilson(rest_count, rest_n, level=level)
    difference = p - q
    lower = difference - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    upper = difference + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return max(-1.0, lower), min(1.0, upper)
