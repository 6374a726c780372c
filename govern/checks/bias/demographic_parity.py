"""Whether groups are flagged equally often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._proportions import proportion_gaps
from govern.checks.bias._rates import SELECTION

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def demographic_parity(scores: Scores, groups: Groups, seed: int, *, threshold: float = 0.5) -> list[Measurement]:
    """Demographic parity: the difference in how often a group is flagged.

    Why: Where a flag brings scarce care or surveillance, a group that is flagged far more or less often
        than others receives more or less of it, whatever the cause.

    How: For each group, |share of its rows with a score at or above `threshold` - share of all other
        rows|, from 0 to 1. Newcombe's interval for a difference of proportions (method 10) at the
        Bonferroni level over the groups of the attribute, so that all intervals hold together with
        95 %, mapped to the absolute difference. Its lower limit is 0 unless a permutation of the group
        labels (at least 2,000, seeded), adjusted by Holm over the same comparisons, rejects equality too:
        above 0 means that chance alone does not explain the gap. `details` say what the largest gap of
        the attribute reaches by chance in 1 of 20 (`null_95`). Where patients repeat, the interval is
        that of the effective sample sizes (Korn and Graubard 1998) and patients are permuted. Fairlearn's
        mean_prediction must give the same rates. Support is the smaller of rows in the group and in the
        rest, counted in patients where they repeat.

    Limits: Groups that differ in how common the event is should be flagged differently often: a gap is
        then no fault, and forcing it to 0 harms. Read it with equal opportunity. A gap against the rest
        is smaller than a gap between two extreme groups.

    Fix: First compare the event rates of the groups. If they do not explain the gap, look for inputs that
        stand in for the group (access to care, earlier spending) rather than for need.

    See: Newcombe 1998; Obermeyer et al., Science 2019;366:447; docs/statistics.md.
    """
    return proportion_gaps(scores, groups, [SELECTION], threshold=threshold, seed=seed)
