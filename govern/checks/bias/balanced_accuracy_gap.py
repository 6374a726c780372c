"""Whether the classes of each group's patients are recognised as well as those of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._measured import measured_gaps
from govern.stats.agreement import mean_of_proportions, rarest, recall_correlation, recalls
from govern.stats.clusters import repeated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.outcomes import Classes
    from govern.scan.scores import Groups
    from govern.stats.proportion import Interval
    from govern.types import Measurement


def balanced_accuracy_gap(classes: Classes, groups: Groups) -> list[Measurement]:
    """Balanced accuracy gap: the difference in mean recall over classes between a group and the rest.

    Why: That every disease is found as often in one group of patients as in another is equal opportunity for
        several classes; since each class counts the same, groups with another mix of diseases can be
        compared.

    How: For each group, |mean recall over classes of its rows - that of all other rows|, 0 to 1. Intervals of
        both from the recalls' Wilson limits (MOVER), squared and added (Zou and Donner 2008) at the
        Bonferroni level over the groups of the attribute, so that all hold together with 95 %; the lower
        limit is 0 unless the difference over its standard error, adjusted by Holm, rejects equality.
        `details` say what the largest gap reaches by chance in 1 of 20 (`null_95`). Support is the number of
        rows, or patients where they repeat, of the rarest class in the group or in the rest.

    Limits: No verdict where a class has fewer than 20 rows on either side. Gaps of two classes in opposite
        directions cancel: look at balanced accuracy by group, which lists the recalls.

    Fix: Train on more rows of the class that is missed in the group; look for inputs measured worse there.

    See: Hardt et al., NeurIPS 2016; Zou and Donner, Stat Med 2008;27:1693; docs/statistics.md.
    """
    size = len(classes.names)

    def estimate(rows: NDArray[np.bool_], level: float) -> tuple[float, Interval]:
        part = classes.where(rows)
        patient = repeated(part.patient)
        found = recalls(part.true, part.predicted, size, patient, level=level)
        correlation = recall_correlation(part.true, part.true == part.predicted, found, patient)
        return sum(r.estimate for r in found) / size, mean_of_proportions(found, correlation)

    patient = repeated(classes.patient)
    return measured_gaps(
        groups,
        estimate,
        lambda rows: rarest(classes.true[rows], size, None if patient is None else patient[rows]),
        n=classes.n,
        measure="balanced accuracy",
        method="mean recall, MOVER of Wilson intervals" + ("" if patient is None else " clustered by patient"),
    )
