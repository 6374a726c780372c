"""The rates that groups are compared by, counted here and by Fairlearn.

Rows come in four *kinds*, 2 x outcome + flag: 0 rightly not flagged, 1 false alarm, 2 missed, 3 found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """Return each rate of each group by Fairlearn's mean_prediction, shape (r, g); NaN where it has no such rows.

    Fairlearn is given the four kinds of row of each group with their counts (``table``, shape (g, 4)) as weights,
    which equals the row-level result. Its MetricFrame gives the same (a test), but takes some 10 ms for each call.

    Raises:
        GovernError: Fairlearn's rate differs from ours.
    """
    theirs = np.full((len(rates), len(table)), np.nan)
    for r, rate in enumerate(rates):
        hits, rows = rate.counts(table)
        for i in np.flatnonzero(rows).tolist():
            theirs[r, i] = _WEIGHTED[rate.name](table[i])
            what = f"{rate.name} of {groups.attribute}={groups.names[i]}: {hits[i]}/{rows[i]}"
            agree(what, hits[i] / rows[i], float(theirs[r, i]), "Fairlearn")
    return theirs


def _mean(predicted: NDArray[np.int64], among: NDArray[np.int64]) -> Callable[[NDArray[np.int64]], float]:
    """Return Fairlearn's mean of what is ``predicted`` for each kind of row, over those ``among`` which it is."""

    def of(count: NDArray[np.int64]) -> float:
        from fairlearn.metrics import mean_prediction

        return float(mean_prediction(_OUTCOME, predicted, count * among))

    return of


_OUTCOME, _FLAG = np.divmod(np.arange(4), 2)
#: The rates again, as means of flags or outcomes.
_WEIGHTED = {
    SELECTION.name: _mean(_FLAG, np.ones_like(_FLAG)),
    TRUE_POSITIVE.name: _mean(_FLAG, _OUTCOME),
    FALSE_POSITIVE.name: _mean(_FLAG, 1 - _OUTCOME),
    POSITIVE_PREDICTIVE.name: _mean(_OUTCOME, _FLAG),
    NEGATIVE_PREDICTIVE.name: _mean(1 - _OUTCOME, 1 - _FLAG),
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
