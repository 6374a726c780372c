"""Check ``robustness.noise``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    import pandas as pd

    from govern.checks.inputs import Model
    from govern.scan.dataset import Data


def noise(
    model: Model,
    test: Data,
    reference: Data,
    seed: int,
    *,
    threshold: float = 0.5,
    sd: float = 0.1,
    flip: float = 0.01,
    rows: int = 500,
) -> Measurement:
    """Share of decisions that change when every input carries a little measurement error.

    Why: The same patient measured twice does not give the same numbers. A decision that turns on less than the
        measurement's own error is a coin that is tossed by the laboratory.
    How: Up to `rows` test rows are scored as they are and once more with Gaussian noise added to every number, `sd`
        standard deviations of the reference each (0.1: about the error of a routine assay), and with each word or
        yes/no replaced by another of the reference's values with the probability `flip`. Numbers stay within the
        reference's range, and whole where they were whole. The estimate is the share of rows on the other side of
        `threshold` afterwards (0 to 1); 95 % interval by Wilson, where a patient repeats on the effective sample size.
        The mean and largest change of the risk stand in the details.
    Limits: Errors of inputs are independent here; real ones often are not. Dates and missing values are left as they
        are. The share depends on how many risks lie near the threshold. Fewer than 20 patients are inconclusive.
    Fix: Smooth the model (stronger penalty, fewer or shallower trees, calibration), or measure twice near the
        threshold and say so in the instructions for use.
    See: FDA, Assessing the credibility of computational modeling and simulation, 2023 (input uncertainty); ISO/IEC TR
        24029-1:2021 (robustness of neural networks); Korn and Graubard 1998.
    """
    from govern.checks.robustness._rows import FEW, answers, mean, numbers, sampled, share

    chosen = sampled(model, test, seed, rows)
    rng = np.random.default_rng([seed, 1])
    blurred = chosen.inputs.copy()
    left_alone = []
    for name in model.features:
        if numbers(test, name) and np.isfinite(reference.columns[name].sd):
            blurred[name] = _blurred(chosen.inputs[name], reference, sd, rng)
        elif test.columns[name].kind == "words":
            blurred[name] = _flipped(chosen.inputs[name], reference.sample[name], flip, rng)
        else:
            left_alone.append(name)
    before, after = answers(model, [chosen.inputs, blurred])
    change = np.abs(after - before)
    estimate, (lower, upper) = share((before >= threshold) != (after >= threshold), chosen.patient)
    moved, (least, most) = mean(change, chosen.patient)
    alone = f"; left as they are: {', '.join(left_alone)}" if left_alone else ""
    return Measurement(
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=len(change),
        support=chosen.patients,
        method="Wilson on the effective sample size",
        sufficient=chosen.patients >= FEW,
        message=f"the risk moves by {moved:.3f} on average and by {change.max():.3f} at most{alone}",
        details={
            "mean_change": {"value": moved, "lower": least, "upper": most},
            "largest_change": float(change.max()),
            "left_alone": left_alone,
        },
    )


def _blurred(column: pd.Series[float], reference: Data, sd: float, rng: np.random.Generator) -> pd.Series[float]:
    """Return numbers with noise, kept within the reference's range (or at their own distance from it)."""
    from govern.checks.robustness._rows import as_floats, replaced

    cells, value = reference.columns[str(column.name)], as_floats(column)
    noisy = value + rng.normal(0.0, sd * cells.sd, len(value))
    return replaced(column, np.clip(noisy, np.minimum(cells.low, value), np.maximum(cells.high, value)))


def _flipped(
    column: pd.Series[str], reference: pd.Series[str], rate: float, rng: np.random.Generator
) -> pd.Series[str]:
    """Return words of which a share is replaced by another of the reference's words, each as likely."""
    import pandas as pd

    known = pd.concat([reference, column], ignore_index=True)
    codes, distinct = pd.factorize(known)
    own, choices = codes[len(reference) :], len(distinct)
    hit = (rng.random(len(own)) < rate) & (own >= 0)
    if choices < 2:
        return column
    other = np.where(hit, (own + rng.integers(1, choices, len(own))) % choices, own)
    taken = pd.Series(distinct.take(np.maximum(other, 0)), index=column.index)
    return column.where(~hit, taken)
