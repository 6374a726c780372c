"""The area under the ROC curve and the average precision, added up from the lowest score to the highest."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Curve:
    """Counts rows by ascending score; there are events and others, at least one of each.

    Areas are of Mann and Whitney's kind, ties counting half; the variance is that of DeLong ER, DeLong DM,
    Clarke-Pearson DL (Biometrics 44:837, 1988); the average precision is scikit-learn's.
    """

    def __init__(self, events: int, others: int) -> None:
        """``events`` and ``others`` are the numbers of rows that will have been added."""
        self._events, self._others = events, others
        self._seen_events = self._seen_others = self._pairs = 0
        self._of_events = self._of_others = self._precision = 0.0
        #: Pairs of an event and another row that have one score.
        self.tied = 0

    def add(self, pos: NDArray[np.int64], neg: NDArray[np.int64]) -> None:
        """Add the next scores: how many events and others have each, shape (k,), ascending."""
        # Twice the rows of the other kind that lie below, ties counting half.
        below = 2 * (self._seen_others + np.cumsum(neg)) - neg
        under = 2 * (self._seen_events + np.cumsum(pos)) - pos
        hits = self._events - (under - pos) // 2
        flagged = hits + self._others - (below - neg) // 2
        self._pairs += int(pos @ below)
        self.tied += int(pos @ neg)
        self._of_events += float((pos * (below / (2 * self._others)) ** 2).sum())
        self._of_others += float((neg * (under / (2 * self._events)) ** 2).sum())
        self._precision += float((pos * (hits / flagged)).sum())
        self._seen_events += int(pos.sum())
        self._seen_others += int(neg.sum())

    @property
    def area(self) -> float:
        """The area under the ROC curve, exact to the last division."""
        return self._pairs / (2 * self._events * self._others)

    @property
    def area_se(self) -> float | None:
        """DeLong's standard error, ``None`` where there is one event or one other row."""
        m, n, area = self._events, self._others, self.area
        if min(m, n) < 2:
            return None
        # Placement values have the means `area` and 1 - `area`.
        of_events = (self._of_events - m * area**2) / (m - 1)
        of_others = (self._of_others - n * (1 - area) ** 2) / (n - 1)
        return sqrt(max(of_events, 0.0) / m + max(of_others, 0.0) / n)

    @property
    def average_precision(self) -> float:
        """The area under the precision-recall curve, without interpolation."""
        return self._precision / self._events
