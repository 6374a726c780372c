"""Each group against all the rest: differences that were compared at once become one measurement a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.stats.clusters import repeated
from govern.stats.gaps import present
from govern.stats.multiplicity import bonferroni, holm, largest_by_chance
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores

LEVEL = 0.95
#: Fewer events or non-events than this on either side, and an interval of an area or a mean covers less than it says.
FLOOR = 20


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A measure of a group less that of all other rows.

    ``lower`` and ``upper`` hold together with those of all other comparisons, ``p`` is the two-sided p-value of no
    difference, alone. ``details`` say of what it is.
    """

    value: float
    lower: float
    upper: float
    p: float
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Gap:
    """An absolute difference; ``lower`` is 0 unless both its interval and Holm's test say that there is one."""

    estimate: float
    lower: float
    upper: float
    details: dict[str, Any]


def aligned(scores: Scores, groups: Groups) -> None:
    """Make sure that there is one group a row.

    Raises:
        InputError: there is not.
    """
    if len(groups.codes) != len(scores.label):
        raise InputError(
            f"{groups.attribute}: {len(groups.codes)} groups for {len(scores.label)} rows", hint="give one a row"
        )


def family(groups: Groups, comparable: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many comparisons are made at once, and the level at which each interval must hold.

    ``comparable`` (measures, groups) says which can be made. Two groups are one comparison, seen from both sides.
    """
    count = int((comparable[:, :1] if len(groups.names) == 2 else comparable).sum())
    return count, bonferroni(LEVEL, max(count, 1))


def adjusted(groups: Groups, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Holm's adjusted p-values of the same comparisons; ``p`` (measures, groups) is NaN where there is none."""
    given = p[:, :1] if len(groups.names) == 2 else p
    found, known = np.full(given.shape, np.nan), ~np.isnan(given)
    found[known] = holm(given[known])
    return np.broadcast_to(found, p.shape)


def outcomes(scores: Scores, groups: Groups) -> NDArray[np.int64]:
    """Return the rows (patients, where they repeat) without and with the event, shape (2, 2, g).

    The second axis is of each group and of its rest.
    """
    patient, g = repeated(scores.patient), len(groups.names)
    if patient is None:
        inside = _rows(scores, groups)
        return np.stack([inside, inside.sum(axis=1, keepdims=True) - inside], axis=1)
    return np.stack(
        [present(groups.codes[of], g, patient=patient[of]) for of in (scores.label == 0, scores.label == 1)]
    )


def _rows(scores: Scores, groups: Groups) -> NDArray[np.int64]:
    """Return the rows of each group without and with the event, shape (2, g)."""
    g = len(groups.names)
    kind = np.where(scores.label == 1, groups.codes + g, groups.codes)
    return np.rint(np.bincount(kind, weights=scores.weight, minlength=2 * g)).astype(np.int64).reshape(2, g)


def too_few(counts: NDArray[np.int64]) -> str:
    """Return which rows of a group's :func:`outcomes`, shape (2, 2), are fewer than 20, or nothing."""
    short = [
        f"{int(n)} {what} in the {side}"
        for what, of in zip(("rows without the event", "events"), counts, strict=True)
        for side, n in zip(("group", "rest"), of, strict=True)
        if n < FLOOR
    ]
    return f"{', '.join(short)}: no verdict on fewer than {FLOOR}" if short else ""


def measurements(
    scores: Scores,
    groups: Groups,
    found: Sequence[Sequence[Difference | None]],
    *,
    supports: NDArray[np.int64],
    messages: Sequence[str],
    method: str,
    details: Mapping[str, Any],
) -> list[Measurement]:
    """Return the largest gap of each group, in the order of the groups.

    ``found`` holds for each measure the difference of each group, ``None`` where it cannot be compared: the group's
    largest gap is then not known, and ``messages`` (one a group) says why. Where several measures differ, the
    largest difference that chance does not explain is the estimate, so that noise in one measure hides no gap in
    another; the limits are the largest of all. ``details`` are those of the attribute.
    """
    p_holm = adjusted(groups, np.array([[np.nan if d is None else d.p for d in of] for of in found]))
    others, events = _rows(scores, groups).tolist()
    measured = []
    for i, name in enumerate(groups.names):
        gaps = [_gap(of[i], p[i]) for of, p in zip(found, p_holm, strict=True)]
        measured.append(
            _measurement(
                [gap for gap in gaps if gap is not None],
                complete=None not in gaps,
                common=details,
                message=f"{groups.attribute} has a single group: nothing to compare"
                if len(groups.names) < 2
                else messages[i],
                n=others[i] + events[i],
                events=events[i],
                support=int(supports[i]),
                method=method,
                slice={groups.attribute: name},
            )
        )
    return measured


def chance(groups: Groups, found: Sequence[Difference | None]) -> dict[str, float]:
    """Return what chance makes of the attribute's largest gap, from the standard errors (``se``) in its details."""
    made = [d for d in (found[:1] if len(groups.names) == 2 else found) if d is not None]
    if not made:
        return {}
    errors = np.array([d.details["se"] for d in made])
    limit, p = largest_by_chance(errors, max(abs(d.value) for d in made))
    return {"null_95": limit, "null_p": p}


def _gap(difference: Difference | None, p_holm: float) -> _Gap | None:
    if difference is None:
        return None
    lower, upper = difference.lower, difference.upper
    real = not lower <= 0 <= upper and p_holm <= 1 - LEVEL
    return _Gap(
        estimate=abs(difference.value),
        lower=min(abs(lower), abs(upper)) if real else 0.0,
        upper=max(abs(lower), abs(upper)),
        details={
            **difference.details,
            "signed_difference": difference.value,
            "signed_lower": lower,
            "signed_upper": upper,
            "p": difference.p,
            "p_holm": float(p_holm),
        },
    )


def _measurement(
    gaps: list[_Gap], *, complete: bool, common: Mapping[str, Any], message: str, **facts: Any
) -> Measurement:
    worst = max(gaps, key=lambda gap: (gap.lower > 0, gap.estimate), default=None)
    details = dict(common) if worst is None else {**worst.details, **common}
    if len(gaps) > 1:
        details["rates"] = [gap.details for gap in gaps]
    if worst is None or not complete:
        return Measurement.unknown(details=details, message=message, **facts)
    return Measurement(
        estimate=worst.estimate,
        lower=max(gap.lower for gap in gaps),
        upper=max(gap.upper for gap in gaps),
        null=0.0,
        details=details,
        message=message,
        **facts,
    )
