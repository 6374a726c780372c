"""All-clears that are right at the threshold in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.performance._predictive import predictive

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def npv(
    scores: Scores,
    *,
    threshold: float = 0.5,
    interval: Literal["wilson", "clopper-pearson"] = "wilson",
    prevalence: float = 0.0,
) -> Measurement:
    """Negative predictive value: the share of rows that are not flagged and do not have the event.

    Why: A patient whom the model does not flag may be sent home. It says how often that is right.

    How: Rows without the event and with a score below `threshold`, divided by all rows below it (`n` and
        support: the rows below). 95 % interval by Wilson's score method, or Clopper-Pearson by
        `interval: clopper-pearson`. With a `prevalence` between 0 and 1 (0: the study's own) it is what Bayes'
        rule makes of sensitivity and specificity at that prevalence, with the logit interval of Mercaldo, Lau
        and Zhou (2007), on Agresti and Coull's proportions where one is 0 or 1; support is then the smaller
        of events and non-events, and `details` keep the study's own value. Where a patient has several
        rows the intervals are those of the effective sample size (Korn and Graubard 1998), and support
        counts patients. `details` hold the negative likelihood ratio (Katz's interval).

    Limits: High wherever the event is rare, whatever the model does: compare it with one minus the
        prevalence. Without a `prevalence` it holds at that of this test set only; with one, it takes for granted
        that sensitivity and specificity are the same there, and that the prevalence is known without error.

    Fix: Lower the threshold, or restrict the intended use to where the event is rare.

    See: Wilson 1927; Mercaldo et al., Stat Med 2007;26:2170; Katz et al. 1978; docs/statistics.md.
    """
    return predictive(scores, threshold=threshold, interval=interval, prevalence=prevalence, positive=False)
