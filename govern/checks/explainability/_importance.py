"""What a draw of attributions says about each feature: its mean absolute attribution, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Draw

#: Explained rows below which nothing is concluded.
FEW = 20
REPLICATES = 1000


def mean_abs(draw: Draw) -> NDArray[np.float64]:
    """Return the mean absolute attribution of each feature, in units of risk, shape (features,)."""
    mean: NDArray[np.float64] = np.abs(draw.values).mean(axis=0)
    return mean


def resampled(draw: Draw, seed: int) -> NDArray[np.float64]:
    """Return :func:`mean_abs` of bootstrap samples of the explained rows, shape (REPLICATES, features)."""
    from govern.stats.bootstrap import draws

    size = np.abs(draw.values)
    return np.concatenate([w @ size / len(size) for w in draws(len(size), replicates=REPLICATES, seed=seed)])


def bounds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 95 % percentile bounds along the first axis, shape (2, ...)."""
    limits: NDArray[np.float64] = np.quantile(values, [0.025, 0.975], axis=0)
    return limits


def ranked(names: tuple[str, ...], **columns: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return one entry a feature with its name and these columns, largest first by the first column."""
    key = next(iter(columns.values()))
    order = sorted(range(len(names)), key=lambda j: (-key[j], names[j]))
    return [{"feature": names[j], **{k: float(v[j]) for k, v in columns.items()}} for j in order]
