"""Whether risks are as right on average in each group as in the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._means import mean_gaps

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


def calibration_gap(scores: Scores, groups: Groups) -> list[Measurement]:
    """Calibration gap: the difference between a group and the rest in predicted less observed risk.

    Why: A model can be right on average and wrong for one group: Obermeyer's finding was that at equal
        risk scores one group was sicker. Its patients then get less care than they need.

    How: For each group, |(mean score - event rate) in it - (mean score - event rate) in all other rows|,
        from 0 to 2, in units of risk: 0.05 is five percentage points, and as many patients in a hundred.
        On this scale and not in log odds (calibration-in-the-large) because scores of exactly 0 or 1
        count as well, a group's difference is that of its patients added up, and the bound is one that
        a clinician can set. Welch's t interval at the Bonferroni level over the groups of the attribute,
        so that all intervals hold together with 95 %, mapped to the absolute difference; its lower limit
        is 0 unless Holm's test rejects equality. Where patients repeat, variances are those between
        patients. `details` say what the largest gap of the attribute reaches by chance in 1 of 20
        (`null_95`, from the gaps' own standard errors). Fairlearn's mean_prediction must give the same
        means. Support is the smallest of events and non-events in the group and in the rest, counted in
        patients where they repeat.

    Limits: No verdict on fewer than 20 events or non-events on either side. Risks too high for some of a
        group and too low for others cancel. Where events are rare a small difference can be a large
        ratio. It compares groups: a model that is wrong for everybody in the same way has no gap, so read
        it with calibration-in-the-large.

    Fix: Look for a proxy label (cost for need), an input that means something else in the group, or a
        history that is recorded less; recalibrating by group hides the cause.

    See: Obermeyer et al., Science 2019;366:447; Van Calster et al., BMC Medicine 2019;17:230; docs/statistics.md.
    """
    return mean_gaps(scores, groups, scores.score - scores.label, measure="mean predicted less observed")
