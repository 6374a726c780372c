"""Gaps of any measure that has an interval of its own: each group against the rest, limits squared and added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from govern.checks.bias._gaps import FLOOR, Difference, aligned, chance, family, measurements
from govern.scan.scores import Scores
from govern.stats.gaps import Ranked, square_and_add
from govern.stats.proportion import Interval, quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups
    from govern.types import Measurement

#: From a mask of rows and a level to the estimate of these rows and its interval; ``None`` where there is none.
Estimate = Callable[["NDArray[np.bool_]", float], tuple[float, Interval] | None]


def measured_gaps(
    groups: Groups,
    estimate: Estimate,
    support: Callable[[NDArray[np.bool_]], int],
    *,
    n: int,
    events: NDArray[np.int8] | None = None,
    measure: str,
    method: str,
) -> list[Measurement]:
    """Measure the absolute difference of ``estimate`` between each group and the rest, in the order of the groups.

    ``support`` says on how many rows, or patients where they repeat, the estimate of some rows rests; no verdict
    on fewer than 20. A patient with rows on both sides makes them dependent; they are taken for independent.

    Raises:
        InputError: there is not one group for each of the ``n`` rows.
    """
    rows = Scores(label=np.zeros(n, dtype=np.int8) if events is None else events, score=np.zeros(n))
    aligned(rows, groups)
    sides = [(groups.codes == i, groups.codes != i) for i in range(len(groups.names))]
    supports = np.array([min(support(side) for side in pair) for pair in sides])
    short = supports < FLOOR
    comparisons, level = family(groups, ~short[None])
    found = [
        None if few else _difference(estimate, pair, level, measure) for few, pair in zip(short, sides, strict=True)
    ]
    made = measurements(
        rows,
        groups,
        [found],
        supports=supports,
        messages=[
            f"{count} where {FLOOR} are needed in the group and in the rest: no verdict"
            if few
            else "one side shows no uncertainty"
            for count, few in zip(supports, short, strict=True)
        ],
        method=f"{method}, limits squared and added, group against the rest, Bonferroni over {comparisons} "
        "comparison(s); Holm",
        details=chance(groups, found),
    )
    return [
        replace(m, events=None if events is None else m.events, message="" if d is not None else m.message)
        for m, d in zip(made, found, strict=True)
    ]


def _difference(
    estimate: Estimate, pair: tuple[NDArray[np.bool_], NDArray[np.bool_]], level: float, measure: str
) -> Difference | None:
    from scipy.special import ndtr

    sides = [_side(estimate(rows, level), level) for rows in pair]
    group, rest = sides
    if group is None or rest is None:
        return None
    value, se = group.value - rest.value, float(np.hypot(group.se, rest.se))
    lower, upper = square_and_add(group, rest)
    return Difference(
        value=value,
        lower=lower,
        upper=upper,
        p=2 * float(ndtr(-abs(value) / se)),
        details={"measure": measure, "group_value": group.value, "rest_value": rest.value, "se": se},
    )


def _side(found: tuple[float, Interval] | None, level: float) -> Ranked | None:
    """Return an estimate with the standard error that a normal interval of the width of its own would have."""
    if found is None:
        return None
    value, limits = found
    return Ranked(value=value, se=(limits[1] - limits[0]) / (2 * quantile(level)), limits=limits)
