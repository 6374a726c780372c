"""Check ``explainability.additivity``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.inputs import Attributions


def additivity(attributions: Attributions, seed: int, *, rows: int = 200, background: int = 25) -> Measurement:
    """Largest gap between a risk and the sum of its explanation.

    Why: Attributions that do not add up to the risk explain another model. It happens where a model answers the same
        patient differently from call to call, or lets the other patients of a batch change the answer.
    How: For each of `rows` explained test rows, the absolute difference between the model's risk and the base (mean
        risk of the background) plus the row's SHAP values; the model is asked for the risk and the base apart from the
        explanation. The estimate is the largest difference, in units of risk (0 to 1; about 1e-15 where all is well).
        It is exact for the explained rows, so both bounds equal it.
    Limits: Nothing is said about rows that were not explained, nor whether an explanation that adds up is a good one.
    Fix: Have the model score each row by itself and without randomness: switch off dropout, fix seeds, do not
        standardise within a batch.
    See: Lundberg SM, Lee SI. A unified approach to interpreting model predictions. NeurIPS 2017 (local accuracy).
    """
    draw = attributions.draw(rows=rows, background=background, seed=seed)
    gap = np.abs(draw.scores - draw.base - draw.values.sum(axis=1))
    worst = float(gap.max())
    return Measurement(
        estimate=worst,
        lower=worst,
        upper=worst,
        n=len(gap),
        method="exact maximum over the explained rows",
        message=f"explanations add up to the risk within {worst:.1g}",
        details={"mean": float(gap.mean())},
    )
