"""Which check has a power that is known in closed form, and what the best value of it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from govern.planning import area, gap, proportion, recalibration, stability, unpaired
from govern.planning.law import Case, Law


@dataclass(frozen=True, kw_only=True)
class Known:
    """A check whose power is known. ``params`` are those that the law knows about; ``ideal`` is its best value."""

    law: Callable[[Case], Law]
    ideal: float
    params: frozenset[str]


def _known(law: Callable[[Case], Law], ideal: float, *params: str) -> Known:
    return Known(law=law, ideal=ideal, params=frozenset(params))


KNOWN: Mapping[str, Known] = {
    "performance.auroc": _known(area.auroc, 1.0, "interval"),
    "performance.sensitivity": _known(proportion.sensitivity, 1.0, "threshold", "interval"),
    "performance.specificity": _known(proportion.specificity, 1.0, "threshold", "interval"),
    "performance.ppv": _known(proportion.ppv, 1.0, "threshold", "interval"),
    "performance.npv": _known(proportion.npv, 1.0, "threshold", "interval"),
    "calibration.slope": _known(recalibration.slope, 1.0),
    "calibration.in_the_large": _known(recalibration.in_the_large, 0.0),
    "calibration.joint_intercept": _known(recalibration.joint_intercept, 0.0),
    "bias.auroc_gap": _known(unpaired.auroc_gap, 0.0),
    "bias.calibration_gap": _known(unpaired.calibration_gap, 0.0),
    "bias.demographic_parity": _known(gap.demographic_parity, 0.0, "threshold"),
    "bias.equal_opportunity": _known(gap.equal_opportunity, 0.0, "threshold"),
    "bias.equalized_odds": _known(gap.equalized_odds, 0.0, "threshold"),
    "bias.predictive_parity": _known(gap.predictive_parity, 0.0, "threshold", "negative"),
    "drift.psi": _known(stability.psi, 0.0, "bins", "chance"),
    "drift.prediction": _known(stability.prediction, 0.0, "bins", "chance"),
    "data.missingness": _known(proportion.missingness, 0.0),
}
