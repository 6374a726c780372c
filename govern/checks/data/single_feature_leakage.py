"""Check ``data.single_feature_leakage``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.scan.cells import OTHER
from govern.types import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells
    from govern.scan.dataset import Data

#: Fewer rows of either outcome show no area.
_LEAST = 20
_LISTED = 20
#: Stretches of a number whose event rates are taken.
_STRETCHES = 20


def single_feature_leakage(test: Data, seed: int) -> Measurement:
    """How well the model's best single input alone tells the outcome.

    Why: An input that all but knows the outcome was mostly written down after it: a discharge code, a date of death, a
        treatment given for the very event. The model then looks excellent, and the input is not there when it is used.
    How: For each input alone the AUROC for the label, whichever way it points (0.5 to 1; 1 is a perfect copy). A number
        or date by its value, where there is one, and by the event rate of each of 20 stretches with as many rows, for
        one that tells the outcome without rising or falling with it; how often it is missing counts as an input of
        its own. Words by their event rate. Event rates are taken in one half of the rows and judged on the other, and
        the other way round, so that rare words do not seem to know what they only remember. The estimate is that of the
        best input. DeLong's 95 % interval on the logit scale; over inputs the upper bound is the largest and the lower
        bound the largest after Bonferroni's correction. Where patients repeat, standard errors are those of Kish's
        effective size. Where a large dataset is counted in stretches of values, `error` bounds what that can hide, and
        the upper bound has it added.
    Limits: A strong and honest predictor also stands out: read the name. Two inputs that tell the outcome together are
        not found, nor a number whose events alternate within a twentieth of its rows. An input with fewer than 20
        events or non-events where it has a value is not judged by its value, and is listed. Inconclusive if no label or
        no input is declared, or if an input could not be judged at all.
    Fix: Find out when the input is recorded and leave it out if that may be after the prediction; check for a copy of
        the label under another name.
    See: Kaufman S et al. Leakage in data mining. ACM TKDD 6(4), 2012; Kapoor S, Narayanan A. Patterns 4(9), 2023;
        Hanley JA, McNeil BJ. Radiology 143:29, 1982.
    """
    from govern.checks.drift._features import column, rows
    from govern.stats.multiplicity import bonferroni

    method = "AUROC of one input, DeLong (logit)"
    if test.label is None or not test.features:
        what = "label" if test.label is None else "model features"
        return Measurement.unknown(n=test.rows, method=method, message=f"no {what} declared, so none was looked at")
    outcome = column(test, test.label, "test")
    events = int(outcome.events.sum())
    facts: dict[str, Any] = {"n": test.rows, "events": events, "support": min(events, test.rows - events)}
    if facts["support"] < _LEAST or outcome.missing:
        message = f"{outcome.missing} labels are missing" if outcome.missing else f"fewer than {_LEAST} of one outcome"
        return Measurement.unknown(**facts, method=method, message=f"{message}, so no input was judged")
    rng = np.random.default_rng(seed)
    found: list[_Area] = []
    unseen, unjudged = [], []
    for name in test.features:
        feature = column(test, name, "test")
        areas = list(_areas(feature, test.rows, events, rng))
        found += areas
        if feature.count.sum() and "missing" in {a.by for a in areas} and len(areas) == 1:
            unseen.append(name)
        if feature.infinite or OTHER in feature.value or (not areas and feature.missing < test.rows):
            unjudged.append(name)
    if not found:
        return Measurement.unknown(**facts, method=method, message="no input could be judged")
    inflation = float(np.sqrt(test.rows / rows(test)))
    strict = bonferroni(0.95, len(found))
    listed: list[dict[str, Any]] = []
    for a in found:
        lower, upper = a.interval(0.95, inflation, facts["support"])
        listed.append(
            {
                "feature": a.feature,
                "by": a.by,
                "value": a.estimate,
                "lower": lower,
                "upper": min(1.0, upper + a.error),
                "error": a.error,
            }
        )
    listed.sort(key=lambda entry: (-entry["value"], entry["feature"], entry["by"]))
    worst = listed[0]
    message = f"{worst['feature']} alone tells the outcome with an AUROC of {worst['value']:.3f} (by {worst['by']})"
    if unjudged:
        message += f"; {len(unjudged)} inputs could not be judged: {', '.join(unjudged[:5])}"
    return Measurement(
        estimate=worst["value"],
        lower=min(max(a.interval(strict, inflation, facts["support"])[0] for a in found), worst["value"]),
        upper=max(entry["upper"] for entry in listed),
        **facts,
        method=method,
        sufficient=not unjudged,
        message=message,
        details={
            "features": listed[:_LISTED],
            "worst": worst["feature"],
            "unjudged": unjudged,
            "values_unjudged": unseen,
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Area:
    """What one input tells: the area, 0.5 to 1, its standard error, and the most that stretches of values hide."""

    feature: str
    by: str
    estimate: float
    se: float
    error: float = 0.0

    def interval(self, level: float, inflation: float, support: int) -> tuple[float, float]:
        from govern.stats.auroc import logit_interval, newcombe_interval

        if self.se > 0 and self.estimate < 1:
            lower, upper = logit_interval(self.estimate, self.se * inflation, level=level)
        else:
            lower, upper = newcombe_interval(self.estimate, support, support, level=level)
        return max(lower, 0.5), max(upper, 0.5)


def _areas(feature: ColumnCells, n: int, events: int, rng: np.random.Generator) -> Iterator[_Area]:
    """Yield the area of an input's values and of its missing ones, where there is enough to tell."""
    pos = feature.events
    neg = feature.count - pos
    if min(pos.sum(), neg.sum()) >= _LEAST and feature.kind == "words":
        estimate, se = _by_rate(pos, neg, rng)
        yield _Area(feature=feature.name, by="event rate", estimate=estimate, se=se)
    elif min(pos.sum(), neg.sum()) >= _LEAST:
        estimate, se = _area(pos, neg)
        error = float(pos @ neg) / (2 * float(pos.sum()) * float(neg.sum())) if feature.grid else 0.0
        yield _Area(feature=feature.name, by="value", estimate=max(estimate, 1 - estimate), se=se, error=error)
        # Rows that share a value share a stretch: the one in which the middle of them lies.
        middle = np.cumsum(feature.count) - feature.count / 2
        stretch = (middle * _STRETCHES / feature.count.sum()).astype(np.int64)
        within = [np.bincount(stretch, weights=side).astype(np.int64) for side in (pos, neg)]
        estimate, se = _by_rate(within[0], within[1], rng)
        yield _Area(feature=feature.name, by="event rate", estimate=estimate, se=se)
    absent, other = feature.missing_events, feature.missing - feature.missing_events
    if 0 < feature.missing < n:
        estimate, se = _area(np.array([events - absent, absent]), np.array([n - events - other, other]))
        yield _Area(feature=feature.name, by="missing", estimate=max(estimate, 1 - estimate), se=se)


