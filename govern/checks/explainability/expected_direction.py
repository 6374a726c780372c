"""Check ``explainability.expected_direction``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.checks.inputs import Attributions
    from govern.scan.dataset import Data


def expected_direction(
    attributions: Attributions,
    test: Data,
    seed: int,
    *,
    increasing: list[str] = [],  # noqa: B006 - a policy's default is read, never written to
    decreasing: list[str] = [],  # noqa: B006
    rows: int = 200,
    background: int = 25,
) -> Measurement:
    """Smallest rank correlation between an input and its attribution, in the direction that medicine expects.

    Why: A model in which a falling blood pressure lowers the risk of death has learned how patients were selected and
        treated and not how ill they are, as when asthma seemed to protect from dying of pneumonia. Its area under
        the curve does not show it.
    How: SHAP (permutation explainer, units of risk) of `rows` test rows against `background` background rows. For each
        column in `increasing` (a higher value should raise the risk) and `decreasing` (should lower it): Spearman's
        rank correlation between the value and its attribution, times -1 for `decreasing` (-1 to 1; 1: every higher
        value moves the risk the way that is expected). The estimate is the smallest of them and the lower bound the
        smallest of their lower bounds. 95 % intervals are percentile bootstraps of 1000 over the explained patients,
        each with all of their rows. Rows where the value is missing are left out and counted in the details.
    Limits: Monotone effects only: where both too low and too high are dangerous, the correlation is near 0 for a
        sound model, so name no such input. Inputs that carry the same information share the effect, and one of them
        may rightly have the sign that corrects the other. Inconclusive where no input is named, where one is
        never present or always the same, has no influence at all, or is known of fewer than 20 explained patients.
    Fix: Look for the reason in how patients came into the data (selection, treatment, missing values that were filled
        in); constrain the model to be monotone in this input, or drop it.
    See: Caruana R et al. Intelligible models for healthcare. KDD 2015; Lundberg SM, Lee SI. NeurIPS 2017.
    """
    from govern.checks.explainability._importance import FEW, patients

    expected = {**dict.fromkeys(increasing, 1), **dict.fromkeys(decreasing, -1)}
    _known(increasing, decreasing, test)
    method = "smallest signed Spearman correlation of value and attribution, bootstrap over patients"
    if not expected:
        return Measurement.unknown(n=0, method=method, message="no input is named whose direction is expected")
    draw = attributions.draw(rows=rows, background=background, seed=seed)
    patient = patients(test, draw)
    listed = []
    for name, sign in expected.items():
        values = _numbers(test, name)[draw.places]
        of_it = draw.values[:, draw.features.index(name)]
        listed.append({"feature": name, "expected": sign, **_correlation(values, of_it, sign, patient, seed)})
    undecided = [e["feature"] for e in listed if e["value"] is None]
    judged = sorted((e for e in listed if e["value"] is not None), key=lambda e: float(e["value"]))
    details = {"features": [*judged, *(e for e in listed if e["value"] is None)]}
    silent = f"; no direction can be told of {', '.join(undecided)}" if undecided else ""
    if not judged:
        return Measurement.unknown(
            n=len(draw.scores), method=method, message=silent.removeprefix("; "), details=details
        )
    worst = judged[0]
    support = min(int(e["patients"]) for e in judged)
    wrong = [e["feature"] for e in judged if e["value"] < 0]
    message = f"{len(wrong)} of {len(listed)} inputs act against what is expected"
    return Measurement(
        estimate=worst["value"],
        lower=min(e["lower"] for e in judged),
        upper=worst["upper"],
        n=len(draw.scores),
        support=support,
        method=method,
        sufficient=support >= FEW and not undecided,
        message=f"{message}{': ' + ', '.join(wrong) if wrong else ''}; the least sure is {worst['feature']}{silent}",
        details={**details, "worst": worst["feature"]},
    )


def _known(increasing: Sequence[str], decreasing: Sequence[str], test: Data) -> None:
    """Refuse names that are no inputs of the model, no numbers, or expected to act both ways.

    Raises:
        PolicyError: says which.
    """
    from govern.strict_yaml import nearest

    check = "explainability.expected_direction"
    for name in (*increasing, *decreasing):
        if name not in test.features:
            raise PolicyError(f"{check}: the model has no input {name!r}", hint=nearest(name, test.features))
        kind = test.columns[name].kind
        if kind not in ("numbers", "empty") and test.sample[name].dropna().infer_objects().dtype.kind != "b":
            raise PolicyError(f"{check}: {name!r} holds {kind}, which have no direction", hint="name inputs of numbers")
    if both := sorted(set(increasing) & set(decreasing)):
        raise PolicyError(f"{check}: {both[0]!r} is named as increasing and as decreasing", hint="choose one")


def _numbers(test: Data, name: str) -> NDArray[np.float64]:
    """Return a column of the sample as float64, shape (n,), NaN where missing; yes is 1."""
    column = test.sample[name]
    return np.asarray(column.astype(object).where(column.notna(), np.nan).astype(np.float64).to_numpy())


def _correlation(
    values: NDArray[np.float64],
    attribution: NDArray[np.float64],
    sign: int,
    patient: NDArray[np.int64] | None,
    seed: int,
) -> dict[str, Any]:
    """Return the signed rank correlation with its interval, how many rows it rests on and how many are missing."""
    from govern.checks.explainability._importance import REPLICATES, bounds
    from govern.stats.bootstrap import replicate
    from govern.stats.clusters import repeated
    from govern.stats.correlation import weighted_spearman

    there = np.isfinite(values)
    x, y = values[there], attribution[there]
    who = None if patient is None else repeated(patient[there])
    k = len(x) if who is None else int(who.max()) + 1
    found: dict[str, Any] = {"value": None, "lower": None, "upper": None, "n": len(x), "patients": k}
    found["missing"] = int((~there).sum())
    if k < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return found

    def signed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return sign * weighted_spearman(x, y, weights if who is None else weights[:, who])

    value = float(signed(np.ones((1, k)))[0])
    again = replicate(signed, k, replicates=REPLICATES, seed=seed)
    low, high = bounds(np.nan_to_num(again))  # a resample of equal values speaks for neither direction
    return found | {"value": value, "lower": min(float(low), value), "upper": max(float(high), value)}
