"""Check ``robustness.rounding``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Model
    from govern.scan.dataset import Data


def rounding(
    model: Model, test: Data, seed: int, *, digits: int = 2, tolerance: float = 0.05, rows: int = 500
) -> Measurement:
    """Share of patients whose risk jumps when the model's inputs are rounded.

    Why: The same value is charted as 7.36, 7.4 or 7 in different systems. A risk that jumps with the rounding has a
        step where medicine has none, and another hospital's patients lie on the other side of it.
    How: Up to `rows` test rows are scored as they are and with every number rounded to `digits` significant digits.
        The estimate is the share of rows whose risk moves by more than `tolerance` (units of risk, 0 to 1); 95 %
        interval by Wilson, where a patient repeats on the effective sample size. The mean and the largest change
        stand in the details, and whose rounding alone moves the risk most.
    Limits: Two digits are a coarse rounding for inputs whose normal range is narrow (pH, sodium): a jump there may be
        rightly so, and the details say which input it was. Dates and words are left as they are. Fewer than 20 patients
        are inconclusive.
    Fix: Replace steps by smooth effects (splines, more and shallower trees), or fix the resolution of the inputs in
        the instructions for use.
    See: Royston P, Altman DG, Sauerbrei W. Dichotomizing continuous predictors in multiple regression: a bad idea.
        Stat Med 25:127, 2006; Korn and Graubard 1998.
    """
    from govern.checks.robustness._rows import FEW, answers, as_floats, numbers, replaced, sampled, share

    chosen = sampled(model, test, seed, rows)
    names = [name for name in model.features if numbers(test, name)]
    method = "Wilson on the effective sample size"
    if not names:
        message = "no input is a number, so there is nothing to round"
        return Measurement.unknown(n=len(chosen.inputs), method=method, message=message)
    rounded = {n: replaced(chosen.inputs[n], _significant(as_floats(chosen.inputs[n]), digits)) for n in names}
    frames = [chosen.inputs, chosen.inputs.assign(**rounded)]
    alone = [chosen.inputs.assign(**{name: rounded[name]}) for name in names]
    before, after, *each = answers(model, [*frames, *alone])
    change = np.abs(after - before)
    estimate, (lower, upper) = share(change > tolerance, chosen.patient)
    moved = {name: float(np.abs(risk - before).mean()) for name, risk in zip(names, each, strict=True)}
    leading = sorted(names, key=lambda name: (-moved[name], name))
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=len(change),
        support=chosen.patients,
        method=method,
        sufficient=chosen.patients >= FEW,
        message=f"the risk moves by {change.mean():.3f} on average and by {change.max():.3f} at most, "
        f"most of all by {leading[0]}",
        details={
            "features": [{"feature": name, "value": moved[name]} for name in leading],
            "mean_change": float(change.mean()),
            "largest_change": float(change.max()),
            "worst": leading[0],
        },
    )


def _significant(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return values rounded to so many significant digits; 0, what is missing and what is infinite stay."""
    there = np.isfinite(values) & (values != 0)
    step = np.floor(np.log10(np.abs(values, where=there, out=np.ones_like(values)))) - digits + 1
    scale = 10.0 ** np.abs(step)
    coarse = np.where(step < 0, np.round(values * scale) / scale, np.round(values / scale) * scale)
    return np.where(there, coarse, values)
