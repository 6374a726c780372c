"""Check ``drift.psi``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.scan.dataset import Data
    from govern.stats.drift import Distance
    from govern.types import Measurement


def psi(test: Data, reference: Data, *, bins: int = 10, chance: float = 0.1) -> Measurement:
    """Largest population stability index of the model's inputs.

    Why: A model is validated for the patients it was built on. Where an input's distribution has moved, the
        evidence speaks for other patients than those the model will meet.
    How: Every row of both datasets, each feature in cells: numbers in up to `bins` cells of equal mass in the
        reference, or one for each of its values if it has no more, with further cells for what it never has, below,
        above and between; the `bins` most frequent categories of at least 20 reference rows as they are, one cell for
        the rare ones and one for words that no (other) reference row has; one cell for missing values. The index (0
        for equal distributions, in nats) is the sum of (q - p) ln(q / p). The estimate is that of the worst feature
        less what identical populations give on average, (cells - 1) (1/n + 1/m). The interval inverts the non-central
        chi-square distribution of the index; over features, the upper bound is the largest and the lower bound is the
        largest after Bonferroni's correction. Where patients repeat, n and m are Kish's effective sizes.
    Limits: One feature at a time: a changed relation between features is not seen. Values above 0.1 are customarily
        read as a moderate shift and above 0.2 or 0.25 as a large one; these are conventions of credit scoring.
        Inconclusive if identical populations would show an index above `chance` in 1 of 20 windows of this size, or
        if a feature holds more than 100,000 different words, which are not counted one by one.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Yurdakul B, Naranjo J. Statistical properties of the population stability index. Journal of Risk Model
        Validation 14(4), 2020.
    """
    from govern.checks.drift._distance import of_cells
    from govern.stats.drift import stability_index

    def distance(
        then: NDArray[np.float64], now: NDArray[np.float64], features: int, size: tuple[float, float]
    ) -> Distance:
        return stability_index(then, now, n_reference=size[0], n_current=size[1], comparisons=features)

    return of_cells(
        test,
        reference,
        distance,
        what="PSI",
        method="PSI on up to {cells} cells, non-central chi-square interval",
        bins=bins,
        chance=chance,
    )
