"""Logistic regression on one variable, its slope free or held at 1: to the maximum, however many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from govern.stats.clusters import totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEPS = 200
#: Entries above which Newton starts from the maximum of so many stretches of them.
_COARSE, _STRETCHES, _FEW_STEPS = 4096, 256, 20
#: Newton stops when no coefficient has a mean gradient above this, or when no step is longer.
_GRADIENT = 1e-13
#: Information (in rows) below which a coefficient is not told apart from any other, and the share of
#: the variance of independent rows below which patients show none.
_SINGULAR = 1e-6


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Maximum-likelihood coefficients (the intercept first) and their covariance matrix."""

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Outcomes (0 or 1) and the variable, shape (n,); ``weight`` says how many rows each entry is, ``None`` for one.

    ``slope``: whether the model is a + b x, and not a + x.
    """

    outcome: NDArray[np.float64]
    x: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    slope: bool

    @property
    def n(self) -> float:
        return float(len(self.x) if self.weight is None else self.weight.sum())

    def weighed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values if self.weight is None else values * self.weight

    def logit(self, beta: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.x * beta[1] + beta[0] if self.slope else self.x + beta[0]
        return found

    def likelihood(self, beta: NDArray[np.float64]) -> float:
        eta = self.logit(beta)
        log = self.outcome * eta - np.maximum(eta, 0) - np.log1p(np.exp(-np.abs(eta)))
        return float(self.weighed(log).sum())

    def risk(self, beta: NDArray[np.float64]) -> NDArray[np.float64]:
        eta = self.logit(beta)
        with np.errstate(over="ignore"):  # a risk of 0
            odds = np.exp(np.negative(eta, out=eta), out=eta)
        odds += 1
        return np.divide(1, odds, out=odds)

    def gradient(self, risk: NDArray[np.float64]) -> NDArray[np.float64]:
        residual = self.weighed(self.outcome - risk)
        total = float(residual.sum())
        return np.array([total, float(residual @ self.x)]) if self.slope else np.array([total])

    def information(self, risk: NDArray[np.float64]) -> NDArray[np.float64]:
        each = self.weighed(risk * (1 - risk))
        if not self.slope:
            return np.array([[float(each.sum())]])
        by_x = each * self.x
        cross = float(by_x.sum())
        return np.array([[float(each.sum()), cross], [cross, float(by_x @ self.x)]])

    def coarse(self) -> _Rows:
        """Return the means of stretches of ``x``, which ascends, events and others apart: nearly the same maximum."""
        x = self.x
        starts = np.append(0, np.searchsorted(x, np.linspace(x[0], x[-1], _STRETCHES + 1)[1:-1]))
        starts = starts[np.append(True, starts[1:] > starts[:-1])]
        events = self.weighed(self.outcome)
        others = self.weighed(1 - self.outcome)
        mass = np.concatenate([np.add.reduceat(of, starts) for of in (others, events)])
        sums = np.concatenate([np.add.reduceat(of * x, starts) for of in (others, events)])
        held = mass > 0
        return _Rows(
            outcome=np.repeat([0.0, 1.0], len(starts))[held],
            x=sums[held] / mass[held],
            weight=mass[held],
            slope=self.slope,
        )


def fit(
    label: NDArray[np.int8],
    x: NDArray[np.float64],
    starts: Sequence[Sequence[float]],
    patient: NDArray[np.int64] | None = None,
    weight: NDArray[np.int64] | None = None,
) -> Fit | None:
    """Fit logit P(event) = a + b x where the ``starts`` hold two coefficients, or a + x where they hold one.

    Newton's method (IRLS) from the likeliest of the starts; a step is halved until the gradient falls, which it does
    along Newton's direction, the log-likelihood being concave. Many rows whose ``x`` ascend start from where a few
    stretches of them lead, which is next to it. The covariance is the inverse information; where patients repeat
    (codes 0..k-1) it is the sandwich over patients, times k/(k-1). ``None`` without a maximum, or a covariance.
    """
    rows = _Rows(
        outcome=label.astype(np.float64),
        x=x,
        weight=None if weight is None else weight.astype(np.float64),
        slope=len(starts[0]) == 2,
    )
    tried = [np.array(start, dtype=np.float64) for start in starts]
    if len(x) > _COARSE and bool((x[:-1] <= x[1:]).all()):
        near, _, found = _maximum(rows.coarse(), tried, _FEW_STEPS)
        tried = [near] if found else tried
    beta, risk, found = _maximum(rows, tried, _STEPS)
    covariance = _covariance(rows, risk, patient) if found else None
    return None if covariance is None else Fit(coefficients=beta, covariance=covariance)


def _maximum(
    rows: _Rows, starts: Sequence[NDArray[np.float64]], steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Return the coefficients that were reached, the risks there, and whether they are the maximum."""
    beta = starts[0] if len(starts) == 1 else max(starts, key=rows.likelihood)
    enough = _GRADIENT * rows.n
    risk = rows.risk(beta)
    gradient = rows.gradient(risk)
    for _ in range(steps):
        size = float(np.abs(gradient).max())
        if size <= enough:
            return beta, risk, True
        step = np.linalg.lstsq(rows.information(risk), gradient)[0]
        while True:
            risk = rows.risk(beta + step)
            gradient = rows.gradient(risk)
            if float(np.abs(gradient).max()) < size:
                break
            if float(np.abs(step).max()) <= _GRADIENT:
                return beta, risk, False
            step = step / 2
        beta = beta + step
    return beta, risk, False


def _covariance(
    rows: _Rows, risk: NDArray[np.float64], patient: NDArray[np.int64] | None
) -> NDArray[np.float64] | None:
    """Return the inverse information, or the sandwich over patients; ``None`` where either is singular."""
    information = rows.information(risk)
    if np.linalg.eigvalsh(information)[0] <= _SINGULAR:
        return None
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    if patient is None:
        return inverse
    residual = rows.outcome - risk
    by_patient = np.column_stack([totals(of, patient) for of in ([residual, residual * rows.x][: len(inverse)])])
    k = len(by_patient)
    sandwich = inverse @ (by_patient.T @ by_patient) @ inverse * (k / (k - 1))
    return None if (np.diag(sandwich) <= _SINGULAR * np.diag(inverse)).any() else sandwich
