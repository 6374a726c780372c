"""Precision and recall in one number at the threshold in use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from govern.checks.performance._proportion import share
from govern.stats.clusters import repeated, units
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def f1(
    scores: Scores, *, threshold: float = 0.5, interval: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Measurement:
    """F1 score: the harmonic mean of positive predictive value and sensitivity.

    Why: One number for a rare event that falls when alarms are false and when events are missed, and that
        the many easy non-events cannot raise as they raise accuracy.

    How: 2 TP / (2 TP + FP + FN) at `threshold`, in 0 to 1. It is 2 J / (1 + J), with J = TP / (TP + FP + FN)
        the share of the rows with an alarm or an event that have both. The 95 % interval is that of this
        proportion, by Wilson's score method or by `interval: clopper-pearson`, so mapped: for many rows
        the delta-method interval of Takahashi et al. (2022), and honest where TP is few. Where a patient has
        several rows it is that of the effective sample size (Korn and Graubard 1998). Support is the
        number of events, counted in patients where they repeat.

    Limits: Depends on the prevalence, so it is not comparable between groups that differ in it. It weighs a
        missed event like a false alarm, which clinical use seldom does: net benefit says what it is worth.

    Fix: Look at sensitivity and positive predictive value apart: the threshold trades one for the other.

    See: van Rijsbergen 1979; Takahashi et al., Appl Intell 2022;52:4961; Wilson 1927; docs/statistics.md.
    """
    flagged, event = scores.flagged(threshold), scores.label == 1
    both = share(scores, flagged & event, flagged | event, interval=interval, what="alarms or events")
    support = units(event, repeated(scores.patient), weight=scores.weight)
    method = f"{both.method} on TP / (TP + FP + FN), mapped to F1"
    if not support:
        return Measurement.unknown(
            n=scores.n, events=0, support=0, method=method, message=f"no events among {scores.n} rows"
        )
    return replace(
        both,
        estimate=_mapped(both.estimate),
        lower=_mapped(both.lower),
        upper=_mapped(both.upper),
        n=scores.n,
        support=support,
        method=method,
        details={"true_positives": both.details["count"], "alarms_or_events": both.n},
    )


def _mapped(share: float | None) -> float | None:
    return None if share is None else 2 * share / (1 + share)
