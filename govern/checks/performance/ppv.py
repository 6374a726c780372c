"""Alarms that are right at the threshold in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.performance._proportion import share

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


def ppv(scores: Scores, *, threshold: float = 0.5, interval: str = "wilson") -> Measurement:
    """Positive predictive value: the share of flagged rows that have the event.

    Why: It is what the person who reads an alarm needs to know: how often it is right. Below some value
        alarms are ignored.

    How: Flagged rows with the event, divided by all rows with a score at or above `threshold` (`n` and
        support: the flagged rows). 95 % interval by Wilson's score method, or Clopper-Pearson by
        `interval: clopper-pearson`. Where a patient has several flagged rows the interval is that of
        the effective sample size (Korn and Graubard 1998), and support counts patients.

    Limits: Holds at the prevalence of this test set only. A test set enriched with events overstates it,
        and must not be the source of a claim.

    Fix: Raise the threshold, or make the test set as common in events as the place of use.

    See: Wilson 1927; Clopper and Pearson 1934; Korn and Graubard 1998; docs/statistics.md.
    """
    rows = scores.flagged(threshold)
    return share(scores, scores.label == 1, rows, interval=interval, what=f"rows flagged at {threshold:g}")
