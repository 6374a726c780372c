"""Alarms that are right at the threshold in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.performance._predictive import predictive

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def ppv(
    scores: Scores,
    *,
    threshold: float = 0.5,
    interval: Literal["wilson", "clopper-pearson"] = "wilson",
    prevalence: float = 0.0,
) -> Measurement:
    """Positive predictive value: the share of flagged rows that have the event.

    Why: It is what the person who reads an alarm needs to know: how often it is right. Below some value
        alarms are ignored.

    How: Flagged rows with the event, divided by all rows with a score at or above `threshold` (`n` and
        support: the flagged rows). 95 % interval by Wilson's score method, or Clopper-Pearson by
        `interval: clopper-pearson`. With a `prevalence` between 0 and 1 (0: the study's own) it is what Bayes'
        rule makes of sensitivity and specificity at that prevalence, with the logit interval of Mercaldo, Lau
        and Zhou (2007), on Agresti and Coull's proportions where one is 0 or 1; support is then the smaller
        of events and non-events, and `details` keep the study's own value. Where a patient has several
        rows the intervals are those of the effective sample size (Korn and Graubard 1998), and support
        counts patients. `details` hold the positive likelihood ratio (Katz's interval) and the number
        needed to predict, 1 / (PPV + NPV - 1) in the study (Newcombe's interval, inverted).

    Limits: Without a `prevalence` it holds at that of this test set only: a test set enriched with events
        overstates it, and must not be the source of a claim. With one, it takes for granted that sensitivity and
        specificity are the same there, and that the prevalence is known without error.

    Fix: Raise the threshold, or declare the prevalence of the place of use.

    See: Wilson 1927; Mercaldo et al., Stat Med 2007;26:2170; Katz et al. 1978; docs/statistics.md.
    """
    return predictive(scores, threshold=threshold, interval=interval, prevalence=prevalence, positive=True)
