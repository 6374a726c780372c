"""Whether events are found equally often in all groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._proportions import proportion_gaps
from govern.checks.bias._rates import TRUE_POSITIVE

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def equal_opportunity(scores: Scores, groups: Groups, seed: int, *, threshold: float = 0.5) -> list[Measurement]:
    """Equal opportunity: the difference in sensitivity between a group and the rest.

    Why: Those who need help should be found equally often whoever they are. A lower sensitivity in a
        group means that its patients are missed.

    How: For each group, |its sensitivity - that of all other rows| at `threshold`, from 0 to 1.
        Newcombe's interval for a difference of proportions (method 10) at the Bonferroni level over the
        groups of the attribute, so that all intervals hold together with 95 %, mapped to the absolute
        difference. Its lower limit is 0 unless a permutation of the group labels among events (at least
        2,000, seeded), adjusted by Holm, rejects equality too: above 0 means that chance alone does not
        explain the gap. `details` say what the largest gap of the attribute reaches by chance in 1 of 20
        (`null_95`). Where patients repeat, the interval is that of the effective sample sizes (Korn and
        Graubard 1998) and patients are permuted. Fairlearn's mean_prediction must give the same rates.
        Support is the smaller of events in the group and in the rest, counted in patients where they
        repeat.

    Limits: Small groups have wide intervals: no gap shown is not no gap. Both directions count: the sign
        is in `details`. A gap against the rest is smaller than a gap between two extreme groups. One
        threshold only.

    Fix: Train on more events of the group that is missed, look for inputs measured worse in it, and look
        at calibration by group before thinking of thresholds by group.

    See: Hardt et al., NeurIPS 2016; Newcombe 1998; docs/statistics.md.
    """
    return proportion_gaps(scores, groups, [TRUE_POSITIVE], threshold=threshold, seed=seed)
