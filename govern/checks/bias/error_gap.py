"""Whether risks lie as near to outcomes in each group as in the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._means import mean_gaps

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


def error_gap(scores: Scores, groups: Groups) -> list[Measurement]:
    """Error gap: the difference in Brier score between a group and the rest.

    Why: One number for how much worse the model is for a group over all thresholds, in ranking and in
        calibration together.

    How: For each group, |mean of (score - outcome)^2 in it - that in all other rows|, from 0 to 1.
        Welch's t interval at the Bonferroni level over the groups of the attribute, so that all intervals
        hold together with 95 %, mapped to the absolute difference; its lower limit is 0 unless Holm's test
        rejects equality. Where patients repeat, variances are those between patients. `details` say what
        the largest gap of the attribute reaches by chance in 1 of 20 (`null_95`, from the gaps' own
        standard errors). Fairlearn's mean_prediction must give the same means. Support is the smallest
        of events and non-events in the group and in the rest, counted in patients where they repeat.

    Limits: No verdict on fewer than 20 events or non-events on either side. The Brier score depends on how
        common the event is, at most p(1-p) for a model that knows no more than the prevalence p: groups
        that differ in prevalence have a gap under a model without fault. Read it with the gaps in AUROC
        and in calibration, which do not depend on it that way.

    Fix: The gaps in AUROC and in calibration say which of the two the model is worse at in the group.

    See: Brier, Monthly Weather Review 1950;78:1; Welch, Biometrika 1947;34:28; docs/statistics.md.
    """
    return mean_gaps(scores, groups, (scores.score - scores.label) ** 2, measure="Brier score")
