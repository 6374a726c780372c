"""A distance of the smoothed calibration curve from the diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.calibration._evidence import REPLICATES, counts, limits, noise, too_little
from govern.stats.calibration import spread
from govern.stats.calibration_curve import calibration_curve, weighted_quantile
from govern.stats.clusters import repeated
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores
    from govern.stats.calibration_curve import Curve

_LEVEL = 0.95
_POINTS = 200


def distance(scores: Scores, seed: int, name: str) -> Measurement:
    """Measure ``ici``, the mean distance of curve and diagonal over rows, or ``emax``, the largest one.

    All of ICI, E50, E90 and Emax stand in the details, with the curve or the risk at which it is farthest off.
    """
    patient = repeated(scores.patient)
    unit = "rows" if patient is None else "patients"
    method = f"lowess, span 2/3; parametric bootstrap over {unit}, {REPLICATES} replicates"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    curve = calibration_curve(scores.label, scores.score, patient, scores.weight)
    worst = int(np.argmax(np.abs(curve.gap)))
    figures = {
        "ici": curve.mean_distance,
        "e50": weighted_quantile(curve.distance, curve.rows, 0.5),
        "e90": weighted_quantile(curve.distance, curve.rows, 0.9),
        "emax": float(np.abs(curve.gap[worst])),
    }
    mean = name == "ici"
    found = spread(
        figures[name],
        curve.mean_distances if mean else _largest,
        curve.gap,
        curve.covariance,
        replicates=REPLICATES,
        seed=seed,
    )
    shown: dict[str, Any] = {"curve": _points(curve)} if mean else {"at": float(curve.predicted[worst])}
    return Measurement(
        estimate=figures[name],
        method=method,
        details={**figures, **noise(found), **shown},
        **limits(found),
        **counts(scores),
    )


def _largest(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    largest: NDArray[np.float64] = np.abs(gaps).max(axis=1)
    return largest


def _points(curve: Curve) -> list[dict[str, Any]]:
    """Return up to 200 points of the curve with their pointwise 95 % limits, cut off at 0 and 1."""
    half = quantile(_LEVEL) * np.sqrt(np.diag(curve.covariance))
    at = np.unique(np.linspace(0, len(half) - 1, min(len(half), _POINTS)).astype(np.int64))
    lower, upper = np.clip(curve.observed - half, 0, 1), np.clip(curve.observed + half, 0, 1)
    return [
        {
            "predicted": float(curve.predicted[i]),
            "observed": float(np.clip(curve.observed[i], 0, 1)),
            "lower": float(lower[i]),
            "upper": float(upper[i]),
        }
        for i in at
    ]
