"""Check ``drift.wasserstein``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data
    from govern.stats.drift import Distance
    from govern.types import Measurement


def wasserstein(test: Data, reference: Data, *, chance: float = 0.1) -> Measurement:
    """Largest Wasserstein distance of the model's numeric inputs, in standard deviations.

    Why: It says how far values have moved and not only how many: a unit that was changed, or a tail that grew, is as
        large as it is to the model.
    How: For each number or date, the area between the two distribution functions over all rows, by the reference's
        standard deviation (0 and more; a pure shift by one standard deviation is 1), or by that of both together where
        the reference is constant; missing values are left out. The
        estimate is that of the worst feature. The 95 % interval is by the delta method on the optimal potential; the
        lower bound has the excess that chance gives taken off, the upper bound has it added. Over features the upper
        bound is the largest and the lower bound the largest after Bonferroni's correction. Where a large dataset is
        counted in stretches of values, `error` bounds what that can hide, and both bounds allow for it. Where patients
        repeat, n and m are Kish's effective sizes.
    Limits: A few extreme values in the reference widen its standard deviation and so shrink the distance; `drift.ks`
        and `drift.psi` do not depend on them. Words have no distance: see `drift.jensen_shannon`. Inconclusive if
        identical populations would show a distance above `chance` in 1 of 20 windows of this size, or if a
        feature never has a value in one dataset.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Villani C. Optimal Transport, 2009; del Barrio E, Gine E, Matran C. Ann Probab 27:1009, 1999.
    """
    from govern.checks.drift._distance import of_numbers
    from govern.stats import distances
    from govern.stats.drift import spread

    def distance(feature: Feature, features: int, size: tuple[float, float]) -> Distance:
        value, then, now = feature.aligned()
        # A reference that is constant has no unit of its own: both together have, unless nothing differs at all.
        scale = feature.reference.sd or spread(value, then + now) or 1.0
        return distances.wasserstein(
            value,
            then,
            now,
            scale=scale,
            n_reference=size[0],
            n_current=size[1],
            comparisons=features,
            error=feature.blur(value, then, now) / scale,
        )

    return of_numbers(
        test,
        reference,
        distance,
        what="Wasserstein distance",
        method="first Wasserstein distance by the reference's standard deviation, delta method less chance",
        chance=chance,
    )
