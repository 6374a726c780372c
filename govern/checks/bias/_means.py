"""Gaps of means over rows: Welch's interval, patients being the unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from govern.checks.bias._gaps import Difference, aligned, chance, family, measurements, outcomes, too_few
from govern.checks.bias._rates import agree
from govern.stats.clusters import repeated
from govern.stats.gaps import means, welch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement

#: Name of another implementation, and its mean of some rows from their labels, scores and weights.
Second = tuple[str, Callable[["NDArray[np.int8]", "NDArray[np.float64]", "NDArray[np.float64]"], float]]


def mean_gaps(
    scores: Scores, groups: Groups, values: NDArray[np.float64], *, measure: str, second: Second
) -> list[Measurement]:
    """Measure the absolute difference of the mean of ``values`` (shape (k,)) between each group and the rest.

    Raises:
        InputError: there is not one group a row.
        GovernError: the second implementation gives another mean of a group.
    """
    aligned(scores, groups)
    patient, counts = repeated(scores.patient), outcomes(scores, groups)
    both = means(values, groups.codes, len(groups.names), patient=patient, weight=scores.weight)
    messages = [too_few(counts[..., i]) for i in range(len(groups.names))]
    for i in np.flatnonzero(np.isnan(both.variance).any(axis=0)).tolist():
        messages[i] = messages[i] or "on one side no row differs from another: it shows no uncertainty"
    comparisons, level = family(groups, np.array([[not text for text in messages]]))
    gaps = welch(both, level=level)
    found: list[Difference | None] = [None for _ in groups.names]
    for i in (i for i, text in enumerate(messages) if not text):
        _compare(scores, groups, i, float(both.value[0, i]), measure, second)
        found[i] = Difference(
            value=float(gaps.value[i]),
            lower=float(gaps.lower[i]),
            upper=float(gaps.upper[i]),
            p=float(gaps.p[i]),
            details={
                "measure": measure,
                "group_value": float(both.value[0, i]),
                "rest_value": float(both.value[1, i]),
                "se": float(gaps.se[i]),
            },
        )
    unit = "" if patient is None else ", variance between patients"
    return measurements(
        scores,
        groups,
        [found],
        supports=counts.min(axis=(0, 1)),
        messages=messages,
        method=f"difference of means{unit}, group against the rest, Welch's t, Bonferroni over {comparisons} "
        "comparison(s); Holm",
        details=chance(groups, found),
    )


def _compare(scores: Scores, groups: Groups, i: int, ours: float, measure: str, second: Second) -> None:
    rows, (whose, function) = scores.where(groups.codes == i), second
    theirs = function(rows.label, rows.score, rows.weights)
    agree(f"{measure} of {groups.attribute}={groups.names[i]}", ours, theirs, whose)
