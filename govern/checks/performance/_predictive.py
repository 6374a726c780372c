"""Predictive values, in the study and at a declared prevalence, and the likelihood ratios that link the two."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from govern.checks.performance._proportion import share, worth
from govern.stats.clusters import repeated, units
from govern.stats.likelihood_ratio import katz, post_test
from govern.stats.proportion import newcombe
from govern.types import Measurement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

Part = tuple[float, float]


def predictive(scores: Scores, *, threshold: float, interval: str, prevalence: float, positive: bool) -> Measurement:
    """Measure how often a result is right: of flagged rows (``positive``), or of the others.

    The likelihood ratio of the result stands in the details, of flagged rows also the number needed to predict.
    """
    flagged, event = scores.flagged(threshold), scores.label == 1
    result, right = (flagged, event) if positive else (~flagged, ~event)
    side = "at or above" if positive else "below"
    own = share(scores, right, result, interval=interval, what=f"rows {side} {threshold:g}")
    given_event, given_none = worth(scores, result, event), worth(scores, result, ~event)
    ratio, limits = _ratio(given_event, given_none)
    details: dict[str, Any] = {**own.details, "likelihood_ratio": _interval(ratio, limits)}
    if positive:
        details["number_needed_to_predict"] = _needed_to_predict(scores, event, flagged)
    if not prevalence:
        return replace(own, details=details)
    patient = repeated(scores.patient)
    facts: dict[str, Any] = {
        "n": scores.n,
        "events": scores.events,
        "support": min(units(of, patient, weight=scores.weight) for of in (event, ~event)),
        "method": f"Bayes at a prevalence of {prevalence:g}; logit interval (Mercaldo, Lau and Zhou)"
        + ("" if patient is None else " on effective sample sizes, clustered by patient"),
    }
    details |= {"prevalence": prevalence, "study": _interval(own.estimate, (own.lower, own.upper))}
    if ratio is None or limits is None:
        message = own.message or "one class is missing: sensitivity or specificity is not known"
        return Measurement.unknown(message=message, details=details, **facts)
    of_event = [post_test(value, prevalence) for value in (limits[0], ratio, limits[1])]
    lower, estimate, upper = of_event if positive else [1 - p for p in reversed(of_event)]
    return Measurement(estimate=estimate, lower=lower, upper=upper, details=details, **facts)


def _ratio(part: Part, rest: Part) -> tuple[float | None, Part | None]:
    """Return the ratio of two proportions, infinite where only the second is 0, and its interval."""
    if min(part[1], rest[1]) <= 0 or max(part[0], rest[0]) <= 0:
        return None, None
    ratio = (part[0] / part[1]) / (rest[0] / rest[1]) if rest[0] > 0 else inf
    return ratio, katz(*part, *rest)


def _needed_to_predict(scores: Scores, event: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> dict[str, Any]:
    """Return 1 / (PPV + NPV - 1), with the inverted limits of Newcombe's interval of PPV - (1 - NPV)."""
    right, missed = worth(scores, event, flagged), worth(scores, event, ~flagged)
    if min(right[1], missed[1]) <= 0:
        return _interval(None, None)
    gained = right[0] / right[1] - missed[0] / missed[1]
    lower, upper = (1 / gain if gain > 0 else inf for gain in reversed(newcombe(*right, *missed)))
    return _interval(1 / gained if gained > 0 else inf, (lower, upper))


def _interval(estimate: float | None, limits: tuple[float | None, float | None] | None) -> dict[str, float | None]:
    """Return JSON values, ``None`` for what is not known or has no finite value."""
    lower, upper = limits or (None, None)
    named = {"estimate": estimate, "lower": lower, "upper": upper}
    return {name: value if value is not None and isfinite(value) else None for name, value in named.items()}
