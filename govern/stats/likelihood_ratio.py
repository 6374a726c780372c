"""The ratio of two proportions, and what a likelihood ratio says at another prevalence."""

from __future__ import annotations

from math import exp, inf, log, sqrt

from govern.stats.proportion import Interval, quantile


def katz(count: float, n: float, rest_count: float, rest_n: float, *, level: float = 0.95) -> Interval:
    """Return the interval of (count/n) / (rest_count/rest_n), of independent samples, that is symmetric in its log.

    Katz et al., Biometrics 1978;34:469; for likelihood ratios Simel et al., J Clin Epidemiol 1991;44:763. Counts
    may be fractional (effective sample sizes); n and rest_n above 0. Where a proportion is 0 or 1, both are replaced
    by Agresti and Coull's (x + z^2/2) / (n + z^2), as Mercaldo, Lau and Zhou do (Stat Med 2007;26:2170), and
    the interval is extended to the ratio itself, which may be 0 or infinite. From 0 to infinity if both are 0.
    """
    z = quantile(level)
    if count <= 0 and rest_count <= 0:
        return 0.0, inf
    p, q, size, rest_size = count / n, rest_count / rest_n, n, rest_n
    extreme = not (0 < p < 1 and 0 < q < 1)
    ratio = p / q if q > 0 else inf
    if extreme:
        size, rest_size = n + z * z, rest_n + z * z
        p, q = (count + z * z / 2) / size, (rest_count + z * z / 2) / rest_size
    centre, half = log(p / q), z * sqrt((1 - p) / (size * p) + (1 - q) / (rest_size * q))
    lower, upper = exp(centre - half), exp(centre + half)
    return (min(lower, ratio), max(upper, ratio)) if extreme else (lower, upper)


def post_test(ratio: float, prevalence: float) -> float:
    """Return the probability of the event after a result with this likelihood ratio (Bayes), prevalence in (0, 1)."""
    return 1.0 if ratio == inf else prevalence * ratio / (prevalence * ratio + 1 - prevalence)
