"""Each group against all the rest, with intervals that hold for all groups at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.bias._rates import Rate, by_fairlearn
from govern.errors import InputError
from govern.stats.clusters import effective, repeated, units
from govern.stats.multiplicity import bonferroni
from govern.stats.proportion import newcombe
from govern.types import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores

_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class _Gap:
    """The absolute difference of one rate between a group and the rest; limits from 0 to 1."""

    estimate: float
    lower: float
    upper: float
    details: dict[str, Any]


def gaps(scores: Scores, groups: Groups, rates: Sequence[Rate], *, threshold: float) -> list[Measurement]:
    """Measure each group's largest absolute difference to the rest over ``rates``, in the order of the groups.

    All intervals of all groups hold together with 95 % (Bonferroni), so the largest difference is
    covered by the largest limits.

    Raises:
        PolicyError: the threshold does not lie in 0 to 1.
        InputError: there is not one group a row.
        GovernError: Fairlearn counts otherwise.
    """
    flagged = scores.flagged(threshold)
    if len(groups.codes) != scores.n:
        raise InputError(f"{groups.attribute}: {len(groups.codes)} groups for {scores.n} rows", hint="give one a row")
    comparisons = _comparisons(len(groups.names)) * len(rates)
    level = bonferroni(_LEVEL, comparisons)
    theirs = [by_fairlearn(rate, scores, groups, flagged) for rate in rates]
    patient = repeated(scores.patient)
    method = f"Newcombe method 10, group against the rest, Bonferroni over {comparisons} comparison(s)"
    if patient is not None:
        method += ", on the effective sample sizes, clustered by patient (Korn-Graubard)"
    found = []
    for i, name in enumerate(groups.names):
        inside = groups.codes == i
        sides = [(rate.among & inside, rate.among & ~inside) for rate in rates]
        measured = [
            _gap(rate, flagged, *side, patient, level, float(fair[i]))
            for rate, side, fair in zip(rates, sides, theirs, strict=True)
        ]
        support = min(units(rows, patient) for side in sides for rows in side)
        found.append(
            _measurement(
                [gap for gap in measured if gap is not None],
                complete=None not in measured,
                n=int(inside.sum()),
                events=int((inside & (scores.label == 1)).sum()),
                support=support,
                method=method,
                slice={groups.attribute: name},
                message=_message(groups, rates, sides),
            )
        )
    return found


def _comparisons(groups: int) -> int:
    """Two groups are one comparison, seen from both sides."""
    return 1 if groups <= 2 else groups


def _gap(
    rate: Rate,
    flagged: NDArray[np.bool_],
    group: NDArray[np.bool_],
    rest: NDArray[np.bool_],
    patient: NDArray[np.int64] | None,
    level: float,
    fairlearn: float,
) -> _Gap | None:
    if not group.any() or not rest.any():
        return None
    ours, others = (
        effective(flagged[rows], None if patient is None else patient[rows], level=level) for rows in (group, rest)
    )
    group_rate, rest_rate = float(flagged[group].mean()), float(flagged[rest].mean())
    lower, upper = newcombe(*ours, *others, level=level)
    return _Gap(
        estimate=abs(group_rate - rest_rate),
        lower=0.0 if lower <= 0 <= upper else min(abs(lower), abs(upper)),
        upper=max(abs(lower), abs(upper)),
        details={
            "rate": rate.name,
            "group_rate": group_rate,
            "rest_rate": rest_rate,
            "signed_difference": group_rate - rest_rate,
            "signed_lower": lower,
            "signed_upper": upper,
            "fairlearn_rate": fairlearn,
            "group_n": int(group.sum()),
            "rest_n": int(rest.sum()),
        },
    )


def _measurement(measured: list[_Gap], *, complete: bool, **facts: Any) -> Measurement:
    """Return the largest gap; none where a rate could not be compared, since that gap is not known."""
    worst = max(measured, key=lambda gap: gap.estimate, default=None)
    details = {} if worst is None else worst.details
    if len(measured) > 1:
        details = {**details, "rates": [gap.details for gap in measured]}
    if worst is None or not complete:
        return Measurement.unknown(details=details, **facts)
    return Measurement(
        estimate=worst.estimate,
        lower=max(gap.lower for gap in measured),
        upper=max(gap.upper for gap in measured),
        details=details,
        **facts,
    )


def _message(
    groups: Groups, rates: Sequence[Rate], sides: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]]
) -> str:
    """Return why a rate cannot be compared, or nothing."""
    if len(groups.names) < 2:
        return f"{groups.attribute} has a single group: nothing to compare"
    empty = [
        f"no {rate.name} {'in the group' if not group.any() else 'in the rest'}"
        for rate, (group, rest) in zip(rates, sides, strict=True)
        if not group.any() or not rest.any()
    ]
    return "; ".join(f"{text}: it has no such rows" for text in empty)
