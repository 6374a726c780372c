"""Gaps of means over rows: Welch's interval, patients being the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.bias._gaps import Difference, aligned, outcomes, too_few
from govern.checks.bias._measured import compared
from govern.checks.bias._rates import agree
from govern.stats.clusters import repeated
from govern.stats.gaps import means, welch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


def mean_gaps(scores: Scores, groups: Groups, values: NDArray[np.float64], *, measure: str) -> list[Measurement]:
    """Measure the absolute difference of the mean of ``values`` (shape (k,)) between each group and the rest.

    Raises:
        InputError: there is not one group a row.
        GovernError: Fairlearn gives another mean of a group.
    """
    from fairlearn.metrics import mean_prediction

    aligned(scores, groups)
    patient, counts = repeated(scores.patient), outcomes(scores, groups)
    both = means(values, groups.codes, len(groups.names), patient=patient, weight=scores.weight)
    messages = [too_few(counts[..., i]) for i in range(len(groups.names))]
    for i in np.flatnonzero(np.isnan(both.variance).any(axis=0)).tolist():
        messages[i] = messages[i] or "on one side no row differs from another: it shows no uncertainty"

    def differences(wanted: list[int], level: float) -> Iterable[Difference]:
        gaps = welch(both, level=level)
        for i in wanted:
            rows, ours = groups.codes == i, float(both.value[0, i])
            theirs = float(mean_prediction(scores.label[rows], values[rows], scores.weights[rows]))
            agree(f"{measure} of {groups.attribute}={groups.names[i]}", ours, theirs, "Fairlearn")
            yield Difference(
                value=float(gaps.value[i]),
                lower=float(gaps.lower[i]),
                upper=float(gaps.upper[i]),
                p=float(gaps.p[i]),
                details={
                    "measure": measure,
                    "group_value": ours,
                    "rest_value": float(both.value[1, i]),
                    "se": float(gaps.se[i]),
                },
            )

    unit = "" if patient is None else ", variance between patients"
    return compared(
        scores,
        groups,
        differences,
        supports=counts.min(axis=(0, 1)),
        messages=messages,
        method=f"difference of means{unit}, Welch's t",
    )
