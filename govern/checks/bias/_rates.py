"""The rates that groups are compared by, counted here and by Fairlearn.

Rows come in four *kinds*, 2 x outcome + flag: 0 rightly not flagged, 1 false alarm, 2 missed, 3 found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import GovernError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Groups

#: Two implementations that count the same rows differ by rounding alone.
_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The rate of rows of the kinds ``hit`` among those of the kinds ``among``; ``rows`` is the latter's name."""

    name: str
    among: tuple[int, ...]
    hit: tuple[int, ...]
    rows: str

    def counts(self, table: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the hits and the rows of each group, both of shape (g,), from the rows of each kind, shape (g, 4)."""
        hits = sorted(set(self.among) & set(self.hit))
        return table[:, hits].sum(axis=1), table[:, list(self.among)].sum(axis=1)


SELECTION = Rate(name="selection rate", among=(0, 1, 2, 3), hit=(1, 3), rows="rows")
TRUE_POSITIVE = Rate(name="true positive rate", among=(2, 3), hit=(3,), rows="events")
FALSE_POSITIVE = Rate(name="false positive rate", among=(0, 1), hit=(1,), rows="rows without the event")
POSITIVE_PREDICTIVE = Rate(name="positive predictive value", among=(1, 3), hit=(3,), rows="flagged rows")
NEGATIVE_PREDICTIVE = Rate(name="negative predictive value", among=(0, 2), hit=(0,), rows="rows that are not flagged")


def by_fairlearn(rates: Sequence[Rate], groups: Groups, table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each rate of each group by Fairlearn's MetricFrame, shape (r, g); meaningless where it has no such rows.

    It is given the four kinds of row of each group with their counts (``table``, shape (g, 4)) as weights, which
    equals the row-level result and takes no longer for more rows.

    Raises:
        GovernError: Fairlearn's rate differs from ours.
    """
    from fairlearn.metrics import MetricFrame

    kind, known = np.arange(table.size), _metrics()
    frame = MetricFrame(
        metrics={rate.name: known[rate.name] for rate in rates},
        y_true=kind // 2 % 2,
        y_pred=kind % 2,
        sensitive_features=kind // 4,
        sample_params={rate.name: {"sample_weight": table.ravel()} for rate in rates},
    )
    theirs: NDArray[np.float64] = frame.by_group.sort_index().to_numpy(dtype=np.float64).T
    for rate, found in zip(rates, theirs, strict=True):
        for name, hit, n, their in zip(groups.names, *rate.counts(table), found, strict=True):
            if n:
                agree(f"{rate.name} of {groups.attribute}={name}: {hit}/{n}", hit / n, their, "Fairlearn")
    return theirs


def agree(what: str, ours: float, theirs: float, whose: str) -> None:
    """Make sure that two implementations give the same number.

    Raises:
        GovernError: they do not.
    """
    if not abs(theirs - ours) <= _TOLERANCE:
        raise GovernError(
            f"{what} = {ours:.6f} counted here, {theirs:.6f} by {whose}",
            hint="two implementations disagree: report this, and trust neither until it is understood",
        )


def _metrics() -> dict[str, Any]:
    """Return Fairlearn's metric for each rate, or the metric of scikit-learn that it applies by group."""
    import fairlearn.metrics as fm
    from sklearn.metrics import precision_score

    return {
        SELECTION.name: fm.selection_rate,
        TRUE_POSITIVE.name: fm.true_positive_rate,
        FALSE_POSITIVE.name: fm.false_positive_rate,
        POSITIVE_PREDICTIVE.name: partial(precision_score, zero_division=0.0),
        NEGATIVE_PREDICTIVE.name: partial(precision_score, pos_label=0, zero_division=0.0),
    }
