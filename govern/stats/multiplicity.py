"""How sure each of several intervals must be, so that all of them hold at once."""

from __future__ import annotations


def bonferroni(level: float, comparisons: int) -> float:
    """Return the level of each of ``comparisons`` intervals (at least 1) that together hold with ``level``.

    Bonferroni's inequality: right under any dependence. Holm's steps decide which hypotheses to
    reject and give no intervals of their own, so they are not used for what is printed as an interval.
    """
    return 1 - (1 - level) / comparisons
