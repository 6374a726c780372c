"""The patients that a plan assumes: risks of a calibrated model of a given area, at a given prevalence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

_NORMAL = NormalDist()
#: Half a standard normal beyond which nothing is counted, and the points of the grid on it.
_REACH, _POINTS = 8.0, 4001


def information(
    true: NDArray[np.float64], stated: NDArray[np.float64], mass: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Fisher's information per row about (intercept, slope) of a logistic recalibration, shape (2, 2).

    ``true`` and ``stated`` are log odds and ``mass`` is the share of patients who have them, all of shape (k,): the
    mean of p(1-p) (1, x)(1, x)', p being the true risk and x the stated log odds. Section 3.2 of Riley et al., Stat
    Med 2021;40:4230.
    """
    weight = mass / (2 + np.exp(true) + np.exp(-true))  # p(1-p)
    cross = float(weight @ stated)
    return np.array([[float(weight.sum()), cross], [cross, float(weight @ stated**2)]])


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """A binormal score, turned into the risk that it stands for.

    A latent value is N(0, 1) without the event and N(d, 1) with it, d = sqrt(2) times the normal quantile of
    ``auroc`` (Hanley, Med Decis Making 1988;8:197); the logit of the risk is linear in it, so the model is
    calibrated. ``prevalence`` and ``auroc`` lie strictly between 0 and 1, and 0.5 and 1.

    ``intercept`` and ``slope`` make it miscalibrated: the true log odds are intercept + slope x the stated ones,
    as calibration-in-the-large and the calibration slope are defined.
    """

    prevalence: float
    auroc: float
    intercept: float = 0.0
    slope: float = 1.0

    @property
    def distance(self) -> float:
        """The distance d of the two means, in standard deviations."""
        return 2**0.5 * _NORMAL.inv_cdf(self.auroc)

    def sensitivity(self, threshold: float) -> float:
        """Return the share of events with a stated risk at or above a threshold (0 to 1)."""
        return 1 - _NORMAL.cdf(self._cut(threshold) - self.distance)

    def specificity(self, threshold: float) -> float:
        """Return the share of non-events with a stated risk below a threshold (0 to 1)."""
        return _NORMAL.cdf(self._cut(threshold))

    @cached_property
    def information(self) -> NDArray[np.float64]:
        """Fisher's information per row about (intercept, slope), shape (2, 2)."""
        half = np.linspace(-_REACH, _REACH, _POINTS)
        mass = np.exp(-(half**2) / 2)
        mass /= mass.sum()
        total = np.zeros((2, 2))
        for centre, share in ((0.0, 1 - self.prevalence), (self.distance, self.prevalence)):
            true = self._log_odds(half + centre)
            total += information(true, (true - self.intercept) / self.slope, share * mass)
        return total

    def draw(self, rng: np.random.Generator, events: int, others: int) -> Scores:
        """Return the stated risks of that many patients with and without the event, drawn at random."""
        return self._scores(rng.standard_normal(events), rng.standard_normal(others))

    def even(self, rows: int) -> Scores:
        """Return about ``rows`` patients that lie evenly in the population: its own values, but for rounding."""
        from scipy.special import ndtri

        events = max(1, round(rows * self.prevalence))
        places = [(np.arange(count) + 0.5) / count for count in (events, max(1, rows - events))]
        return self._scores(*(ndtri(place) for place in places))

    def _scores(self, events: NDArray[np.float64], others: NDArray[np.float64]) -> Scores:
        from scipy.special import expit

        from govern.scan.scores import Scores

        true = self._log_odds(np.concatenate([events + self.distance, others]))
        label = np.repeat(np.array([1, 0], dtype=np.int8), [len(events), len(others)])
        return Scores(label=label, score=expit((true - self.intercept) / self.slope))

    def _log_odds(self, latent: NDArray[np.float64]) -> NDArray[np.float64]:
        d = self.distance
        return log(self.prevalence / (1 - self.prevalence)) + d * latent - d * d / 2

    def _cut(self, threshold: float) -> float:
        """Return the latent value from which the stated risk is at or above a threshold."""
        if threshold <= 0:
            return -np.inf
        if threshold >= 1:
            return np.inf
        true = self.intercept + self.slope * log(threshold / (1 - threshold))
        d = self.distance
        return (true - log(self.prevalence / (1 - self.prevalence)) + d * d / 2) / d
