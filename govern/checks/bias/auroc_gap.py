"""Whether the model ranks as well in each group as in the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.bias._gaps import aligned, outcomes, too_few
from govern.checks.bias._measured import compared, unpaired
from govern.checks.bias._rates import agree
from govern.stats.clusters import repeated
from govern.stats.gaps import ranked_sides

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from govern.checks.bias._gaps import Difference
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


def auroc_gap(scores: Scores, groups: Groups) -> list[Measurement]:
    """AUROC gap: the difference in discrimination between a group and the rest.

    Why: A model that ranks one group worse than others helps its patients less at every threshold, and no
        recalibration and no other threshold mends that.

    How: For each group, |AUROC within it - AUROC within all other rows|, from 0 to 1; pairs of a row in
        the group and one outside are in neither. The two are independent: DeLong's variance of each
        (where patients repeat Obuchowski's), the limits on the logit scale, squared and added (Zou and
        Donner 2008) at the Bonferroni level over the groups of the attribute, so that all intervals hold
        together with 95 %, mapped to the absolute difference. Where an area is 0 or 1 or shows no
        variance, its limits are those of Newcombe's method 5. The lower limit of the gap is 0 unless
        DeLong's test (difference over its standard error), adjusted by Holm, rejects equality too.
        `details` say what the largest gap of the attribute reaches by chance in 1 of 20 (`null_95`, from
        the gaps' own standard errors). scikit-learn's ROC curves must have the same areas. Support is
        the smallest of events and non-events in the group and in the rest, counted in patients where they
        repeat.

    Limits: No verdict on fewer than 20 events or non-events on either side. A group whose patients are more
        alike (a narrow age band) is harder to rank under any model: its gap need not be the model's fault.
        Says nothing about calibration.

    Fix: Look for inputs measured worse or missing more often in the group, and train on more of its events.

    See: DeLong 1988; Obuchowski 1997; Zou and Donner, Stat Med 2008;27:1693; docs/statistics.md.
    """
    aligned(scores, groups)
    counts = outcomes(scores, groups)
    order, rising = scores.once(_rising)  # for the areas of all groups of all attributes, and of their rests
    codes = groups.codes[order]

    def differences(wanted: list[int], level: float) -> Iterable[Difference]:
        sides = ranked_sides(
            rising.label, rising.score, codes, wanted, patient=rising.patient, weight=rising.weight, level=level
        )
        for i, (group, rest) in zip(wanted, sides, strict=True):
            _compare(rising.where(codes == i), f"{groups.attribute}={groups.names[i]}", group.value)
            yield unpaired("AUROC", group, rest)

    source = "DeLong" if repeated(scores.patient) is None else "Obuchowski (clustered by patient)"
    return compared(
        scores,
        groups,
        differences,
        supports=counts.min(axis=(0, 1)),
        messages=[too_few(counts[..., i]) for i in range(len(groups.names))],
        method=f"Mann-Whitney; {source}, unpaired, logit limits squared and added",
    )


def _rising(scores: Scores) -> tuple[NDArray[np.int64], Scores]:
    order = np.argsort(scores.score, kind="stable")
    return order, scores.where(order)


def _compare(rows: Scores, name: str, ours: float) -> None:
    """Make sure that scikit-learn finds the same area: what roc_auc_score computes, in half its time."""
    from sklearn.metrics import auc, roc_curve

    fpr, tpr, _ = roc_curve(rows.label, rows.score, sample_weight=rows.weight, drop_intermediate=False)
    agree(f"AUROC of {name}", ours, float(auc(fpr, tpr)), "scikit-learn")
