"""Check ``robustness.unit_shift``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Model
    from govern.checks.robustness._rows import Rows
    from govern.scan.dataset import Data


def unit_shift(
    model: Model,
    test: Data,
    reference: Data,
    seed: int,
    *,
    threshold: float = 0.5,
    factor: float = 10.0,
    rows: int = 500,
) -> Measurement:
    """Largest share of decisions that change, unnoticed, when one input comes in another unit.

    Why: Creatinine of 1.1 mg/dL is 97 umol/L. A new interface, another laboratory or a misplaced point sends such
        numbers, and a model that answers them with confidence turns a mistake of plumbing into one of treatment.
    How: Up to `rows` test rows are scored as they are, and for each numeric input again with that input converted as
        its name suggests (creatinine by 88.4, glucose by 18, temperature from Celsius to Fahrenheit, ...), or else
        multiplied by `factor`, and the same in reverse. For each mistake: the share of rows with the input present
        that are answered and lie on the other side of `threshold` afterwards (0 to 1); 95 % interval by Wilson, where
        a patient repeats on the effective sample size. A model that refuses (fails, or gives no number) has noticed:
        its share is 0. The estimate is that of the worst mistake; the upper bound is the largest of all. The details
        give the mean change of the risk and the share of the wrong values that lie outside the reference's range.
    Limits: A large share says that the unit must be checked before the model, not that the model is wrong: one that
        uses an input has to react to it. Which unit a column has is guessed from its name. Whole numbers stay whole. An
        input that is present in fewer than 20 sampled patients is left out and named; if all are, it is inconclusive.
    Fix: Refuse values outside the range that the model was trained on (in the model or the interface before it); fix
        the units in the instructions for use and test the interface with them.
    See: ISMP, List of error-prone abbreviations and dose designations, 2021; Young DS. Implementation of SI units for
        clinical laboratory data. Ann Intern Med 106:114, 1987; Korn and Graubard 1998.
    """
    from govern.checks.robustness._rows import FEW, answers, each, numbers, replaced, sampled
    from govern.checks.robustness._units import confusions
    from govern.stats.clusters import units

    chosen = sampled(model, test, seed, rows)
    method = "largest share, Wilson on the effective sample size"
    named = [name for name in model.features if numbers(test, name)]
    present = {name: chosen.inputs[name].notna().to_numpy() for name in named}
    tried = [name for name in named if units(present[name], chosen.patient) >= FEW]
    left_out = sorted(set(named) - set(tried))
    if not tried:
        return Measurement.unknown(
            n=len(chosen.inputs), method=method, message=f"no number is present in {FEW} of the sampled patients"
        )
    before = answers(model, [chosen.inputs])[0]
    mistakes = [
        (name, what, replaced(chosen.inputs[name], convert(_values(chosen, name))))
        for name in tried
        for what, convert in confusions(name, factor)
    ]
    risks = each(model, [chosen.inputs.assign(**{name: column}) for name, _, column in mistakes])
    listed = []
    for (name, what, column), risk in zip(mistakes, risks, strict=True):
        cells, wrong = reference.columns[name], column[present[name]].to_numpy(dtype=np.float64)
        outside = float(((wrong < cells.low) | (wrong > cells.high)).mean())
        entry: dict[str, Any] = {"feature": f"{name} ({what})", "outside": outside}
        listed.append(entry | _change(risk, before, present[name], chosen, threshold))
    listed.sort(key=lambda e: (-e["value"], e["feature"]))
    worst = listed[0]
    refused = sum("refused" in e for e in listed)
    message = f"worst is {worst['feature']}: the risk moves by {worst['mean_change']:.2f} on average"
    message += f"; {refused} of {len(listed)} mistakes were refused"
    return Measurement(
        estimate=worst["value"],
        lower=worst["lower"],
        upper=max(e["upper"] for e in listed),
        n=worst["n"],
        support=worst["patients"],
        method=method,
        message=message + (f"; too rarely present to try: {', '.join(left_out)}" if left_out else ""),
        details={"features": listed, "worst": worst["feature"], "left_out": left_out},
    )


def _values(chosen: Rows, name: str) -> NDArray[np.float64]:
    from govern.checks.robustness._rows import as_floats

    return as_floats(chosen.inputs[name])


def _change(
    risk: NDArray[np.float64] | str,
    before: NDArray[np.float64],
    there: NDArray[np.bool_],
    chosen: Rows,
    threshold: float,
) -> dict[str, Any]:
    """Return how many of the rows where the input is there change sides, and by how much their risk moves."""
    from govern.checks.robustness._rows import share
    from govern.stats.clusters import repeated, units

    who = None if chosen.patient is None else repeated(chosen.patient[there])
    counts = {"n": int(there.sum()), "patients": units(there, chosen.patient)}
    if isinstance(risk, str):
        return counts | {"value": 0.0, "lower": 0.0, "upper": 0.0, "mean_change": 0.0, "refused": risk}
    after, then = risk[there], before[there]
    value, (lower, upper) = share((after >= threshold) != (then >= threshold), who)
    moved = float(np.abs(after - then).mean())
    return counts | {"value": value, "lower": lower, "upper": upper, "mean_change": moved}
