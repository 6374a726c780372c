"""Check ``drift.domain_classifier``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data

_FOLDS = 5
#: Folds share most of the rows that their trees were fitted to, so their scores vary together: the variance is
#: 1 + folds / (folds - 1) times that of as many rows that one model had never seen.
_TOGETHER = (1 + _FOLDS / (_FOLDS - 1)) ** 0.5
#: Categories of a feature that are told apart; the others are one more.
_WORDS = 100
#: How many features the details list.
_LISTED = 20


#: Takes longer to import than to measure: see :class:`govern.checks.catalogue.Check`.
BESIDE = ("sklearn.ensemble",)


def domain_classifier(
    test: Data, reference: Data, seed: int, *, sample: int = 5000, chance: float = 0.6
) -> Measurement:
    """How well a classifier tells test rows from reference rows.

    Why: Features may each keep their distribution while what goes with what changes: the old with low blood pressure
        where it was the young. Checks of one feature at a time cannot see that.
    How: A seeded sample of at most `sample` rows of each dataset; gradient-boosted trees on the model's inputs, fitted
        in 5 folds, each fold scored by the trees that did not see it, the rows of a patient in one fold. The estimate
        is the AUROC of these scores (0.5: the datasets cannot be told apart; 1: each row shows where it is from), with
        DeLong's 95 % interval on the logit scale, clustered by patient where patients repeat; its standard error is
        taken 1.5 times, for the rows that the folds share (Nadeau and Bengio). Missing values and categories are values
        like others; the 100 most frequent categories of a feature are told apart. The details list how much of the
        AUROC is lost when a feature's values are shuffled in the last fold.
    Limits: It says that something differs and not whether it matters to the model. Other trees may tell more. A date,
        a row number or a site as an input tells everything. Fewer rows make worse trees, so a small window can hide
        a shift. Inconclusive if identical populations would show an AUROC above `chance` in 1 of 20 windows of this
        size, or if either sample has fewer than 10 patients.
    Fix: Look at the features that are listed, then at pairs of them; restrict the intended population, or refit on data
        of the new one.
    See: Lopez-Paz D, Oquab M. Revisiting classifier two-sample tests. ICLR 2017; DeLong ER et al. Biometrics 44:837,
        1988; Nadeau C, Bengio Y. Inference for the generalization error. Machine Learning 52:239, 2003.
    """
    from govern.checks.drift._features import shared_features
    from govern.checks.drift._samples import sampled, table

    rng = np.random.default_rng(seed)
    now, then = (sampled(data, sample, rng) for data in (test, reference))
    features = shared_features(test, reference)
    method = "gradient-boosted trees out of fold, DeLong (logit) corrected for cross-validation"
    n, m = len(now), len(then)
    unknown = {"n": n + m, "events": n, "support": min(n, m), "method": method}
    if not features:
        return Measurement.unknown(**unknown, message="no model features are declared, so none was compared")
    patient, units = _patients([(reference, then), (test, now)])
    if min(units) < 2 * _FOLDS:
        return Measurement.unknown(
            **unknown, message=f"{min(units)} patients in the smaller sample are too few for {_FOLDS} folds"
        )
    kinds = {f.name: f.kind for f in features}
    inputs, words = _encoded(features, table(reference, kinds, then), table(test, kinds, now))
    origin = np.repeat(np.array([0, 1], dtype=np.int8), [m, n])
    score, lost = _out_of_fold(inputs, words, origin, patient, seed)
    estimate, lower, upper = _area(origin, score, patient, units)
    limit = 0.5 + 1.96 * _TOGETHER * float(np.sqrt((sum(units) + 1) / (12 * units[0] * units[1])))
    drops = sorted(zip(lost.tolist(), (f.name for f in features), strict=True), key=lambda e: (-e[0], e[1]))
    message = f"the datasets can be told apart with an AUROC of {estimate:.3f}"
    if limit > chance:
        message += f"; identical populations would reach {limit:.3f} in samples of this size, above {chance:g}"
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=n + m,
        events=n,
        support=min(units),
        method=method,
        sufficient=limit <= chance,
        message=message,
        details={
            "features": [{"feature": name, "lost": drop} for drop, name in drops[:_LISTED]],
            "chance_limit": limit,
            "sampled": [m, n],
        },
    )


def _patients(parts: list[tuple[Data, NDArray[np.int64]]]) -> tuple[NDArray[np.int64] | None, tuple[int, int]]:
    """Return the patient of each sampled row (``None`` where none repeats), and how many each part has."""
    import pandas as pd

    from govern.scan.patients import identifiers
    from govern.stats.clusters import repeated

    names: list[Any] = []
    for i, (data, places) in enumerate(parts):
        if data.patient_id is None:
            who = np.full(len(places), np.nan, dtype=object)
        else:
            who = identifiers(data.sample[data.patient_id].iloc[places]).to_numpy(dtype=object)
        # A row without an identifier is a patient of its own; a known one is the same in both datasets.
        names += [(i, row) if pd.isna(name) else name for row, name in enumerate(who)]
    codes = np.unique([str(name) for name in names], return_inverse=True)[1].astype(np.int64)
    split = len(parts[0][1])
    return repeated(codes), (len(np.unique(codes[:split])), len(np.unique(codes[split:])))


def _encoded(
    features: list[Feature], reference: pd.DataFrame, test: pd.DataFrame
) -> tuple[NDArray[np.float64], list[bool]]:
    """Return the features as float64 of shape (rows, features), reference rows first, and which are categories."""
    import pandas as pd

    columns = []
    for feature in features:
        values = pd.concat([reference[feature.name], test[feature.name]], ignore_index=True)
        if feature.numeric:
            columns.append(values.to_numpy(dtype=np.float64))
            continue
        ranked = sorted(values.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        place = {word: float(min(i, _WORDS)) for i, (word, _) in enumerate(ranked)}
        columns.append(values.map(place).to_numpy(dtype=np.float64))
    return np.column_stack(columns), [not f.numeric for f in features]


def _out_of_fold(
    inputs: NDArray[np.float64],
    words: list[bool],
    origin: NDArray[np.int8],
    patient: NDArray[np.int64] | None,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each row's score by trees that did not see it, and what shuffling each feature loses in the last fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    state, rng = seed % 2**32, np.random.default_rng(seed)
    fold = _folds(origin, np.arange(len(origin)) if patient is None else patient, rng)
    score = np.empty(len(origin))
    with threadpool_limits(limits=1, user_api="openmp"):  # so few rows gain nothing from threads that wait
        for i in range(_FOLDS):
            left_out, fitted = fold == i, fold != i
            trees = HistGradientBoostingClassifier(
                max_iter=50, max_leaf_nodes=15, categorical_features=words, early_stopping=False, random_state=state
            ).fit(inputs[fitted], origin[fitted])
            score[left_out] = trees.predict_proba(inputs[left_out])[:, 1]
        return score, _lost(trees, inputs[left_out], origin[left_out], score[left_out], rng)


def _folds(origin: NDArray[np.int8], patient: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of each row: at random, the rows of a patient together, each fold of both datasets alike."""
    _, first, codes = np.unique(patient, return_index=True, return_inverse=True)
    order = rng.permutation(len(first))
    order = order[np.argsort(origin[first[order]], kind="stable")]
    fold = np.empty(len(first), dtype=np.int64)
    fold[order] = np.arange(len(first)) % _FOLDS
    return fold[codes]


def _lost(
    trees: Any,
    inputs: NDArray[np.float64],
    origin: NDArray[np.int8],
    score: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    from govern.stats.auroc import area

    whole = area(origin, score).estimate
    lost = np.empty(inputs.shape[1])
    for j in range(inputs.shape[1]):
        shuffled = inputs.copy()
        shuffled[:, j] = rng.permutation(inputs[:, j])
        lost[j] = whole - area(origin, trees.predict_proba(shuffled)[:, 1]).estimate
    return lost


def _area(
    origin: NDArray[np.int8], score: NDArray[np.float64], patient: NDArray[np.int64] | None, units: tuple[int, int]
) -> tuple[float, float, float]:
    from govern.stats.auroc import area, logit_interval, newcombe_interval, variance

    found = area(origin, score)
    spread = variance(found.influence, origin, patient)
    if not spread or not 0 < found.estimate < 1:
        return (found.estimate, *newcombe_interval(found.estimate, units[1], units[0]))
    return (found.estimate, *logit_interval(found.estimate, _TOGETHER * float(np.sqrt(spread))))