def _by_rate(pos: NDArray[np.int64], neg: NDArray[np.int64], rng: np.random.Generator) -> tuple[float, float]:
    """Return the area of cells by event rate: ordered in one half of the rows and judged in the other, both ways."""
    base = pos.sum() / (pos + neg).sum()
    half = [rng.multivariate_hypergeometric(side, int(side.sum()) // 2, method="marginals") for side in (pos, neg)]
    rest = [pos - half[0], neg - half[1]]
    found = []
    for (p, q), judged in ((half, rest), (rest, half)):
        # A cell that is rare in this half has about the rate of all: as if one more row of everybody were seen.
        rate = (p + base) / (p + q + 1)
        place = np.unique(rate, return_inverse=True)[1]
        found.append(_area(*(np.bincount(place, weights=side).astype(np.int64) for side in judged)))
    (a, se_a), (b, se_b) = found
    return max((a + b) / 2, 0.5), float(np.sqrt(se_a**2 + se_b**2)) / 2


def _area(pos: NDArray[np.int64], neg: NDArray[np.int64]) -> tuple[float, float]:
    """Return the area of counts in ascending cells, shape (k,), and DeLong's standard error, in O(k)."""
    m, n = int(pos.sum()), int(neg.sum())
    below_neg, below_pos = (np.cumsum(side) - side / 2 for side in (neg, pos))
    estimate = float((pos * below_neg).sum()) / (m * n)
    of_events = float((pos * (below_neg / n - estimate) ** 2).sum()) / (m * (m - 1))
    of_others = float((neg * (1 - below_pos / m - estimate) ** 2).sum()) / (n * (n - 1))
    return estimate, float(np.sqrt(of_events + of_others))
