"""Patients without the event who are left in peace at the threshold in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.performance._proportion import share

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def specificity(
    scores: Scores, *, threshold: float = 0.5, interval: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Measurement:
    """Specificity: the share of rows without the event that the model does not flag.

    Why: One minus this is the rate of false alarms among those who have nothing: needless work-up, and
        staff who learn to ignore the model.

    How: Non-events with a score below `threshold`, divided by all non-events (`n` and support: the
        non-events). 95 % interval by Wilson's score method, or Clopper-Pearson by
        `interval: clopper-pearson`. Where a patient has several rows the interval is that of the
        effective sample size (Korn and Graubard 1998), and support counts patients.

    Limits: Belongs to one threshold. A high value may still mean that most alarms are false where the
        event is rare: look at the positive predictive value beside it.

    Fix: Raise the threshold and look at what it costs in sensitivity, or find the inputs that raise the
        scores of false alarms.

    See: Wilson 1927; Clopper and Pearson 1934; Korn and Graubard 1998; docs/statistics.md.
    """
    rows = scores.flagged(threshold)
    return share(scores, ~rows, scores.label == 0, interval=interval, what="rows without the event")
