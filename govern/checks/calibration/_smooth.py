"""A distance of the smoothed calibration curve from the diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.calibration._evidence import REPLICATES, counts, limits, noise, too_little
from govern.stats.calibration import drawn_gaps, spread
from govern.stats.calibration_curve import calibration_curve, quantiles
from govern.stats.clusters import repeated
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.stats.calibration import Spread
    from govern.stats.calibration_curve import Curve

_LEVEL = 0.95
_POINTS = 200


def distance(scores: Scores, seed: int, name: str) -> Measurement:
    """Measure ``ici``, the mean distance of curve and diagonal over rows, or ``emax``, the largest one.

    All of ICI, E50, E90 and Emax stand in the details, with the curve or the risk at which it is farthest off.
    """
    unit = "rows" if repeated(scores.patient) is None else "patients"
    method = f"lowess, span 2/3; parametric bootstrap over {unit}, {REPLICATES} replicates"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    smooth = scores.once(_smoothed, seed)
    return Measurement(
        estimate=smooth.figures[name],
        method=method,
        details={**smooth.figures, **noise(smooth.spreads[name]), **smooth.shown[name]},
        **limits(smooth.spreads[name]),
        **counts(scores),
    )


@dataclass(frozen=True, kw_only=True)
class _Smooth:
    """What both measures take from one curve; ``spreads`` and ``shown`` by the name of the measure."""

    figures: dict[str, float]
    spreads: dict[str, Spread | None]
    shown: dict[str, dict[str, Any]]


def _smoothed(scores: Scores, seed: int) -> _Smooth:
    rows = scores.ranked
    curve = calibration_curve(rows.label, rows.score, repeated(rows.patient), rows.weight)
    worst = int(np.argmax(np.abs(curve.gap)))
    e50, e90 = quantiles(curve.distance, [0.5, 0.9], weight=rows.weight).tolist()
    figures = {"ici": curve.mean_distance, "e50": e50, "e90": e90, "emax": float(np.abs(curve.gap[worst]))}
    chance = drawn_gaps(np.zeros_like(curve.gap), curve.covariance, replicates=REPLICATES, seed=seed)
    seen, alone = np.abs(curve.gap + chance), np.abs(chance)
    return _Smooth(
        figures=figures,
        spreads={
            "ici": spread(figures["ici"], seen @ curve.share, alone @ curve.share),
            "emax": spread(figures["emax"], seen.max(axis=1), alone.max(axis=1)),
        },
        shown={"ici": {"curve": _points(curve)}, "emax": {"at": float(curve.predicted[worst])}},
    )


def _points(curve: Curve) -> list[dict[str, Any]]:
    """Return up to 200 points of the curve with their pointwise 95 % limits, cut off at 0 and 1."""
    half = quantile(_LEVEL) * np.sqrt(np.diag(curve.covariance))
    at = np.unique(np.linspace(0, len(half) - 1, min(len(half), _POINTS)).astype(np.int64))
    lower, upper = np.clip(curve.observed - half, 0, 1), np.clip(curve.observed + half, 0, 1)
    sides = {"predicted": curve.predicted, "observed": np.clip(curve.observed, 0, 1), "lower": lower, "upper": upper}
    return [
        dict(zip(sides, point, strict=True)) for point in zip(*(s[at].tolist() for s in sides.values()), strict=True)
    ]
