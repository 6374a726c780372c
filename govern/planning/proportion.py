"""Sensitivity, specificity, predictive values: the exact power of Wilson's and of Clopper-Pearson's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.planning.law import Case, Count, Law, NotPlanned
from govern.stats.proportion import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.types import Criterion

_TAIL = 0.025
_NAMES = {"wilson": "Wilson", "clopper-pearson": "Clopper-Pearson"}


def sensitivity(case: Case) -> Law:
    """Return the power by number of events."""
    return _share(case, "events", case.model.prevalence)


def specificity(case: Case) -> Law:
    """Return the power by number of non-events."""
    return _share(case, "non-events", 1 - case.model.prevalence)


def ppv(case: Case) -> Law:
    """Return the power by number of flagged rows; how many are flagged follows from sensitivity and this value."""
    return _share(case, "flagged", _part(case.sensitivity * case.model.prevalence, case.assumed, "flagged"))


def npv(case: Case) -> Law:
    """Return the power by number of rows that are not flagged."""
    return _share(case, "not flagged", _part(case.specificity * (1 - case.model.prevalence), case.assumed, "unflagged"))


def missingness(case: Case) -> Law:
    """Return the power by number of rows, of the input that is missing most often."""
    return _share(case, "rows", 1.0)


def power(n: NDArray[np.int64], true: float, criteria: tuple[Criterion, ...], interval: str) -> NDArray[np.float64]:
    """Return the exact probability that a proportion of ``n`` rows meets all criteria, shape of ``n``.

    The counts that are accepted form a range; its binomial probability is summed.
    """
    from scipy.special import bdtr

    low, high = np.zeros(n.shape), n.astype(np.float64)
    for c in criteria:
        first, last = _accepted(c, n, interval)
        low, high = np.maximum(low, first), np.minimum(high, last)
    below = np.where(low > 0, bdtr(np.maximum(low - 1, 0), n, true), 0.0)
    found: NDArray[np.float64] = np.where(low > high, 0.0, bdtr(np.clip(high, 0, n), n, true) - below)
    return found


def _share(case: Case, unit: str, part: float) -> Law:
    criteria, interval = case.rule.accept.criteria, str(case.params.get("interval", "wilson"))
    floor = max(1, case.rule.min_events) if unit != "rows" else 1
    return Law(
        unit=unit,
        power=lambda n: power(n, case.assumed, criteria, interval),
        counts=lambda n: [Count(name=unit, n=n, share=case.share * part)],
        method=f"exact binomial power of {_NAMES[interval]}'s limit",
        floor=floor,
        every=True,
    )


def _part(rows: float, value: float, what: str) -> float:
    """Return the share of rows that are flagged, from those that are so rightly and the predictive value."""
    if not 0 < rows <= value:
        raise NotPlanned(
            f"assumptions contradict each other: {rows:.3g} of all rows rightly {what}, of which {value:g}"
        )
    return rows / value


def _accepted(c: Criterion, n: NDArray[np.int64], interval: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and last count of ``n`` that a criterion accepts; first > last where there is none."""
    if c.operator == "==":
        at = c.bound * n
        exact = np.abs(at - np.rint(at)) < 1e-9
        return np.where(exact, np.rint(at), n + 1.0), np.where(exact, np.rint(at), -1.0)
    strict = c.operator in (">", "<")
    if c.on == "estimate":
        first, last = _of_estimate(c.operator, c.bound, n)
    elif c.on == "lower":
        first, last = _at_least(c.bound, n, strict, interval), n.astype(np.float64)
    else:  # an upper limit of hits below a bound is a lower limit of misses above it
        first, last = np.zeros(n.shape), n - _at_least(1 - c.bound, n, strict, interval)
    return first, last


def _of_estimate(operator: str, bound: float, n: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at, first, last = bound * n, np.zeros(n.shape), n.astype(np.float64)
    tiny = 1e-9
    if operator == ">=":
        first += np.ceil(at - tiny)
    elif operator == ">":
        first += np.floor(at + tiny) + 1
    else:
        last = last * 0 + (np.floor(at + tiny) if operator == "<=" else np.ceil(at - tiny) - 1)
    return first, last


def _at_least(bound: float, n: NDArray[np.int64], strict: bool, interval: str) -> NDArray[np.float64]:
    """Return the least count whose lower limit is at or above a bound, more than ``n`` where there is none.

    Wilson: the score test of the bound, inverted. Clopper-Pearson: at the bound P(X >= count) is 2.5 % at most.
    """
    from scipy.stats import binom

    least = np.zeros(n.shape)
    if bound <= 0:
        least += strict and bound == 0
    elif bound >= 1:
        least += n + 1
    elif interval == "clopper-pearson":
        least += binom.isf(_TAIL, n, bound) + 1
    else:
        least += np.ceil(n * bound + quantile(1 - 2 * _TAIL) * np.sqrt(n * bound * (1 - bound)))
    return least
