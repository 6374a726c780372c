"""Gaps of one measure with an error of its own: each group against the rest, the two being independent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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

#: From the places of some groups and a level to the difference of each to its rest; ``None`` where there is none.
Differences = Callable[[list[int], float], "Iterable[Difference | None]"]
#: From a mask of rows and a level to the estimate of these rows and its interval; ``None`` where there is none.
Estimate = Callable[["NDArray[np.bool_]", float], tuple[float, Interval] | None]

_UNSURE = "one side shows no uncertainty"


def compared(
    scores: Scores,
    groups: Groups,
    differences: Differences,
    *,
    supports: NDArray[np.int64],
    messages: Sequence[str],
    method: str,
) -> list[Measurement]:
    """Return the gap of each group, in the order of the groups.

    ``messages`` (one a group) say why a group cannot be compared. ``differences`` are asked of all others at once, at
    the level at which each interval must hold; there is ``se`` in their details.
    """
    wanted = [i for i, text in enumerate(messages) if not text]
    comparisons, level = family(groups, np.array([[not text for text in messages]]))
    found: list[Difference | None] = [None for _ in messages]
    for i, difference in zip(wanted, differences(wanted, level), strict=True):
        found[i] = difference
    return measurements(
        scores,
        groups,
        [found],
        supports=supports,
        messages=[text or ("" if made else _UNSURE) for text, made in zip(messages, found, strict=True)],
        method=f"{method}, group against the rest, Bonferroni over {comparisons} comparison(s); Holm",
        details=chance(groups, found),
    )


def unpaired(measure: str, group: Ranked, rest: Ranked) -> Difference:
    """Return the difference of two estimates of independent rows: limits squared and added, p-value by their errors."""
    from scipy.special import ndtr

    value, se = group.value - rest.value, float(np.hypot(group.se, rest.se))
    lower, upper = square_and_add(group, rest)
    return Difference(
        value=value,
        lower=lower,
        upper=upper,
        p=2 * float(ndtr(-abs(value) / se)),
        details={"measure": measure, "group_value": group.value, "rest_value": rest.value, "se": se},
    )


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

    def differences(wanted: list[int], level: float) -> Iterable[Difference | None]:
        for i in wanted:
            group, rest = (_side(estimate(of, level), level) for of in sides[i])
            yield None if group is None or rest is None else unpaired(measure, group, rest)

    made = compared(
        rows,
        groups,
        differences,
        supports=supports,
        messages=[
            "" if count >= FLOOR else f"{count} where {FLOOR} are needed in the group and in the rest: no verdict"
            for count in supports
        ],
        method=f"{method}, limits squared and added",
    )
    return made if events is not None else [replace(m, events=None) for m in made]


def _side(found: tuple[float, Interval] | None, level: float) -> Ranked | None:
    """Return an estimate with the standard error that a normal interval of the width of its own would have."""
    if found is None:
        return None
    value, limits = found
    return Ranked(value=value, se=(limits[1] - limits[0]) / (2 * quantile(level)), limits=limits)
