"""Events found at the threshold in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.performance._proportion import share

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def sensitivity(
    scores: Scores, *, threshold: float = 0.5, interval: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Measurement:
    """Sensitivity: the share of events that the model flags.

    Why: An event that is not flagged is a patient who is missed. This is what a screening or warning
        model is for, at the threshold at which it is used.

    How: Events with a score at or above `threshold`, divided by all events (`n` and support: the events).
        95 % interval by Wilson's score method, or Clopper-Pearson by `interval: clopper-pearson`. Where
        a patient has several events the interval is that of the effective sample size (Korn and
        Graubard 1998), and support counts patients.

    Limits: Belongs to one threshold and to the mix of severity in this test set; says nothing about
        false alarms. Where the reference standard is no gold standard, call it positive agreement.

    Fix: Lower the threshold and look at what it costs in specificity, or train on more events of the
        group that is missed.

    See: Wilson 1927; Clopper and Pearson 1934; Korn and Graubard 1998; docs/statistics.md.
    """
    return share(scores, scores.flagged(threshold), scores.label == 1, interval=interval, what="events")
