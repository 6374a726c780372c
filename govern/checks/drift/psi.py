"""Check ``drift.psi``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.inputs import Data


def psi(test: Data, reference: Data, *, bins: int = 10, chance: float = 0.1) -> Measurement:
    """Largest population stability index of the model's inputs.

    Why: A model is validated for the patients it was built on. Where an input's distribution has moved, the
        evidence speaks for other patients than those the model will meet.
    How: Every row of both datasets, each feature in cells: numbers in up to `bins` cells of equal mass in the
        reference, or one for each of its values if it has no more, with further cells for what it never has, below,
        above and between; the `bins` most frequent categories as they are, one cell for the rare ones and one
        for words the reference never has; one cell for missing values. The index (0 for equal distributions, in
        nats) is the sum of (q - p) ln(q / p). The estimate is that of the worst feature less what identical populations
        give on average, (cells - 1) (1/n + 1/m). The interval inverts the non-central chi-square distribution of the
        index; over features, the upper bound is the largest and the lower bound is the largest after Bonferroni's
        correction. Where patients repeat, n and m are Kish's effective sizes.
    Limits: One feature at a time: a changed relation between features is not seen. Values above 0.1 are customarily
        read as a moderate shift and above 0.2 or 0.25 as a large one; these are conventions of credit scoring.
        Inconclusive if identical populations would show an index above `chance` in 1 of 20 windows of this size.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Yurdakul B, Naranjo J. Statistical properties of the population stability index. Journal of Risk Model
        Validation 14(4), 2020.
    """
    from govern.checks.drift._features import cells, finite, rows, shared_features
    from govern.stats.drift import stability_index
    from govern.stats.multiplicity import bonferroni

    finite("drift.psi", bins=bins, chance=chance)
    if bins < 2:
        raise PolicyError(f"drift.psi: bins is {bins}, at least 2 are needed to see a shift", hint="10 is customary")
    features = shared_features(test, reference)
    n, m = rows(test), rows(reference)
    if not features:
        return Measurement.unknown(
            n=len(test.frame),
            method="PSI",
            message="no model features are declared, so none was compared",
        )
    listed: list[dict[str, Any]] = []
    lowest = 0.0
    for feature in features:
        then, now = cells(feature, bins)
        index = stability_index(then, now, n_reference=m, n_current=n)
        strict = stability_index(then, now, n_reference=m, n_current=n, level=bonferroni(0.95, len(features)))
        lowest = max(lowest, strict.lower)
        listed.append(
            {
                "feature": feature.name,
                "value": index.estimate,
                "lower": index.lower,
                "upper": index.upper,
                "raw": index.raw,
                "chance": index.chance,
                "chance_limit": index.chance_limit,
                "cells": index.cells,
            }
        )
    listed.sort(key=lambda entry: (-entry["value"], entry["feature"]))
    worst = listed[0]
    limit = max(entry["chance_limit"] for entry in listed)
    message = f"{worst['feature']} has shifted most: PSI {worst['raw']:.3f}, of which {worst['chance']:.3f} is chance"
    if limit > chance:
        message += f"; identical populations would reach {limit:.3f} in windows of this size, above {chance:g}"
    return Measurement(
        estimate=worst["value"],
        lower=lowest,
        upper=max(entry["upper"] for entry in listed),
        n=len(test.frame),
        support=int(min(n, m)),
        method=f"PSI on up to {max(entry['cells'] for entry in listed)} cells, non-central chi-square interval",
        sufficient=limit <= chance,
        message=message,
        details={"features": listed, "worst": worst["feature"]},
    )
