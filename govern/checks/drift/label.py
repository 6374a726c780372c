"""Check ``drift.label``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.dataset import Data

#: More values than these are no classes but a number.
_CLASSES = 100


def label(test: Data, reference: Data, *, chance: float = 0.1) -> Measurement:
    """Change in how common the outcome is.

    Why: Predictive values and calibration hold for the prevalence they were found at. A changed share of events says
        that other patients came, that care has changed, or that the outcome is recorded in another way.
    How: The share of rows with the event in the test dataset less that in the reference dataset, as an absolute
        difference (0 to 1); the sign is in the details. Of several classes it is the one whose share has changed
        most. Newcombe's 95 % interval of a difference of proportions (method 10); over classes the upper bound is the
        largest and the lower bound the largest after Bonferroni's correction. Rows without a label are left out and
        counted. Where patients repeat, n and m are Kish's effective sizes.
    Limits: A study that enriches events has changed their share by design: give the datasets as they were drawn, or
        leave this check out. Outcomes that are numbers have no share. Inconclusive if identical populations would show
        a change above `chance` in 1 of 20 windows of this size.
    Fix: Compare how the outcome was found in both datasets (definition, follow-up, coding); adjust predictive values
        to the prevalence of the intended population.
    See: Newcombe RG. Stat Med 17:873, 1998; FDA, Statistical guidance on reporting results from studies evaluating
        diagnostic tests, 2007.
    """
    from govern.checks.drift._features import comparable, rows
    from govern.checks.drift._worst import Compared, worst
    from govern.scan.cells import align
    from govern.stats.distances import proportions

    method = "absolute difference of proportions, Newcombe"
    name = test.label
    if name is None:
        return Measurement.unknown(n=test.rows, method=method, message="no label is declared, so none was compared")
    comparable(name, {"reference": reference, "test": test})
    sides = {"reference": reference.columns[name], "test": test.columns[name]}
    held = {role: int(side.count.sum()) for role, side in sides.items()}
    if min(held.values()) == 0:
        raise InputError(f"the column {name!r} never has a value in one of the datasets", hint="give the outcomes")
    value, *counts = align(*sides.values())
    if len(value) > _CLASSES:
        return Measurement.unknown(
            n=test.rows,
            method=method,
            message=f"{name} has {len(value):,} values, so none of them has a share to compare",
        )
    shares = _shares(value, counts, [int(side.events.sum()) for side in sides.values()])
    n, m = (rows(data) * held[role] / data.rows for role, data in (("test", test), ("reference", reference)))
    found = []
    for outcome, (then, now) in shares.items():
        one = proportions(then, now, n_reference=m, n_current=n, comparisons=len(shares))
        facts = {"reference": then, "test": now, "difference": now - then}
        found.append(Compared(feature=outcome, distance=one, facts=facts))
    unlabelled = {role: side.missing for role, side in sides.items()}
    notes = [f"{k:,} {role} rows have no label and were left out" for role, k in unlabelled.items() if k]
    return worst(
        found,
        what="change of share",
        method=method,
        n=held["test"],
        support=min(n, m),
        chance=chance,
        notes=notes,
        details={"unlabelled": unlabelled},
    )


def _shares(value: NDArray[Any], counts: list[NDArray[np.int64]], events: list[int]) -> dict[str, tuple[float, float]]:
    """Return the share of the event in reference and test, or of each class where none is known to be the event."""
    if len(value) <= 2 and any(events):
        then, now = (e / count.sum() for e, count in zip(events, counts, strict=True))
        return {"the event": (float(then), float(now))}
    then, now = (count / count.sum() for count in counts)
    return {f"{v}": (float(p), float(q)) for v, p, q in zip(value, then, now, strict=False)}
