"""Whether risks order the events of each group as well as those of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._measured import measured_gaps
from govern.stats.clusters import repeated, units
from govern.stats.concordance import harrell
from govern.stats.scale import on_logit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.outcomes import Survival
    from govern.scan.scores import Groups
    from govern.stats.proportion import Interval
    from govern.types import Measurement


def concordance_gap(survival: Survival, groups: Groups) -> list[Measurement]:
    """Concordance gap: the difference in Harrell's C between a group and the rest.

    Why: A model may order the patients of one group well and those of another hardly better than chance; the
        concordance of all patients hides it.

    How: For each group, |Harrell's C of its rows - that of all other rows|, pairs being formed within each.
        Intervals of both by the infinitesimal jackknife on the logit scale, squared and added (Zou and Donner
        2008) at the Bonferroni level over the groups of the attribute, so that all hold together with 95 %;
        the lower limit is 0 unless the difference over its standard error, adjusted by Holm, rejects
        equality. `details` say what the largest gap reaches by chance in 1 of 20 (`null_95`). Support is the
        smaller number of events in the group and in the rest, in patients where they repeat.

    Limits: No verdict on fewer than 20 events on either side. A group whose patients are more alike, or were
        followed for a shorter time, is harder to order under any model.

    Fix: Look for inputs measured worse or missing more often in the group, and train on more of its events.

    See: Harrell et al., JAMA 1982;247:2543; Zou and Donner, Stat Med 2008;27:1693; docs/statistics.md.
    """

    def estimate(rows: NDArray[np.bool_], level: float) -> tuple[float, Interval] | None:
        part = survival.where(rows)
        found = harrell(part.time, part.event, part.risk)
        half = None if found is None else found.half_width(repeated(part.patient), level=level)
        if found is None or half is None or not 0 < found.estimate < 1:
            return None
        return found.estimate, on_logit(found.estimate, half)

    patient = repeated(survival.patient)
    return measured_gaps(
        groups,
        estimate,
        lambda rows: units(rows & (survival.event == 1), patient),
        n=survival.n,
        events=survival.event,
        measure="concordance",
        method="Harrell's C, infinitesimal jackknife" + ("" if patient is None else " clustered by patient"),
    )
