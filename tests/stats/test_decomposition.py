"""The parts of the Brier score against scikit-learn, the formulas of R's SpecsVerification, and what is true."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from govern.stats.calibration import equal_mass
from govern.stats.decomposition import decomposition


def _cohort(n: int, seed: int, stretch: float = 1.0, levels: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    if levels:
        eta = np.round(eta * levels) / levels
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8), 1 / (1 + np.exp(-eta * stretch))


def test_parts_equal_sklearn_and_add_up_to_the_brier_score():
    label, score = _cohort(1000, 1, stretch=1.5)
    found = decomposition(label, score, equal_mass(score, 10))
    rate, mean = calibration_curve(label, score, n_bins=10, strategy="quantile")
    assert found.reliability == pytest.approx(((rate - mean) ** 2).mean(), abs=1e-14)
    assert found.resolution == pytest.approx(((rate - label.mean()) ** 2).mean(), abs=1e-14)
    assert found.uncertainty == pytest.approx(label.var(), abs=1e-14)
    total = found.reliability - found.resolution + found.uncertainty + found.within
    assert total == pytest.approx(brier_score_loss(label, score), abs=1e-14)
    assert found.within != 0


def test_nothing_is_left_within_bins_of_one_score():
    label, score = _cohort(2000, 2, levels=1)
    found = decomposition(label, score, np.unique(score, return_inverse=True)[1])
    assert found.within == pytest.approx(0, abs=1e-14)


def test_correction_is_that_of_specs_verification():
    # BrierDecomp.R: rel - 1/n sum(B (A - B) / (A (A - 1))), A rows and B events of each bin, A > 1
    label, score = _cohort(205, 3)
    bin_of = np.append(equal_mass(score[:-1], 7), 7)  # the last bin has one row
    found = decomposition(label, score, bin_of)
    a, b = np.bincount(bin_of), np.bincount(bin_of, weights=label)
    assert a[-1] == 1
    assert found.excess == pytest.approx((b * (a - b) / (a * np.maximum(a - 1, 1)))[a > 1].sum() / 205, abs=1e-15)


def test_correction_makes_reliability_unbiased():
    def parts(n, seed):
        label, score = _cohort(n, seed, stretch=1.3, levels=1)
        return decomposition(label, score, np.unique(score, return_inverse=True)[1])

    large = parts(1_000_000, 0)
    small = [parts(150, seed) for seed in range(1, 1500)]
    corrected = np.array([p.reliability - p.excess for p in small])
    error = corrected.std() / np.sqrt(len(small))
    assert corrected.mean() == pytest.approx(large.reliability - large.excess, abs=3 * error + 2e-4)
    assert np.mean([p.reliability for p in small]) > large.reliability + 10 * error


def test_excess_of_patients_does_not_shrink_with_their_rows():
    label, score = _cohort(300, 4)
    once = decomposition(label, score, equal_mass(score, 5))
    label, score, patient = np.tile(label, 4), np.tile(score, 4), np.tile(np.arange(300), 4)
    again = decomposition(label, score, equal_mass(score, 5), patient)
    assert again.excess == pytest.approx(once.excess, abs=1e-14)
    assert decomposition(label, score, equal_mass(score, 5)).excess < once.excess / 3
