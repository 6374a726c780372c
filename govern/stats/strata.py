"""How far risks are from right in parts of the rows, compared with how right they are as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.calibration import recalibrate
from govern.stats.drift import noncentrality
from govern.stats.multiplicity import bonferroni

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Intercept and slope.
_FREEDOM = 2


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """How wrong risks are among some rows; ``estimate``, ``lower`` and ``upper`` in log odds (see :class:`Residuals`).

    ``together`` is the lower bound that holds with those of all strata that are compared. ``expected`` are the events
    that the risks, recalibrated on all rows, predict.
    """

    n: int
    events: int
    expected: float
    estimate: float
    lower: float
    upper: float
    together: float


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """Labels, and risks that were recalibrated (intercept and slope) on all rows; shape (n,) each.

    In a stratum the logistic model logit P = logit(risk) + a + b risk is tested by its score at a = b = 0: with
    residuals r = label - risk, information w = risk (1 - risk) and c = risk less its mean weighted by w,
    T = (sum r)^2 / sum w + (sum r c)^2 / sum w c^2 follows a chi-square distribution with 2 degrees of freedom where
    risks are as right as on all rows, and about a non-central one where they are not. The root of its non-centrality
    by sum w is the root mean square of a + b risk, which is how far risks are from right there, in log odds. The risk
    and not its log odds stands beside b, so that one patient with an extreme one does not speak for all.
    Rao CR, Proc Camb Phil Soc 1948;44:50; Cox DR, Biometrika 1958;45:562.
    """

    label: NDArray[np.int8]
    risk: NDArray[np.float64]

    def strata(
        self, codes: NDArray[np.int64], places: NDArray[np.int64], *, comparisons: int, worth: float = 1.0
    ) -> list[Stratum]:
        """Return the strata ``places`` of the rows' ``codes`` (shape (n,), from 0), each with events and non-events.

        ``worth`` is how many independent rows one row is worth (0 to 1), where patients repeat.
        """
        size = int(codes.max()) + 1

        def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(codes, weights=values, minlength=size).astype(np.float64)

        residual, weight = self.label - self.risk, self.risk * (1 - self.risk)
        information = total(weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            centred = self.risk - (total(weight * self.risk) / information)[codes]
            off, turned = total(residual), total(residual * centred)
            spread = total(weight * centred**2)
            # Where all risks are one there is no slope.
            statistic = off**2 / information + np.where(spread > 0, turned**2 / spread, 0.0)
        rows, events, expected = np.bincount(codes, minlength=size), total(self.label.astype(float)), total(self.risk)
        strict = bonferroni(0.95, comparisons)
        found = []
        for k in places.tolist():
            t, unit = float(statistic[k]) * worth, float(information[k]) * worth
            lower, upper = noncentrality(t, _FREEDOM)
            together = noncentrality(t, _FREEDOM, strict)[0]
            found.append(
                Stratum(
                    n=int(rows[k]),
                    events=int(events[k]),
                    expected=float(expected[k]),
                    estimate=float(np.sqrt(min(max(t - _FREEDOM, lower), upper) / unit)),
                    lower=float(np.sqrt(lower / unit)),
                    upper=float(np.sqrt(upper / unit)),
                    together=float(np.sqrt(together / unit)),
                )
            )
        return found


def residuals(label: NDArray[np.int8], score: NDArray[np.float64]) -> Residuals | None:
    """Return the residuals of labels and scores (strictly between 0 and 1), shape (n,) each.

    The recalibration slope must be identified (:func:`govern.stats.calibration.identified`); ``None`` where the scores
    are too extreme for double precision.
    """
    fit = recalibrate(label, score)
    if fit is None:
        return None
    logit = fit.coefficients[0] + fit.coefficients[1] * (np.log(score) - np.log1p(-score))
    return Residuals(label=label, risk=1 / (1 + np.exp(-logit)))
