"""Gaps between a group and the rest: the power of Newcombe's limits at the Bonferroni level."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from govern.judge import holds
from govern.planning.law import Case, Count, Law, NotPlanned
from govern.stats.multiplicity import bonferroni
from govern.stats.proportion import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Estimates that one side may give, the limits of each, and how probable each is; all of shape (k,).
Side = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]

_LEVEL = 0.95
#: Standard deviations beyond which counts are left out, and the most values of a count that are looked at.
_REACH, _VALUES = 5.0, 201


def demographic_parity(case: Case) -> Law:
    """Return the power of the gap in flagged rows by number of rows in all."""
    return _gap(case, [("rows", 1.0, case.flagged, -1)])


def equal_opportunity(case: Case) -> Law:
    """Return the power of the gap in sensitivity by number of rows in all."""
    return _gap(case, [("events", case.model.prevalence, case.sensitivity, -1)])


def equalized_odds(case: Case) -> Law:
    """Return the power of both gaps by number of rows in all; both are assumed."""
    p = case.model.prevalence
    return _gap(case, [("events", p, case.sensitivity, -1), ("non-events", 1 - p, 1 - case.specificity, 1)])


def predictive_parity(case: Case) -> Law:
    """Return the power of the gap in predictive value by number of rows in all; with ``negative`` both are assumed."""
    found = case.model.prevalence * case.sensitivity
    rates = [("flagged", case.flagged, found / case.flagged, -1)]
    if case.params.get("negative"):
        cleared = 1 - case.flagged
        rates.append(("not flagged", cleared, (1 - case.model.prevalence) * case.specificity / cleared, -1))
    return _gap(case, rates)


def _gap(case: Case, rates: list[tuple[str, float, float, int]]) -> Law:
    """Return the law of the largest gap over rates: (rows it is of, their share, rate of the rest, who is worse)."""
    comparisons, level = compared(case, len(rates))

    def sizes(rows: int, part: float) -> tuple[int, int]:
        return round(rows * part * case.share), round(rows * part * (1 - case.share))

    def at(rows: int) -> float:
        found = 1.0
        for _, part, rate, sign in rates:
            group, rest = sizes(rows, part)
            if min(group, rest) < max(1, case.rule.min_events):
                return 0.0
            sides = _counts(group, moved(rate, case.assumed, sign), level), _counts(rest, rate, level)
            found *= accepted(case, *sides)
        return found

    def counts(rows: int) -> list[Count]:
        return [Count(name=name, n=sizes(rows, part)[0], share=case.share * part) for name, part, _, _ in rates]

    smallest = min(part * min(case.share, 1 - case.share) for _, part, _, _ in rates)
    return Law(
        unit="rows in all",
        power=lambda n: np.array([at(int(rows)) for rows in n]),
        counts=counts,
        method=f"binomial power of Newcombe's limit, Bonferroni over {comparisons}",
        floor=max(1, int(case.rule.min_events / smallest)),
    )


def compared(case: Case, measures: int = 1) -> tuple[int, float]:
    """Return how many intervals of an attribute hold together, and the level of each.

    Raises:
        NotPlanned: there is nothing to compare with, or the criterion is no upper bound.
    """
    if case.groups < 2:
        raise NotPlanned("a gap needs the shares of at least two groups: --group")
    for c in case.rule.accept.criteria:
        if c.on == "lower" or not c.operator.startswith("<"):
            raise NotPlanned("a gap is planned for upper bounds alone")
    comparisons = (case.groups if case.groups > 2 else 1) * measures
    return comparisons, bonferroni(_LEVEL, comparisons)


def moved(rate: float, gap: float, sign: int) -> float:
    """Return the rate of the group: worse than the rest by the gap, or better where there is no room."""
    worse = rate + sign * gap
    return worse if 0 <= worse <= 1 else rate - sign * gap


def accepted(case: Case, group: Side, rest: Side) -> float:
    """Return the probability that the limits of the absolute difference of two values, squared and added, are met."""
    (p, p_low, p_high, p_mass), (q, q_low, q_high, q_mass) = group, rest
    difference = p[:, None] - q[None, :]
    lower = difference - np.sqrt((p - p_low)[:, None] ** 2 + (q_high - q)[None, :] ** 2)
    upper = difference + np.sqrt((p_high - p)[:, None] ** 2 + (q - q_low)[None, :] ** 2)
    measured = {"estimate": np.abs(difference), "upper": np.minimum(1.0, np.maximum(np.abs(lower), np.abs(upper)))}
    met = np.ones(difference.shape, dtype=np.bool_)
    for c in case.rule.accept.criteria:
        met &= np.asarray(holds(c.operator, measured[c.on], c.bound))  # type: ignore[arg-type]
    return float(p_mass @ met @ q_mass)


def _counts(n: int, rate: float, level: float) -> Side:
    """Return proportions of ``n`` rows, Wilson's limits of each, and their binomial mass.

    Neighbouring counts are put together where there are more than can be looked at.
    """
    from scipy.special import bdtr

    reach = _REACH * sqrt(n * rate * (1 - rate)) + 3
    first, last = max(0, int(n * rate - reach)), min(n, int(n * rate + reach) + 1)
    edges = np.unique(np.linspace(first - 1, last, min(_VALUES, last - first + 1) + 1).astype(np.int64))
    mass = np.diff(np.where(edges < 0, 0.0, bdtr(np.maximum(edges, 0), n, rate)))
    middle = (edges[:-1] + 1 + edges[1:]) / 2
    limits = np.array([wilson(float(x), n, level=level) for x in middle])
    return middle / n, limits[:, 0], limits[:, 1], mass
