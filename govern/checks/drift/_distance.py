"""What the checks of one distance for each feature have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.drift._features import rows, shared_features
from govern.checks.drift._worst import Compared, worst
from govern.stats.drift import filled
from govern.types import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data
    from govern.stats.drift import Distance


def of_numbers(
    test: Data,
    reference: Data,
    distance: Callable[[Feature, int, tuple[float, float]], Distance],
    *,
    what: str,
    method: str,
    chance: float,
) -> Measurement:
    """Return the measurement of the numeric feature with the largest distance, missing values left out.

    ``distance`` is given a feature, the number of features and the effective numbers of reference and current rows
    that have a value. Features of words, and ones that never have a value on one side, have no distance and are named.
    """
    features = shared_features(test, reference)
    words = [f.name for f in features if not f.numeric]
    emptied = [f.name for f in features if f.numeric and min(f.held) == 0 < max(f.held)]
    compared = [f for f in features if f.numeric and min(f.held) > 0]
    notes = []
    if emptied:
        notes.append(f"{', '.join(emptied[:5])} never have a value in one of the datasets (see drift.missingness)")
    if words:
        notes.append(f"{len(words)} inputs of words have no order and were not compared (see drift.psi)")
    left_out = {"words": words, "emptied": emptied}
    if not compared:
        return Measurement.unknown(
            n=test.rows,
            method=method,
            message="; ".join(["no numeric feature with values in both datasets is declared", *notes]),
            details=left_out,
        )
    n, m = rows(test) / test.rows, rows(reference) / reference.rows

    found = []
    for feature in compared:
        then, now = feature.held
        one = distance(feature, len(compared), (m * then, n * now))
        found.append(Compared(feature=feature.name, distance=one, facts={"error": one.error}))
    return worst(
        found,
        what=what,
        method=method,
        n=test.rows,
        support=min(min(m * f.held[0], n * f.held[1]) for f in compared),
        chance=chance,
        notes=notes,
        sufficient=not emptied,
        details=left_out,
    )


def of_cells(
    test: Data,
    reference: Data,
    distance: Callable[[NDArray[np.float64], NDArray[np.float64], int, tuple[float, float]], Distance],
    *,
    what: str,
    method: str,
    bins: int,
    chance: float,
) -> Measurement:
    """Return the measurement of the feature with the largest distance between counts in the same cells.

    ``distance`` is given both sides' counts, the number of features and the effective numbers of reference and
    current rows; ``method`` names their number of cells. Features of more different words than are counted
    cannot be compared.
    """
    features = shared_features(test, reference)
    uncounted = [f.name for f in features if f.uncounted]
    compared = [f for f in features if not f.uncounted]
    notes = [f"{', '.join(uncounted[:5])} hold more different words than are counted"] if uncounted else []
    if not compared:
        return Measurement.unknown(
            n=test.rows,
            method=what,
            message="; ".join([*notes, "no model features are declared that can be compared, so none was"]),
        )
    size = rows(reference), rows(test)

    found = []
    for feature in compared:
        then, now = feature.cells(bins)
        one = distance(then, now, len(compared), size)
        found.append(Compared(feature=feature.name, distance=one, facts={"cells": filled(then, now)}))
    return worst(
        found,
        what=what,
        method=method.format(cells=max(c.facts["cells"] for c in found)),
        n=test.rows,
        support=min(size),
        chance=chance,
        notes=notes,
        sufficient=not uncounted,
        details={"uncounted": uncounted},
    )
