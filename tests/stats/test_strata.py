from __future__ import annotations

import numpy as np
import pytest

from govern.stats.strata import residuals


def drawn(rng, n=2000, k=4):
    risk = 1 / (1 + np.exp(-rng.normal(-0.5, 1, n)))
    return (rng.random(n) < risk).astype(np.int8), risk, rng.integers(0, k, n)


def test_the_statistic_is_the_score_test_of_statsmodels():
    """GLM's own score test of two covariates, where the null model is an offset."""
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    label, risk, codes = drawn(rng)
    left = residuals(label, risk)
    assert left is not None
    for k in range(4):
        rows = codes == k
        offset = np.log(left.risk[rows] / (1 - left.risk[rows]))
        zero = np.zeros((rows.sum(), 1))
        model = sm.GLM(label[rows], zero + 1, family=sm.families.Binomial(), offset=offset)
        design = np.column_stack([np.ones(rows.sum()), left.risk[rows]])
        full = sm.GLM(label[rows], design, family=sm.families.Binomial(), offset=offset)
        score = full.score(np.zeros(2), scale=1.0)
        statistic = score @ np.linalg.solve(full.information(np.zeros(2), scale=1.0), score)
        assert model.nobs == rows.sum()
        unit = (left.risk[rows] * (1 - left.risk[rows])).sum()
        (found,) = left.strata(codes, np.array([k]), comparisons=1)
        # The estimate is the root of what is above the 2 that chance gives, by the information.
        if statistic - 2 > found.lower**2 * unit:
            assert found.estimate**2 * unit == pytest.approx(statistic - 2, rel=1e-6)
        assert (found.n, found.events) == (rows.sum(), label[rows].sum())
        assert found.expected == pytest.approx(left.risk[rows].sum(), rel=1e-12)


def test_risks_are_recalibrated_on_all_rows():
    rng = np.random.default_rng(2)
    label, risk, _ = drawn(rng)
    odds = np.log(risk / (1 - risk))
    other = residuals(label, 1 / (1 + np.exp(-(0.7 + 2 * odds))))
    left = residuals(label, risk)
    assert left is not None
    assert other is not None
    assert other.risk == pytest.approx(left.risk, abs=1e-9)
    assert left.risk.sum() == pytest.approx(label.sum(), rel=1e-9)


def test_a_shift_is_found_in_its_own_unit():
    rng = np.random.default_rng(3)
    n = 40_000
    odds = rng.normal(-0.5, 1, n)
    codes = rng.integers(0, 20, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-(odds + 0.8 * (codes == 0))))).astype(np.int8)
    left = residuals(label, 1 / (1 + np.exp(-odds)))
    assert left is not None
    found = left.strata(codes, np.arange(20), comparisons=20)
    assert found[0].estimate == pytest.approx(0.76, abs=0.1)  # less what the recalibration of all rows takes
    assert found[0].together > 0.5
    assert max(s.together for s in found[1:]) < 0.15


def test_one_risk_has_no_slope_and_patients_who_repeat_are_worth_less():
    label = np.array([0, 1] * 50, dtype=np.int8)
    score = np.tile([0.3, 0.4, 0.6, 0.7], 25)
    codes = np.where(score == 0.3, 0, 1)
    left = residuals(label, score)
    assert left is not None
    one, more = left.strata(codes, np.array([0, 1]), comparisons=2)
    assert np.isfinite([one.estimate, one.lower, one.upper]).all()
    _, less = left.strata(codes, np.array([0, 1]), comparisons=2, worth=0.25)
    assert less.together <= more.together
    assert less.upper > more.upper


def test_intervals_hold_together_and_cover():
    """Bonferroni's bound of no stratum is above 0 in more than 5 of 100 honest samples (300: 97.5 % quantile 23)."""
    rng = np.random.default_rng(5)
    wrong = covered = 0
    for _ in range(300):
        label, risk, codes = drawn(rng, 1200, 8)
        left = residuals(label, risk)
        assert left is not None
        found = left.strata(codes, np.arange(8), comparisons=8)
        wrong += max(s.together for s in found) > 0
        covered += sum(s.lower <= 0 <= s.upper for s in found)
        assert all(s.together <= s.lower <= s.estimate <= s.upper for s in found)
    assert wrong <= 23
    assert covered / 2400 > 0.94
