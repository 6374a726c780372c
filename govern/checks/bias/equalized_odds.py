"""Whether errors of both kinds are equally common in all groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._proportions import proportion_gaps
from govern.checks.bias._rates import FALSE_POSITIVE, TRUE_POSITIVE

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def equalized_odds(scores: Scores, groups: Groups, seed: int, *, threshold: float = 0.5) -> list[Measurement]:
    """Equalized odds: the larger of the differences in true and false positive rate.

    Why: A group can be harmed by missed events and by false alarms; this looks at both and reports the
        worse.

    How: For each group, the larger of |difference in true positive rate| and |difference in false
        positive rate| between it and all other rows at `threshold`, from 0 to 1; where chance explains
        the larger and not the smaller, the smaller. Newcombe's intervals (method 10) at the Bonferroni
        level over the groups and both rates hold together with 95 %; the limits are the larger lower and
        the larger upper limit of the two. The lower limit is 0 unless a permutation of the group labels
        among events or non-events (at least 2,000, seeded), adjusted by Holm, rejects equality too.
        `details` say what the largest gap of the attribute reaches by chance in 1 of 20 (`null_95`).
        Where patients repeat, the intervals are those of the effective sample sizes (Korn and Graubard
        1998) and patients are permuted. Fairlearn's mean_prediction must give the same rates. Support is the
        smallest of events and non-events in the group and in the rest, counted in patients where they
        repeat.

    Limits: The larger of two differences is biased upward in small groups: the lower limit is the honest
        evidence of a gap. Groups whose event is more common tend to have higher rates of both kinds even
        under a perfectly calibrated model.

    Fix: `details` says which rate differs and in which direction: for missed events see equal opportunity,
        for false alarms look at the scores of the group's patients without the event.

    See: Hardt et al., NeurIPS 2016; Newcombe 1998; docs/statistics.md.
    """
    return proportion_gaps(scores, groups, [TRUE_POSITIVE, FALSE_POSITIVE], threshold=threshold, seed=seed)
