"""Check ``drift.features``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    import pandas as pd

    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data


#: Takes longer to import than all measuring: see :class:`govern.checks.catalogue.Check`.
BESIDE = ("evidently", "evidently.metrics")


def features(test: Data, reference: Data, seed: int, *, sample: int = 5000, threshold: float = 0.1) -> Measurement:
    """Share of the model's inputs that have drifted, by Evidently.

    Why: An independent implementation stands beside `drift.psi`: where both see no shift, neither software nor
        method is the reason.
    How: Evidently's data drift report on a seeded sample of at most `sample` rows of each dataset, with its methods
        named and so the same at every size: the first Wasserstein distance in standard deviations of the reference
        for numbers, the Jensen-Shannon distance (nats) for categories. A feature whose distance is `threshold`
        or more has drifted, as has one that is missing throughout in one dataset only. The bounds come from each
        feature's own 95 % interval, by the methods of `drift.wasserstein` and `drift.jensen_shannon`: the lower
        bound counts the features that lie wholly above the threshold, the upper bound also those that reach it.
    Limits: Missing values are left out, so a change in how often a value is missing is for `drift.psi` to see. One
        feature at a time. A few extreme values in the reference widen its standard deviation and so shrink the
        Wasserstein distance; `drift.psi` does not depend on them. Inconclusive if chance alone explains drift of this
        size, or no interval can be given, in half of the features or more.
        The share speaks of these features, not of a population of features.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Evidently 0.7.23, data drift algorithm.
    """
    from govern.checks.drift._evidently import METHODS, distances
    from govern.checks.drift._features import rows

    found, then, now = tables(test, reference, seed, sample=sample)
    m, n = len(then), len(now)
    method = "Evidently 0.7.23: Wasserstein (normed) and Jensen-Shannon distance, interval in closed form"
    if not found:
        return Measurement.unknown(
            n=n,
            method=method,
            message="no model features are declared, so none was compared",
        )
    there = [(bool(then[f.name].notna().any()), bool(now[f.name].notna().any())) for f in found]
    filled = [f for f, sides in zip(found, there, strict=True) if all(sides)]
    emptied = sorted(f.name for f, sides in zip(found, there, strict=True) if any(sides) and not all(sides))
    size = (m * rows(reference) / reference.rows, n * rows(test) / test.rows)
    names = [f.name for f in filled]
    values = distances(then[names], now[names], threshold) if filled else {}
    listed: list[dict[str, Any]] = [
        {
            "feature": f.name,
            **_judge(then[f.name], now[f.name], values[f.name], size, numeric=f.numeric),
            "drifted": values[f.name] >= threshold,
            "method": METHODS[f.numeric],
        }
        for f in filled
    ]
    listed.sort(key=lambda entry: (-entry["value"], entry["feature"]))

    drifted = [entry["feature"] for entry in listed if entry["value"] >= threshold]
    surely, perhaps, undecided = _counts(listed, threshold)
    total = len(found)
    moved = emptied + drifted
    message = f"{len(moved)} of {total} features drifted" + (f": {', '.join(moved[:5])}" if moved else "")
    if undecided:
        message += f"; for {undecided}, chance alone reaches {threshold:g} in samples of this size"
    return Measurement(
        estimate=len(moved) / total,
        lower=min((len(emptied) + surely), len(moved)) / total,
        upper=max((len(emptied) + perhaps), len(moved)) / total,
        n=n,
        support=int(min(size)),
        method=method,
        sufficient=2 * undecided < total and bool(filled),
        message=message,
        details={"features": listed, "worst": moved[0] if moved else None, "emptied": emptied, "sampled": [m, n]},
    )


def tables(
    test: Data, reference: Data, seed: int, *, sample: int = 5000
) -> tuple[list[Feature], pd.DataFrame, pd.DataFrame]:
    """Return the features that are compared, and reference and test rows that are drawn for it."""
    from govern.checks.drift._features import shared_features
    from govern.checks.drift._samples import sampled, table

    rng = np.random.default_rng(seed)
    now, then = (sampled(data, sample, rng) for data in (test, reference))
    found = shared_features(test, reference)
    kinds = {f.name: f.kind for f in found}
    return found, table(reference, kinds, then), table(test, kinds, now)


def report_html(test: Data, reference: Data, seed: int, *, sample: int = 5000, threshold: float = 0.1) -> bytes | None:
    """Return Evidently's own report of what this check compares, worst features first; ``None`` if that is nothing.

    See :func:`govern.checks.drift._evidently.page`.
    """
    from govern.checks.drift._evidently import distances, page

    found, then, now = tables(test, reference, seed, sample=sample)
    names = [f.name for f in found if then[f.name].notna().any() and now[f.name].notna().any()]
    if not names:
        return None
    values = distances(then[names], now[names], threshold)
    first = sorted(names, key=lambda name: (-values[name], name))
    return page(then[names], now[names], threshold, first=first)


def _counts(listed: list[dict[str, Any]], threshold: float) -> tuple[int, int, int]:
    """Return how many features have surely drifted, have perhaps drifted, and cannot be decided on.

    A bound that is no finite number decides nothing: its feature has perhaps drifted.
    """
    known = [all(np.isfinite(e[k]) for k in ("value", "lower", "upper", "chance_limit")) for e in listed]
    surely = sum(k and e["lower"] >= threshold for k, e in zip(known, listed, strict=True))
    perhaps = sum(not k or e["upper"] >= threshold for k, e in zip(known, listed, strict=True))
    undecided = sum(not k or e["chance_limit"] >= threshold for k, e in zip(known, listed, strict=True))
    return surely, perhaps, undecided


def _judge(
    reference: pd.Series[Any], current: pd.Series[Any], value: float, size: tuple[float, float], *, numeric: bool
) -> dict[str, float]:
    """Return a feature's distance, as Evidently gives it, with our interval and what chance makes of it."""
    import pandas as pd

    from govern.stats.distances import jensen_shannon, wasserstein

    sides = (reference.dropna(), current.dropna())
    places, codes = np.unique(pd.concat(sides).to_numpy(), return_inverse=True)
    then, now = (
        np.bincount(code, minlength=len(places)).astype(np.float64) for code in np.split(codes, [len(sides[0])])
    )
    n, m = size[0] * reference.notna().mean(), size[1] * current.notna().mean()
    if numeric:
        # Evidently's floor keeps a constant reference from dividing by zero.
        scale = max(float(np.std(sides[0].to_numpy())), 0.001)
        around = wasserstein(places, then, now, scale=scale, n_reference=n, n_current=m)
    else:
        around = jensen_shannon(then, now, n_reference=n, n_current=m)
    return {
        "value": value,
        "lower": min(around.lower, value),
        "upper": max(around.upper, value),
        "chance_limit": around.chance_limit,
    }
