"""Check ``explainability.stability``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Attributions


def stability(
    attributions: Attributions, seed: int, *, rows: int = 200, background: int = 50, draws: int = 3
) -> Measurement:
    """Agreement between repeated SHAP attributions of the model's inputs.

    Why: An explanation that changes with the patients it was drawn from explains the sample and not the model, and a
        reviewer should not be shown it.
    How: `draws` SHAP estimates (permutation explainer, units of risk), each of up to `rows` test rows against up to
        `background` background rows, of which no two draws share one: small datasets are divided among the draws.
        The estimate is the mean Pearson correlation, over pairs of draws, of the features' mean absolute
        attributions (-1 to 1; 1: the same proportions each time; 0: which input stands out is chance). So each
        feature weighs by how far its influence lies from the others'. The 95 % interval is a percentile bootstrap of
        1000 over the explained rows of each draw. The mean absolute attribution of each feature stands in the
        details with its own interval: the sampling error.
    Limits: One dominant feature is enough for a high agreement: the order of features whose influence is alike is not
        judged, and their intervals in the details say whether it is known. Where all features have the same
        influence there is no order to agree on, and the agreement is low though nothing is wrong with the model. The
        bootstrap adds noise, so the lower bound errs on the low side; the upper bound is at least the estimate. It
        draws rows and not patients, so that where patients repeat the interval is too narrow. Fewer than 20 explained
        rows a draw or fewer than 3 features are inconclusive.
    Fix: Give more test and reference rows, raise `rows` and `background`; if that does not help, drop or group
        features that carry the same information.
    See: Kalousis A, Prados J, Hilario M. Stability of feature selection algorithms. Knowledge and Information Systems
        12:95, 2007 (stability of weights); Lundberg SM, Lee SI. NeurIPS 2017; shap 0.51, PermutationExplainer.
    """
    from itertools import combinations

    from govern.checks.explainability._importance import FEW, bounds, mean_abs, ranked, resampled

    if draws < 2:
        raise PolicyError(f"explainability.stability: draws is {draws}, two are needed to compare", hint="give 3")
    method = f"mean Pearson correlation of {draws} disjoint SHAP draws, bootstrap over rows"
    n, m = (min(size, there // draws) for size, there in zip((rows, background), attributions.available, strict=True))
    if min(n, m) < 1:
        reason = f"there are too few rows to divide among {draws} draws"
        return Measurement.unknown(n=0, method=method, message=reason)
    drawn = [attributions.draw(rows=n, background=m, seed=seed, part=i) for i in range(draws)]
    names = drawn[0].features
    means = np.stack([mean_abs(d) for d in drawn])
    again = [resampled(d, seed + i) for i, d in enumerate(drawn)]
    low, high = bounds(np.mean(again, axis=0))
    pairs = list(combinations(range(draws), 2))
    listed = ranked(names, mean_abs=means.mean(axis=0), lower=low, upper=high)
    leading = [set(np.argsort(-m, kind="stable")[:5].tolist()) for m in means]
    overlap = [len(leading[i] & leading[j]) / len(leading[i] | leading[j]) for i, j in pairs]
    details = {"features": listed, "top5_overlap": float(np.mean(overlap))}
    if len(names) < 3 or (np.ptp(means, axis=1) == 0).any():
        few = f"the model has {len(names)} features, and fewer than 3 cannot be ranked"
        reason = few if len(names) < 3 else "a draw gives every feature the same influence"
        return Measurement.unknown(n=n, method=method, message=reason, details=details)
    estimate = float(np.mean([_pearson(means[i][None], means[j][None])[0] for i, j in pairs]))
    boot = np.mean([_pearson(again[i], again[j]) for i, j in pairs], axis=0)
    lower, upper = bounds(boot)
    return Measurement(
        estimate=estimate,
        lower=min(float(lower), estimate),
        upper=max(float(upper), estimate),
        n=n,
        support=n,
        method=method,
        sufficient=n >= FEW,
        message=f"the leading feature is {listed[0]['feature']}; {draws} draws of {n} rows",
        details=details,
    )


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each pair of rows, shape (k,); 0 where all values of a row are the same."""
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (a, b))
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    rho: NDArray[np.float64] = np.divide((x * y).sum(axis=1), scale, out=np.zeros(len(x)), where=scale > 0)
    return rho
