"""Check ``explainability.stability``."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Attributions, Draw
    from govern.scan.dataset import Data

#: What may be compared -> the correlation's name, and where its value stands in the details.
_KINDS = {"influence": ("Pearson", "influence"), "rank": ("Spearman", "ranks")}


def stability(
    attributions: Attributions,
    test: Data,
    seed: int,
    *,
    rows: int = 100,
    background: int = 25,
    draws: int = 2,
    compare: Literal["influence", "rank"] = "influence",
) -> Measurement:
    """Agreement of the model's inputs' influence between repeated SHAP attributions.

    Why: An explanation that changes with the seed, the comparison patients or the explained patients that it was drawn
        from explains the sample and not the model, and a reviewer should not be shown it.
    How: SHAP (permutation explainer, units of risk) of up to `rows` test rows against up to `background` background
        rows, drawn `draws` times in each of three ways: with other seeds (the same rows and background), against other
        backgrounds (the same rows), and of other patients' rows (the same background). What is drawn anew shares no
        row with what was drawn before: small datasets are divided. The explanations that are shown rest on no fewer
        rows. For each way: the mean Pearson correlation, over
        pairs of draws, of the features' mean absolute attributions (-1 to 1; 1: the same proportions each time; 0:
        which input stands out is chance), Spearman's rank correlation of the same, and the overlap of the five
        leading features. The estimate is the smallest of the three mean Pearson correlations (with `compare: rank`,
        of the three rank correlations), its lower bound the smallest of their lower bounds. 95 % intervals are
        percentile bootstraps of 1000 over the explained patients of each draw, each with all of their rows. The mean
        absolute attribution of each feature stands in the details with its own interval: the sampling error.
    Limits: Each feature weighs by how far its influence lies from the others', so one dominant feature is enough for a
        high agreement. The rank correlations judge every place alike, and are low where many features have nearly the
        same small influence, which is no fault: compare the features' intervals. Where all features have the same
        influence there is no order to agree on, and the agreement is low though nothing is wrong with the model. The
        bootstrap adds noise, so the lower bound errs on the low side; the upper bound is at least the estimate. Where
        patients repeat, two draws of other rows may hold the same patient, and then agree better. Fewer than 20
        explained patients a draw or fewer than 3 features are inconclusive.
    Fix: Give more test and reference rows, raise `rows` and `background`; if that does not help, drop or group
        features that carry the same information.
    See: Kalousis A, Prados J, Hilario M. Stability of feature selection algorithms. Knowledge and Information Systems
        12:95, 2007 (stability of weights, ranks and subsets); Lundberg SM, Lee SI. NeurIPS 2017; shap 0.51,
        PermutationExplainer.
    """
    from govern.checks.explainability._importance import FEW, bounds, count, mean_abs, patients, ranked, resampled

    correlation, key = _KINDS[compare]
    method = f"smallest mean {correlation} correlation across seeds, backgrounds and rows, bootstrap over patients"
    n, m = (min(size, there // draws) for size, there in zip((rows, background), attributions.available, strict=True))
    if min(n, m) < 1:
        reason = f"there are too few rows to divide among {draws} draws"
        return Measurement.unknown(n=0, method=method, message=reason)
    ways = {
        "seeds": [attributions.draw(rows=n, background=m, seed=seed, order=i) for i in range(draws)],
        "backgrounds": [attributions.draw(rows=n, background=m, seed=seed, against=i) for i in range(draws)],
        "rows": [attributions.draw(rows=n, background=m, seed=seed, part=i) for i in range(draws)],
    }
    names, others = ways["rows"][0].features, ways["rows"]
    means = np.stack([mean_abs(d) for d in others])
    again = {
        # The same rows are drawn again together; of others' rows each draw has its own resamples.
        way: [resampled(d, patients(test, d), seed + (i if way == "rows" else 0)) for i, d in enumerate(drawn)]
        for way, drawn in ways.items()
    }
    low, high = bounds(np.mean(again["rows"], axis=0))
    details: dict[str, Any] = {"features": ranked(names, mean_abs=means.mean(axis=0), lower=low, upper=high)}
    if len(names) < 3 or any(np.ptp(mean_abs(d)) == 0 for drawn in ways.values() for d in drawn):
        few = f"the model has {len(names)} features, and fewer than 3 cannot be ranked"
        reason = few if len(names) < 3 else "a draw gives every feature the same influence"
        return Measurement.unknown(n=n, method=method, message=reason, details=details)
    found = [_agreement(way, drawn, again[way]) for way, drawn in ways.items()]
    worst = min(found, key=lambda entry: float(entry[key]["value"]))
    support = min(count(d, patients(test, d)) for d in others)
    ranks = ", ".join(f"{e['across']} {e['ranks']['value']:.2f}" for e in found)
    return Measurement(
        estimate=worst[key]["value"],
        lower=min(entry[key]["lower"] for entry in found),
        upper=worst[key]["upper"],
        n=n,
        support=support,
        method=method,
        sufficient=support >= FEW,
        message=f"the leading feature is {details['features'][0]['feature']}; least agreement across "
        f"{worst['across']}; rank correlation across {ranks}",
        details={**details, "agreement": found, "worst": worst["across"]},
    )


def _agreement(way: str, drawn: list[Draw], again: list[NDArray[np.float64]]) -> dict[str, Any]:
    """Return how alike the profiles of some draws are, on average over their pairs."""
    from govern.checks.explainability._importance import bounds, mean_abs
    from govern.stats.correlation import pearson, spearman

    pairs = list(combinations(range(len(drawn)), 2))
    means = [mean_abs(d) for d in drawn]
    found: dict[str, Any] = {"across": way}
    for key, compare in (("influence", pearson), ("ranks", spearman)):
        value = float(np.mean([compare(means[i][None], means[j][None])[0] for i, j in pairs]))
        low, high = bounds(np.mean([compare(again[i], again[j]) for i, j in pairs], axis=0))
        found[key] = {"value": value, "lower": min(float(low), value), "upper": max(float(high), value)}
    return {**found, "top5_overlap": float(np.mean([_overlap(means[i], means[j]) for i, j in pairs]))}


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the Jaccard index (0 to 1) of the five leading features of two profiles, shape (features,)."""
    one, other = (set(np.argsort(-v, kind="stable")[:5].tolist()) for v in (a, b))
    return len(one & other) / len(one | other)
