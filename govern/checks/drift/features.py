"""Check ``drift.features``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.drift._features import Feature
    from govern.checks.inputs import Data
    from govern.stats.drift import Distance

#: Places at which the distribution of a number is resampled: enough that the noise equals that of the rows.
_PLACES = 256


def features(test: Data, reference: Data, seed: int, *, sample: int = 5000, threshold: float = 0.1) -> Measurement:
    """Share of the model's inputs that have drifted, by Evidently.

    Why: An independent implementation stands beside `drift.psi`: where both see no shift, neither software nor
        method is the reason.
    How: Evidently's data drift report on a seeded sample of at most `sample` rows of each dataset, with its methods
        named and so the same at every size: the first Wasserstein distance in standard deviations of the reference
        for numbers, the Jensen-Shannon distance (nats) for categories. A feature whose distance is `threshold`
        or more has drifted, as has one that is missing throughout in one dataset only. The bounds come from each
        feature's own 95 % interval, by a parametric bootstrap of 200 draws: the lower bound counts the features that
        lie wholly above the threshold, the upper bound also those that reach it. Noise makes a distance too large,
        so the upper end is the 97.5 % point of the draws, and the lower end lies 1.96 standard errors below the
        value less that bias.
    Limits: Missing values are left out, so a change in how often a value is missing is for `drift.psi` to see. One
        feature at a time. A few extreme values in the reference widen its standard deviation and so shrink the
        Wasserstein distance; `drift.psi` does not depend on them. Inconclusive if chance alone explains drift of this
        size, or no interval can be given, in half of the features or more.
        The share speaks of these features, not of a population of features.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Evidently 0.7.23, data drift algorithm; Efron B, Tibshirani R. An Introduction to the Bootstrap, 1993.
    """
    from govern.checks.drift._features import finite, rows, shared_features

    finite("drift.features", sample=sample, threshold=threshold)
    if sample < 1:
        raise PolicyError(f"drift.features: sample is {sample}, rows are needed to compare", hint="5000 is the default")
    rng = np.random.default_rng(seed)
    found = shared_features(test, reference)
    n, m = min(len(test.frame), sample), min(len(reference.frame), sample)
    method = "Evidently 0.7.23: Wasserstein (normed) and Jensen-Shannon distance, parametric bootstrap of 200"
    if not found:
        return Measurement.unknown(
            n=n,
            method=method,
            message="no model features are declared, so none was compared",
        )
    now = np.sort(rng.choice(len(test.frame), n, replace=False))
    then = np.sort(rng.choice(len(reference.frame), m, replace=False))
    found = [_take(feature, then, now) for feature in found]
    filled = [f for f in found if f.reference.notna().any() and f.current.notna().any()]
    emptied = sorted(f.name for f in found if f.reference.notna().any() != f.current.notna().any())
    size = (m * rows(reference) / len(reference.frame), n * rows(test) / len(test.frame))
    values = _evidently(filled, threshold) if filled else {}
    listed = [_judge(feature, values[feature.name], threshold, size, rng) for feature in filled]
    listed.sort(key=lambda entry: (-entry["value"], entry["feature"]))

    drifted = [entry["feature"] for entry in listed if entry["value"] >= threshold]
    surely, perhaps, undecided = _counts(listed, threshold)
    total = len(found)
    names = emptied + drifted
    message = f"{len(names)} of {total} features drifted" + (f": {', '.join(names[:5])}" if names else "")
    if undecided:
        message += f"; for {undecided}, chance alone reaches {threshold:g} in samples of this size"
    return Measurement(
        estimate=len(names) / total,
        lower=min((len(emptied) + surely), len(names)) / total,
        upper=max((len(emptied) + perhaps), len(names)) / total,
        n=n,
        support=int(min(size)),
        method=method,
        sufficient=2 * undecided < total and bool(filled),
        message=message,
        details={"features": listed, "worst": names[0] if names else None, "emptied": emptied, "sampled": [m, n]},
    )


def _counts(listed: list[dict[str, Any]], threshold: float) -> tuple[int, int, int]:
    """Return how many features have surely drifted, have perhaps drifted, and cannot be decided on.

    A bound that is no finite number decides nothing: its feature has perhaps drifted.
    """
    known = [all(np.isfinite(e[k]) for k in ("value", "lower", "upper", "chance_limit")) for e in listed]
    surely = sum(k and e["lower"] >= threshold for k, e in zip(known, listed, strict=True))
    perhaps = sum(not k or e["upper"] >= threshold for k, e in zip(known, listed, strict=True))
    undecided = sum(not k or e["chance_limit"] >= threshold for k, e in zip(known, listed, strict=True))
    return surely, perhaps, undecided


def _take(feature: Feature, then: NDArray[np.int64], now: NDArray[np.int64]) -> Feature:
    from dataclasses import replace

    return replace(
        feature,
        reference=feature.reference.iloc[then].reset_index(drop=True),
        current=feature.current.iloc[now].reset_index(drop=True),
    )


def _evidently(found: list[Feature], threshold: float) -> dict[str, float]:
    """Return Evidently's distance of each feature, by its own report."""
    import warnings

    import pandas as pd

    # Columns are numbered: Evidently would read a name such as "a,b" as two.
    numeric = [str(i) for i, f in enumerate(found) if f.numeric]
    words = [str(i) for i, f in enumerate(found) if not f.numeric]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Evidently's own, from its imports and from empty histogram bins
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        definition = DataDefinition(numerical_columns=numeric, categorical_columns=words)
        preset = DataDriftPreset(
            columns=[*numeric, *words],
            num_method="wasserstein",
            cat_method="jensenshannon",
            num_threshold=threshold,
            cat_threshold=threshold,
            include_tests=False,
        )
        current = pd.DataFrame({str(i): f.current for i, f in enumerate(found)})
        reference = pd.DataFrame({str(i): f.reference for i, f in enumerate(found)})
        run = Report([preset]).run(
            Dataset.from_pandas(current, data_definition=definition),
            Dataset.from_pandas(reference, data_definition=definition),
        )
    by_column = {
        entry["config"]["column"]: float(entry["value"])
        for entry in run.dict()["metrics"]
        if "column" in entry["config"]
    }
    return {feature.name: by_column[str(i)] for i, feature in enumerate(found)}


