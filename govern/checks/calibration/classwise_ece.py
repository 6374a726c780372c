"""How far the probabilities of several classes are off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import UnavailableError
from govern.stats.agreement import rarest
from govern.stats.calibration import drawn_gaps, spread
from govern.stats.classwise import classwise_gaps
from govern.stats.clusters import repeated
from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.outcomes import Classes

_REPLICATES = 1000


def classwise_ece(classes: Classes, seed: int, *, bins: int = 10) -> Measurement:
    """Classwise calibration error: the mean distance between probability and frequency, over all classes.

    Why: A clinician reads the probability of each diagnosis, not that of the first alone. The error of the
        most probable class hides that a rare one is always overstated.

    How: Each class against the rest: rows are cut into `bins` bins of equal mass of its probability (equal
        ones share a bin), |mean probability - frequency| is averaged by their number of rows, and then over
        classes, each counting the same. A parametric bootstrap, seeded: 1000 normal draws of the gaps of all
        bins of all classes together, with the covariance seen between rows, or between patients where a
        patient repeats. The upper limit is the 97.5 % quantile of the drawn errors; the lower limit lies as
        far below the estimate, and is 0 where the error is no larger than noise alone would make it.
        `details` hold each class's error and `expected_if_calibrated`. Support is the number of rows, or
        patients where they repeat, of the rarest class.

    Limits: Biased upward in small samples, see `expected_if_calibrated`; the upper limit, which is not
        corrected, is cautious. With many classes most probabilities are near 0 and so are their errors: the
        mean then looks small, and the largest of the classes tells more. Depends on the number and kind of
        bins. A class of which there are no rows gives no estimate.

    Fix: Scale the temperature, or recalibrate by Dirichlet calibration, on data of their own. If the error is
        near `expected_if_calibrated`, more data is needed, not another model.

    See: Kull et al., NeurIPS 2019; Nixon et al., CVPR workshops 2019; Broecker and Smith, Weather and
        Forecasting 2007;22:651; docs/statistics.md.
    """
    if classes.probability is None:
        raise UnavailableError(
            "no probabilities of the classes",
            hint="name their columns: `probabilities:` in govern.yaml, or --probability CLASS=COL",
        )
    patient, size = repeated(classes.patient), len(classes.names)
    unit = "rows" if patient is None else "patients"
    facts: dict[str, Any] = {
        "n": classes.n,
        "support": rarest(classes.true, size, patient),
        "method": f"one against the rest, {bins} equal-mass bins; parametric bootstrap over {unit}, "
        f"{_REPLICATES} replicates",
    }
    if classes.absent:
        return Measurement.unknown(message=f"no rows of class {', '.join(classes.absent)} among {classes.n}", **facts)
    gaps = classwise_gaps(classes.true, classes.probability, bins, patient)

    def errors(totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the error of each class, shape (..., classes)."""
        starts = np.flatnonzero(np.diff(gaps.class_of, prepend=-1))
        found: NDArray[np.float64] = np.add.reduceat(np.abs(totals), starts, axis=-1) / classes.n
        return found

    by_class = errors(gaps.total)
    estimate = float(by_class.mean())
    chance = drawn_gaps(np.zeros_like(gaps.total), gaps.covariance, replicates=_REPLICATES, seed=seed)
    noise = spread(estimate, *(errors(drawn).mean(axis=1) for drawn in (gaps.total + chance, chance)))
    details: dict[str, Any] = {"by_class": dict(zip(classes.names, by_class.tolist(), strict=True))}
    if noise is None:
        return Measurement(
            estimate=estimate,
            lower=None,
            upper=None,
            sufficient=False,
            message="every resample gives the same value: the bootstrap cannot say how sure it is",
            details=details,
            **facts,
        )
    return Measurement(
        estimate=estimate,
        lower=noise.lower,
        upper=noise.upper,
        details={**details, "expected_if_calibrated": noise.expected, "noise_limit": noise.limit},
        **facts,
    )
