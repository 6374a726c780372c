"""Discrimination against another model, or against people, on the same patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.stats.auroc import area, difference
from govern.stats.clusters import repeated, units
from govern.stats.proportion import quantile
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.outcomes import Comparator
    from govern.scan.scores import Scores

#: A standard error at or below this is rounding.
_ROUNDING = 1e-10


def auroc_difference(scores: Scores, comparator: Comparator) -> Measurement:
    """Difference in the area under the ROC curve: the model's minus the comparator's.

    Why: A model is to be at least as good as what it replaces or supports: the present score, the last
        version, or the people who decide without it. On the same patients that is seen far more sharply than
        by two areas apart.

    How: Both areas (Mann-Whitney, ties counting half) over the rows that have a score of both; their
        difference lies in -1 to 1, above 0 where the model ranks better. 95 % Wald interval with the paired
        variance of DeLong et al. (1988); where a patient has several rows by Obuchowski (1997), clustered by
        patient. For non-inferiority the policy names the margin: `lower: ">= -0.05"`. Rows without a
        comparator's score are left out and counted. In `details`, `worst_case` takes each of them as a row that
        the comparator ranked without fault: how far their absence could favour the model. Support is the
        smaller of events and non-events that are compared, counted in patients where they repeat.

    Limits: Compares ranking alone, not calibration or decisions. Whom people did not score is seldom chance.
        If neither ranks better than chance, non-inferiority means nothing: ask for the model's own area too.
        Below 20 events or non-events the interval covers less often than it says.

    Fix: Look at the patients whom the comparator ranks right and the model does not. If only the interval
        falls short, more events are needed.

    See: DeLong et al., Biometrics 1988;44:837; Obuchowski, Biometrics 1997;53:567; docs/statistics.md.
    """
    other = comparator.score
    if len(other) != len(scores.score):
        raise InputError(
            f"{comparator.name}: {len(other)} scores of the comparator for {len(scores.score)} rows",
            hint="give the comparator's score of each row, missing where there is none",
        )
    both = ~np.isnan(other)
    rows = scores.where(both)
    event, patient = rows.label == 1, repeated(rows.patient)
    left_out = scores.n - rows.n
    counts: dict[str, Any] = {
        "n": rows.n,
        "events": rows.events,
        "support": min(units(of, patient, weight=rows.weight) for of in (event, ~event)),
        "method": "Mann-Whitney; paired "
        + ("DeLong" if patient is None else "Obuchowski (clustered by patient)")
        + ", Wald interval",
    }
    note = f"{left_out} of {scores.n} rows have no score of {comparator.name} and are left out" if left_out else ""
    details: dict[str, Any] = {"comparator": comparator.name, "left_out": left_out}
    if not counts["support"]:
        missing = "events" if not rows.events else "rows without the event"
        return Measurement.unknown(message=_said(f"no {missing} with both scores", note), details=details, **counts)
    gap, se = difference(rows.label, rows.score, other[both], patient=patient, weight=rows.weight)
    own = area(rows.label, rows.score, weight=rows.weight).estimate
    lower, upper = _wald(gap, se)
    known = lower is not None
    return Measurement(
        estimate=gap,
        lower=lower,
        upper=upper,
        sufficient=known,
        message=_said("" if known else "the difference shows no variance, or one class has one patient", note),
        details={
            **details,
            "auroc": own,
            "comparator_auroc": own - gap,
            "se": se,
            "z": gap / se if se and known else None,
            "worst_case": _worst(scores, other) if left_out else None,
        },
        **counts,
    )


def _worst(scores: Scores, other: NDArray[np.float64]) -> dict[str, float | None]:
    """Return the difference if the comparator had ranked each row that it left out without fault."""
    filled = np.where(np.isnan(other), np.where(scores.label == 1, np.inf, -np.inf), other)
    patient = repeated(scores.patient)
    gap, se = difference(scores.label, scores.score, filled, patient=patient, weight=scores.weight)
    lower, upper = _wald(gap, se)
    return {"estimate": gap, "lower": lower, "upper": upper}


def _wald(gap: float, se: float | None) -> tuple[float | None, float | None]:
    """Return gap -/+ 1.96 standard errors, cut at -1 and 1; no limits where there is no variance."""
    if se is None or se <= _ROUNDING:
        return None, None
    half = quantile(0.95) * se
    return max(-1.0, gap - half), min(1.0, gap + half)


def _said(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