def _judge(
    feature: Feature, value: float, threshold: float, size: tuple[float, float], rng: np.random.Generator
) -> dict[str, Any]:
    """Return a feature's distance with its interval and what chance makes of it."""
    from govern.stats.drift import noise

    then, now, distance = _atoms(feature)
    around = noise(
        then,
        now,
        distance,
        rng,
        n_reference=size[0] * feature.reference.notna().mean(),
        n_current=size[1] * feature.current.notna().mean(),
    )
    return {
        "feature": feature.name,
        "value": value,
        "lower": max(value - max(around.bias, 0.0) - 1.96 * around.sd, 0.0),
        "upper": max(around.upper, value),
        "chance_limit": around.chance_limit,
        "drifted": value >= threshold,
        "method": "wasserstein" if feature.numeric else "jensenshannon",
    }


def _atoms(feature: Feature) -> tuple[NDArray[np.float64], NDArray[np.float64], Distance]:
    """Return counts at the places where the feature lies, and the distance that Evidently takes."""
    import pandas as pd

    from govern.stats.drift import equal_mass_edges, jensen_shannon, wasserstein

    reference, current = feature.reference.dropna(), feature.current.dropna()
    if not feature.numeric:
        codes, words = pd.factorize(pd.concat([reference, current]))
        split = (codes[: len(reference)], codes[len(reference) :])
        then, now = (np.bincount(code, minlength=len(words)).astype(np.float64) for code in split)
        return then, now, jensen_shannon
    both = np.concatenate([reference, current])
    places = np.append(equal_mass_edges(both, _PLACES), both.max())
    then, now = (
        np.bincount(np.searchsorted(places, side), minlength=len(places)).astype(np.float64)
        for side in (reference.to_numpy(), current.to_numpy())
    )
    # Evidently's floor keeps a constant reference from dividing by zero.
    scale = max(float(np.std(reference.to_numpy())), 0.001)
    return then, now, wasserstein(places, scale)
