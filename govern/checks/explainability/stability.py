"""Check ``explainability.stability``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Attributions


def stability(
    attributions: Attributions, seed: int, *, rows: int = 200, background: int = 50, draws: int = 3
) -> Measurement:
    """Agreement between repeated SHAP rankings of the model's inputs.

    Why: An explanation that changes with the patients it was drawn from explains the sample and not the model, and a
        reviewer should not be shown it.
    How: `draws` SHAP estimates (permutation explainer, units of risk), each of `rows` test rows against `background`
        background rows, all sampled anew with another seed. The estimate is the mean Spearman correlation, over
        pairs of draws, of the features' mean absolute attributions (-1 to 1; 1: the same order each time). The 95 %
        interval is a percentile bootstrap of 1000 over the explained rows of each draw. The mean
        absolute attribution of each feature stands in the details with its own interval: the sampling error.
    Limits: A small or equal influence of many features lowers the agreement though nothing is wrong with those that
        matter; the overlap of the five leading features stands in the details. The bootstrap adds noise to the
        ranks, so the lower bound errs on the low side; the upper bound is at least the estimate. Fewer than 20
        explained rows or fewer than 3 features are inconclusive.
    Fix: Raise `rows` and `background`; if that does not help, drop or group features that carry the same information.
    See: Lundberg SM, Lee SI. A unified approach to interpreting model predictions. NeurIPS 2017; shap 0.51,
        PermutationExplainer.
    """
    from itertools import combinations

    from govern.checks.explainability._importance import FEW, bounds, mean_abs, ranked, resampled

    drawn = [attributions.draw(rows=rows, background=background, seed=seed + i) for i in range(draws)]
    names, n = drawn[0].features, len(drawn[0].scores)
    means = np.stack([mean_abs(d) for d in drawn])
    again = [resampled(d, seed + i) for i, d in enumerate(drawn)]
    low, high = bounds(np.mean(again, axis=0))
    pairs = list(combinations(range(draws), 2))
    method = f"mean Spearman correlation of {draws} SHAP draws, bootstrap over rows"
    listed = ranked(names, mean_abs=means.mean(axis=0), lower=low, upper=high)
    leading = [set(np.argsort(-m, kind="stable")[:5].tolist()) for m in means]
    overlap = [len(leading[i] & leading[j]) / len(leading[i] | leading[j]) for i, j in pairs]
    details = {"features": listed, "top5_overlap": float(np.mean(overlap)) if overlap else None}
    flat = (np.ptp(means, axis=1) == 0).any()
    if flat or not pairs:
        reason = "two draws are needed to compare" if not pairs else "a draw gives every feature the same influence"
        return Measurement(
            estimate=None, lower=None, upper=None, n=n, method=method, sufficient=False, message=reason, details=details
        )
    estimate = float(np.mean([_spearman(means[i][None], means[j][None])[0] for i, j in pairs]))
    boot = np.mean([_spearman(again[i], again[j]) for i, j in pairs], axis=0)
    lower, upper = bounds(boot)
    return Measurement(
        estimate=estimate,
        lower=float(lower),
        upper=max(float(upper), estimate),
        n=n,
        support=n,
        method=method,
        sufficient=n >= FEW and len(names) >= 3,
        message=f"the leading feature is {listed[0]['feature']}; {draws} draws of {n} rows",
        details=details,
    )


def _spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank correlation of each pair of rows, shape (k,); 0 where a row has no order."""
    from scipy.stats import rankdata

    x, y = (rankdata(v, axis=1) - (v.shape[1] + 1) / 2 for v in (a, b))
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    rho: NDArray[np.float64] = np.divide((x * y).sum(axis=1), scale, out=np.zeros(len(x)), where=scale > 0)
    return rho
