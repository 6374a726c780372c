"""The rates that groups are compared by, counted here and by Fairlearn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.errors import GovernError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups, Scores

#: Two implementations that count the same rows differ by rounding alone.
_TOLERANCE = 1e-9
_FAIRLEARN = {
    "selection rate": "selection_rate",
    "true positive rate": "true_positive_rate",
    "false positive rate": "false_positive_rate",
}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate of flagged rows ``among`` some rows (shape (n,)), by its name."""

    name: str
    among: NDArray[np.bool_]


def selection(scores: Scores) -> Rate:
    """Return the rate of flagged rows among all."""
    return Rate(name="selection rate", among=np.ones(scores.n, dtype=np.bool_))


def true_positive(scores: Scores) -> Rate:
    """Return the rate of flagged rows among events."""
    return Rate(name="true positive rate", among=scores.label == 1)


def false_positive(scores: Scores) -> Rate:
    """Return the rate of flagged rows among non-events."""
    return Rate(name="false positive rate", among=scores.label == 0)


def by_fairlearn(rate: Rate, scores: Scores, groups: Groups, flagged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the rate of each group by Fairlearn's MetricFrame, shape (g,); meaningless where a group has no such rows.

    It is given the four kinds of row of each group (outcome, flag) with their counts as
    weights, which equals the row-level result and takes no longer for more rows.

    Raises:
        GovernError: Fairlearn's rate differs from ours.
    """
    import fairlearn.metrics as fm

    g = len(groups.names)
    cell = (groups.codes * 2 + scores.label) * 2 + flagged
    count = np.bincount(cell, minlength=4 * g)
    kind = np.arange(4 * g)
    frame = fm.MetricFrame(
        metrics=getattr(fm, _FAIRLEARN[rate.name]),
        y_true=kind // 2 % 2,
        y_pred=kind % 2,
        sensitive_features=kind // 4,
        sample_params={"sample_weight": count},
    )
    theirs: NDArray[np.float64] = frame.by_group.sort_index().to_numpy(dtype=np.float64)
    rows = np.bincount(groups.codes[rate.among], minlength=g)
    hits = np.bincount(groups.codes[rate.among & flagged], minlength=g)
    for name, their, hit, n in zip(groups.names, theirs, hits, rows, strict=True):
        if n and not abs(their - hit / n) <= _TOLERANCE:
            raise GovernError(
                f"{rate.name} of {groups.attribute}={name}: {hit}/{n} = {hit / n:.6f} counted here, "
                f"{their:.6f} by Fairlearn",
                hint="two implementations disagree: report this, and trust neither until it is understood",
            )
    return theirs
