"""Whether predicted numbers lie as near to the truth in each group as in the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.checks.bias._measured import measured_gaps
from govern.stats.clusters import repeated, units
from govern.stats.influence import ratio_of_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.outcomes import Values
    from govern.scan.scores import Groups
    from govern.stats.proportion import Interval
    from govern.types import Measurement


def mae_gap(values: Values, groups: Groups, *, relative: bool = False) -> list[Measurement]:
    """Error gap of numbers: the difference in mean absolute error between a group and the rest.

    Why: Who belongs to the group with the larger errors pays for a model that works for others.

    How: For each group, |mean absolute error of its rows - that of all other rows|, in the unit of the data;
        with `relative` divided by the mean absolute error of always answering the median of all rows, which
        is taken as fixed. Intervals of both are t intervals after Hall's transformation, squared and added
        (Zou and Donner 2008) at the Bonferroni level over the groups of the attribute, so that all hold
        together with 95 %; the lower limit is 0 unless the difference over its standard error, adjusted by
        Holm, rejects equality. `details` say what the largest gap reaches by chance in 1 of 20 (`null_95`).
        Support is the smaller number of rows, or patients where they repeat, in the group and in the rest.

    Limits: No verdict on fewer than 20 on either side. A group whose outcome varies more has larger errors
        under any model: see the relative error by group.

    Fix: See by `mean_error` of the mean absolute error by group whether the model is off in one direction
        there; recalibrate it for the group, or look for inputs measured worse.

    See: Hall, JRSS B 1992;54:221; Zou and Donner, Stat Med 2008;27:1693; docs/statistics.md.
    """
    patient = repeated(values.patient)
    scale = float(np.abs(values.true - np.median(values.true)).mean()) if relative and values.n else 1.0
    errors = np.abs(values.predicted - values.true) / (scale or 1.0)

    def estimate(rows: NDArray[np.bool_], level: float) -> tuple[float, Interval] | None:
        part = None if patient is None else repeated(patient[rows])
        found = ratio_of_means(errors[rows], np.ones(int(rows.sum())))
        limits = found.skewed_interval(part, level=level) if scale else None
        return None if limits is None else (found.estimate, limits)

    return measured_gaps(
        groups,
        estimate,
        lambda rows: units(rows, patient),
        n=values.n,
        measure="mean absolute error" + (" relative to the median's" if relative else ""),
        method="mean absolute error, Hall's t" + ("" if patient is None else " clustered by patient"),
    )
