"""Intervals that cannot leave the range of what they are about: symmetric on another scale."""

from __future__ import annotations

from math import atanh, exp, log, tanh

from govern.stats.proportion import Interval


def on_log(estimate: float, half: float) -> Interval:
    """Return the limits that are symmetric in the logarithm, so above 0, as the estimate is (delta method).

    ``half`` is half the width of the interval of the estimate itself.
    """
    factor = exp(half / estimate)
    return estimate / factor, estimate * factor


def on_logit(estimate: float, half: float) -> Interval:
    """Return the limits that are symmetric in the log odds, so between 0 and 1, as the estimate is (delta method).

    ``half`` is half the width of the interval of the estimate itself.
    """
    from scipy.special import expit

    centre, half = log(estimate / (1 - estimate)), half / (estimate * (1 - estimate))
    return float(expit(centre - half)), float(expit(centre + half))


def on_fisher(estimate: float, half: float) -> Interval:
    """Return the limits that are symmetric in Fisher's z, so between -1 and 1, as the estimate is (delta method).

    ``half`` is half the width of the interval of the estimate itself.
    """
    centre, half = atanh(estimate), half / (1 - estimate**2)
    return tanh(centre - half), tanh(centre + half)
