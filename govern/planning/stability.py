"""Population stability: the power of the limit that inverts the non-central chi-square distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.planning.law import Case, Count, Law, NotPlanned

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAIL = 0.025


def psi(case: Case) -> Law:
    """Return the power that no input's upper limit reaches the bound, each shifted by the assumed index."""
    return _index(case, max(case.features, 1))


def prediction(case: Case) -> Law:
    """Return the power that the upper limit of the risk's index stays below the bound."""
    return _index(case, 1)


def _index(case: Case, features: int) -> Law:
    for c in case.rule.accept.criteria:
        if c.on == "lower" or not c.operator.startswith("<"):
            raise NotPlanned("an index is planned for upper bounds alone")
    bins, chance = int(case.params.get("bins", 10)), float(case.params.get("chance", 0.1))

    def power(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        from scipy.stats import chi2, ncx2

        unit: NDArray[np.float64] = 1 / rows + 1 / (case.reference or rows)
        freedom = bins - 1
        largest: NDArray[np.float64] = np.full(rows.shape, np.inf)
        for c in case.rule.accept.criteria:
            raw = c.bound / unit
            limit = ncx2.ppf(_TAIL, freedom, raw) if c.on == "upper" else raw + freedom
            largest = np.minimum(largest, np.asarray(limit, dtype=np.float64))
        known = chi2.ppf(0.95, freedom) * unit <= chance
        met = np.asarray(ncx2.cdf(largest, freedom, case.assumed / unit), dtype=np.float64) ** features
        return np.where(known, met, 0.0)

    of_inputs = f" of {features} inputs" if features > 1 else ""
    against = f"{case.reference:,} reference rows" if case.reference else "as many reference rows"
    return Law(
        unit="rows",
        power=power,
        counts=lambda n: [Count(name="rows", n=n, share=case.share)],
        method=f"non-central chi-square power{of_inputs}, {bins} cells, {against}",
    )
