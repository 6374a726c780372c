"""Intervals for the ratio of observed to expected events."""

from __future__ import annotations

from math import exp, sqrt

from govern.stats.proportion import Interval, quantile


def log_limits(observed: float, n: float, *, level: float = 0.95) -> Interval:
    """Return the limits of ``observed`` events, 0 < observed <= n, as multiples of their number; expected ones fixed.

    Symmetric on the log scale with the binomial variance (1 - observed/n) / observed (Debray et al., BMJ
    2017;356:i6460; ``metamisc::oecalc`` of R). Both may be fractional (an effective sample size).
    """
    half = quantile(level) * sqrt((1 - observed / n) / observed)
    return exp(-half), exp(half)


def poisson_limits(observed: float, *, level: float = 0.95) -> Interval:
    """Return the exact Poisson limits of ``observed`` > 0 events as multiples of their number.

    Garwood, Biometrika 1936;28:437, by chi-square quantiles (Ulm, Am J Epidemiol 1990;131:373).
    """
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    return float(gammaincinv(observed, tail)) / observed, float(gammaincinv(observed + 1, 1 - tail)) / observed
