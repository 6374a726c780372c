"""Agreement with the comparator's negatives, where the comparator is no reference standard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from govern.checks.performance._proportion import share

if TYPE_CHECKING:
    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def negative_agreement(
    scores: Scores, *, threshold: float = 0.5, interval: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Measurement:
    """Negative percent agreement: the share of the comparator's negatives that the model does not flag.

    Why: Where the label comes from another test, a code or a person, and not from a reference standard, nobody
        knows who is right when the two differ. The figure is then named agreement, never specificity.

    How: Rows that the comparator (the label) calls negative and that score below `threshold`, divided by all
        rows that it calls negative (`n` and support); a proportion in 0 to 1. 95 % interval by Wilson's score
        method, or Clopper-Pearson by `interval: clopper-pearson`. Where a patient has several rows the interval
        is that of the effective sample size (Korn and Graubard 1998), and support counts patients.

    Limits: High agreement with a poor comparator is no accuracy, and a better model than the comparator shows
        less than full agreement. It depends on who the patients are; report it with the positive agreement.

    Fix: Look at the rows where the two differ with a reference standard, all of them and a sample of the rows
        where they agree: resolving only the differences favours the model.

    See: FDA, Statistical Guidance on Reporting Results from Studies Evaluating Diagnostic Tests, 2007, 6.1;
        Wilson 1927; docs/statistics.md.
    """
    flagged = scores.flagged(threshold)
    return share(scores, ~flagged, scores.label == 0, interval=interval, what="negatives of the comparator")
