"""Check ``robustness.missing_feature``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    import pandas as pd

    from govern.checks.inputs import Model
    from govern.scan.dataset import Data


def missing_feature(
    model: Model,
    test: Data,
    seed: int,
    *,
    required: list[str] = [],  # noqa: B006 - a policy's default is read, never written to
    rows: int = 500,
) -> Measurement:
    """Largest mean change of the risk when one input is missing.

    Why: Laboratories close, interfaces break and tests are not ordered. A model whose risk swings with one absent value
        states the ward's workflow as a risk, and a model that gives no answer leaves the user alone.
    How: Up to `rows` test rows are scored as they are, and again for each input with that input missing in all of
        them. For each input: the mean absolute change of the risk (0 to 1), with Student's t interval over patients.
        An input without which the model gives no answer (it fails, or its answer is no number) counts as a
        change of 1 in every row, the largest that there is, and the rows without an answer are counted. The
        estimate is that of the worst input; the upper bound is the largest of all, so that it holds whichever leads.
        Inputs in `required` are not tried: declare there what the system refuses to run without.
    Limits: One input at a time; panels go missing together. A large change is right where an input carries much of the
        prognosis: compare `explainability.concentration`. In rows where the input was missing before nothing
        changes; how many those are is in the details. Fewer than 20 patients are inconclusive.
    Fix: Train with values missing as they will be, with an indicator of missingness or an imputation inside the
        model; declare as `required` what the system itself insists on.
    See: Groenwold RHH. Informative missingness in electronic health record systems: the curse of knowing. Diagnostic
        and Prognostic Research 4:8, 2020; Sperrin M et al. Missing data should be handled differently for prediction
        than for description or causal explanation. J Clin Epidemiol 125:183, 2020.
    """
    from govern.checks.robustness._rows import FEW, answers, each, mean, sampled
    from govern.strict_yaml import nearest

    for name in required:
        if name not in model.features:
            hint = nearest(name, model.features)
            raise PolicyError(f"robustness.missing_feature: the model has no input {name!r}", hint=hint)
    chosen = sampled(model, test, seed, rows)
    names = [name for name in model.features if name not in required]
    n, method = len(chosen.inputs), "largest mean absolute change, Student's t over patients"
    if not names:
        message = "every input is declared as required, so none was tried"
        return Measurement.unknown(n=n, method=method, message=message)
    before = answers(model, [chosen.inputs])[0]
    frames = [chosen.inputs.assign(**{name: _absent(chosen.inputs[name])}) for name in names]
    listed = []
    for name, answer in zip(names, each(model, frames), strict=True):
        silent = isinstance(answer, str)
        value, (low, high) = mean(np.ones(n) if isinstance(answer, str) else np.abs(answer - before), chosen.patient)
        entry: dict[str, Any] = {"feature": name, "value": value, "lower": low, "upper": high}
        entry |= {"missing_before": int(chosen.inputs[name].isna().sum()), "unanswered": n if silent else 0}
        listed.append(entry | ({"error": answer} if silent else {}))
    listed.sort(key=lambda e: (-e["value"], e["feature"]))
    silent_on = [e["feature"] for e in listed if e["unanswered"]]
    message = f"no answer for {n} rows without {', '.join(silent_on[:5])}" if silent_on else "every row was answered"
    return Measurement(
        estimate=listed[0]["value"],
        lower=listed[0]["lower"],
        upper=max(e["upper"] for e in listed),
        n=n,
        support=chosen.patients,
        method=method,
        sufficient=chosen.patients >= FEW,
        message=f"{message}; {listed[0]['feature']} changes the risk most"
        + (f"; not tried: {', '.join(required)}" if required else ""),
        details={"features": listed, "worst": listed[0]["feature"], "unanswered_rows": n * len(silent_on)},
    )


def _absent(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of which every value is missing, in a type that its own type becomes with missing values."""
    return column.where(np.zeros(len(column), dtype=bool))
