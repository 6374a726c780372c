"""Check ``drift.ks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data
    from govern.stats.drift import Distance
    from govern.types import Measurement


def ks(test: Data, reference: Data, *, chance: float = 0.1) -> Measurement:
    """Largest Kolmogorov-Smirnov distance of the model's numeric inputs.

    Why: It is the largest difference in the share of patients below any value, so it needs no choice of cells and
        reads as a share of patients: 0.2 says that somewhere 20 in 100 patients lie on the other side of a value.
    How: For each number or date, the largest difference of the two distribution functions over all rows (0 to 1);
        missing values are left out. The estimate is that of the worst feature. The 95 % interval is the Kolmogorov
        band, estimate -/+ 1.36 sqrt(1/n + 1/m), cautious where the distributions differ or values are tied; over
        features the upper bound is the largest and the lower bound the largest after Bonferroni's correction. The
        details give each feature's p-value (two-sample Kolmogorov-Smirnov, large samples) and Holm's adjustment.
        Where a large dataset is counted in stretches of values, `error` bounds what that can hide, and the upper bound
        has it added. Where patients repeat, n and m are Kish's effective sizes.
    Limits: Not sensitive in the tails. Words have no order: see `drift.psi` and `drift.jensen_shannon`. A change in how
        often a value is missing is for `drift.missingness` to see. Inconclusive if identical populations would show
        a distance above `chance` in 1 of 20 windows of this size, or if a feature never has a value in one dataset.
    Fix: Look at the feature's values for a changed unit, coding, laboratory method or patient mix; restrict the
        intended population, or refit on data of the new one.
    See: Smirnov N. Table for estimating the goodness of fit of empirical distributions. Ann Math Stat 19:279, 1948;
        Holm S. Scand J Stat 6:65, 1979.
    """
    from govern.checks.drift._distance import of_numbers
    from govern.stats.distances import kolmogorov_smirnov

    def distance(feature: Feature, features: int, size: tuple[float, float]) -> Distance:
        _, then, now = feature.aligned()
        return kolmogorov_smirnov(
            then, now, n_reference=size[0], n_current=size[1], comparisons=features, stretches=feature.grid is not None
        )

    return of_numbers(
        test,
        reference,
        distance,
        what="KS distance",
        method="two-sample Kolmogorov-Smirnov distance, Kolmogorov band",
        chance=chance,
    )
