"""The rates that groups are compared by, counted here and by Fairlearn.

Rows come in four *kinds*, 2 x outcome + flag: 0 rightly not flagged, 1 false alarm, 2 missed, 3 found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

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
    """Return each rate of each group by Fairlearn's MetricFrame, shape (r, g); NaN where it has no such rows.

    Raises:
        GovernError: Fairlearn's rate differs from ours.
    """
    known = _by_name(table.tobytes())
    theirs = np.array([known[rate.name] for rate in rates])
    for rate, found in zip(rates, theirs, strict=True):
        for name, hit, n, their in zip(groups.names, *rate.counts(table), found, strict=True):
            if n:
                agree(f"{rate.name} of {groups.attribute}={name}: {hit}/{n}", hit / n, their, "Fairlearn")
    return theirs


@lru_cache(maxsize=16)
def _by_name(table: bytes) -> dict[str, NDArray[np.float64]]:
    """Return all rates of all groups from one frame, which checks of the same rows share: calls, not rows, take time.

    Fairlearn is given the four kinds of row of each group with their counts (``table``: int64 of shape (g, 4)) as
    weights, which equals the row-level result, and applies scikit-learn's confusion matrix to each group.
    """
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import confusion_matrix

    count = np.frombuffer(table, dtype=np.int64)
    kind = np.arange(len(count))
    frame = MetricFrame(
        metrics=confusion_matrix,
        y_true=kind // 2 % 2,
        y_pred=kind % 2,
        sensitive_features=kind // 4,
        sample_params={"sample_weight": count},
    )
    tn, fp, fn, tp = np.stack(frame.by_group.sort_index().to_list()).astype(np.float64).reshape(-1, 4).T
    with np.errstate(invalid="ignore"):
        return {
            SELECTION.name: (tp + fp) / (tn + fp + fn + tp),
            TRUE_POSITIVE.name: tp / (tp + fn),
            FALSE_POSITIVE.name: fp / (fp + tn),
            POSITIVE_PREDICTIVE.name: tp / (tp + fp),
            NEGATIVE_PREDICTIVE.name: tn / (tn + fn),
        }


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
