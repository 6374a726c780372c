"""Check ``drift.jensen_shannon``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.dataset import Data
    from govern.stats.drift import Distance
    from govern.types import Measurement


def jensen_shannon(test: Data, reference: Data, *, bins: int = 10, chance: float = 0.1) -> Measurement:
    """Largest Jensen-Shannon distance of the model's inputs.

    Why: Like the stability index it compares shares of patients, but it is bounded and symmetric and needs no rule
        for cells that are empty on one side, so a new category can be read on the same scale as a changed one.
    How: Every row of both datasets in the cells of `drift.psi`: numbers in up to `bins` cells of equal mass in the
        reference, the `bins` most frequent categories as they are, further cells for rare ones, for words that
        no (other) reference row has and for missing values. The distance is the square root of the Jensen-Shannon
        divergence in nats, from 0 to 0.833, as Evidently and scipy give it. The estimate is that of the worst
        feature. The interval inverts the non-central chi-square distribution of the divergence; over features, the
        upper bound is the largest and the lower bound is the largest after Bonferroni's correction. Where patients
        repeat, n and m are Kish's effective sizes.
    Limits: One feature at a time. Near 0 the square root makes a small divergence look large: identical populations
        show about sqrt((cells - 1) (1/n + 1/m) / 8), which the details give as `chance`. Inconclusive if they would
        show a distance above `chance` in 1 of 20 windows of this size, or if a feature holds more than 100,000
        different words, which are not counted one by one.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Lin J. Divergence measures based on the Shannon entropy. IEEE Trans Inf Theory 37:145, 1991; Grosse I et al.
        Phys Rev E 65:041905, 2002.
    """
    from govern.checks.drift._distance import of_cells
    from govern.stats import distances

    def distance(
        then: NDArray[np.float64], now: NDArray[np.float64], features: int, size: tuple[float, float]
    ) -> Distance:
        return distances.jensen_shannon(then, now, n_reference=size[0], n_current=size[1], comparisons=features)

    return of_cells(
        test,
        reference,
        distance,
        what="Jensen-Shannon distance",
        method="Jensen-Shannon distance (nats) on up to {cells} cells, non-central chi-square interval",
        bins=bins,
        chance=chance,
    )
