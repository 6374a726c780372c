"""Check ``data.temporal_order``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.types import Measurement, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells
    from govern.scan.dataset import Data

#: How many interquartile ranges beyond the quartiles a time is far from the rest.
_FAR = 5.0


def temporal_order(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Test rows that are no later than what the model was made from.

    Why: A model is used on patients who come after those it was fitted on. One that is tested on the same months as it
        was trained on has seen the practice, the epidemic and the coding of its test; and a time that cannot be
        read hides on which side a row lies.
    How: An exact count of rows, by the declared time column: test rows that precede the latest row of the train or the
        reference dataset, rows of any of these whose time is missing or cannot be read (dates are read as ISO 8601),
        and rows whose time lies more than 5 interquartile ranges outside the quartiles of them all, such as 1900-01-01
        or 2099-12-31; those do not count as the latest. Equal times are in order. The details give each count.
    Limits: Nothing is compared with today's date, so that the same data give the same result at any time. Of a
        large dataset, counted in stretches of time, the number out of order is exact to one stretch. A split by patient
        at random is no fault where the intended use is the same period: leave this check out then. Inconclusive if no
        time column is declared, or the train dataset is not, unless something is found all the same.
    Fix: Split at a date: fit before it, test after it. Find the rows whose time is a placeholder.
    See: TRIPOD+AI 2024, item 7 (temporal validation); Kapoor S, Narayanan A. Patterns 4(9), 2023 (L3.2).
    """
    method = "exact count"
    sides = {role: data for role, data in datasets.items() if role in (Role.TRAIN, Role.REFERENCE)}
    times: dict[Role, _Times] = {role: _times(data, role) for role, data in sides.items() if data.time is not None}
    own = None if test.time is None else _times(test, Role.TEST)
    if own is None or not times:
        what = "no time column" if own is None else "no train or reference dataset with a time column"
        # Support 0: no row has a time to judge by, which a policy may accept as a limitation of use.
        message = f"{what} is declared, so no order is known"
        return Measurement.unknown(n=test.rows, support=0, method=method, message=message)
    _comparable({Role.TEST: own, **times})
    low, high = _limits([own, *times.values()])
    counts = {"out_of_order": 0, "unreadable": 0, "far": 0}
    for side in (own, *times.values()):
        counts["unreadable"] += side.unreadable
        counts["far"] += int(side.count[(side.value < low) | (side.value > high)].sum())
    latest = {role: _latest(side, low, high) for role, side in times.items()}
    bound = max((value for value in latest.values() if value is not None), default=None)
    if bound is not None:
        counts["out_of_order"] = int(own.count[(own.value < bound) & (own.value >= low)].sum())
    total = sum(counts.values())
    gaps = [f"the {role} dataset has no time" for role in (Role.TRAIN,) if role not in times]
    if bound is None:
        gaps.append("no time before the test rows could be read")
    known = total if total or not gaps else None
    said = [
        f"{counts['out_of_order']:,} test rows precede the latest {' or '.join(times)} row",
        *([f"{counts['unreadable']:,} times are missing or cannot be read"] if counts["unreadable"] else []),
        *([f"{counts['far']:,} times lie far from all others"] if counts["far"] else []),
        *gaps,
    ]
    details: dict[str, Any] = {**counts, "unit": own.kind}
    details["latest"] = {role.value: value for role, value in latest.items()}
    details["test"] = [float(own.value[0]), float(own.value[-1])] if len(own.value) else []
    return Measurement.counted(
        known,
        n=test.rows,
        method=method,
        message="; ".join(said),
        details=details,
    )


@dataclass(frozen=True, kw_only=True)
class _Times:
    """Times in ascending order (days since 1970, or numbers), how many rows have each, and how many have none."""

    kind: str
    value: NDArray[np.float64]
    count: NDArray[np.int64]
    unreadable: int


def _comparable(times: Mapping[Role, _Times]) -> None:
    if len({side.kind for side in times.values() if len(side.value)}) > 1:
        kinds = ", ".join(f"{side.kind} in the {role} dataset" for role, side in times.items())
        raise InputError(f"the time column holds {kinds}", hint="write times as ISO 8601 in all datasets")


def _times(data: Data, role: Role) -> _Times:
    from govern.checks.drift._features import column

    cells = column(data, data.time or "", role.value)
    without = cells.missing + cells.infinite
    if cells.kind != "words":
        value = cells.value.astype(np.float64)
        if cells.grid is not None:  # so that there is an order if, and only if, the rows have it
            value[0], value[-1] = cells.low, cells.high
        kind = "numbers" if cells.kind == "numbers" else "dates"
        return _Times(kind=kind, value=value, count=cells.count, unreadable=without)
    return _read(cells, without)


def _read(cells: ColumnCells, without: int) -> _Times:
    """Read times that were written as text; what is no ISO 8601 date cannot be read."""
    import pandas as pd

    stamps = pd.to_datetime(pd.Series(cells.value.astype(str)), format="ISO8601", errors="coerce", utc=True)
    days = np.asarray((stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1), dtype=np.float64)
    read = ~np.isnan(days)
    order = np.argsort(days[read], kind="stable")
    without += int(cells.count[~read].sum())
    return _Times(kind="dates", value=days[read][order], count=cells.count[read][order], unreadable=without)


def _limits(sides: list[_Times]) -> tuple[float, float]:
    """Return the earliest and the latest time that is not far from all others."""
    value = np.concatenate([side.value for side in sides])
    order = np.argsort(value, kind="stable")
    below = np.cumsum(np.concatenate([side.count for side in sides])[order])
    if not len(value):
        return -np.inf, np.inf
    first, third = (float(value[order][np.searchsorted(below, share * below[-1])]) for share in (0.25, 0.75))
    spread = third - first
    return (first - _FAR * spread, third + _FAR * spread) if spread > 0 else (-np.inf, np.inf)


def _latest(side: _Times, low: float, high: float) -> float | None:
    inside = side.value[(side.value >= low) & (side.value <= high)]
    return float(inside[-1]) if len(inside) else None
