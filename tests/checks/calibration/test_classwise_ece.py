"""``calibration.classwise_ece`` against scikit-learn's calibration curves, and what its interval may claim."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from govern.checks.calibration.classwise_ece import classwise_ece
from govern.checks.calibration.ece import ece
from govern.errors import UnavailableError
from govern.scan.outcomes import Classes
from govern.scan.scores import Scores


def _classes(true, probability, patient=None) -> Classes:
    probability = np.asarray(probability, dtype=float)
    return Classes(
        names=tuple("abcdefgh"[: probability.shape[1]]),
        true=np.asarray(true, dtype=int),
        predicted=probability.argmax(axis=1),
        probability=probability,
        patient=patient,
    )


def _cohort(n: int, seed: int, sharpen: float = 1.0) -> Classes:
    """True probabilities; with ``sharpen`` above 1 the model states more extreme ones."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([2.0, 1.5, 1.0], size=n)
    true = (rng.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    stated = chances**sharpen
    return _classes(true, stated / stated.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("bins", [5, 10])
def test_equals_sklearns_curves_of_each_class(bins):
    cohort = _cohort(1000, 1, sharpen=1.5)
    errors = []
    for c in range(3):
        observed, predicted = calibration_curve(
            cohort.true == c, cohort.probability[:, c], n_bins=bins, strategy="quantile"
        )
        errors.append(np.abs(observed - predicted).mean())
    found = classwise_ece(cohort, 1, bins=bins)
    assert found.estimate == pytest.approx(np.mean(errors), abs=1e-12)
    assert list(found.details["by_class"].values()) == pytest.approx(errors, abs=1e-12)
    assert found.support == min(np.bincount(cohort.true))


def test_of_two_classes_it_is_the_binary_one():
    cohort = _cohort(600, 2, sharpen=2)
    risk = cohort.probability[:, 0]
    two = _classes(cohort.true != 0, np.column_stack([risk, 1 - risk]))
    binary = ece(Scores(label=(cohort.true == 0).astype(np.int8), score=risk), 3)
    found = classwise_ece(two, 3)
    assert found.estimate == pytest.approx(binary.estimate, abs=1e-12)
    # the draws are others: two classes have twice the bins
    assert (found.lower, found.upper) == pytest.approx((binary.lower, binary.upper), abs=0.01)


def test_real_wines_are_measured():
    x, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    found = classwise_ece(_classes(y, cross_val_predict(model, x, y, cv=5, method="predict_proba")), 1)
    assert found.sufficient
    assert 0 <= found.lower <= found.estimate <= found.upper < 0.1


def test_a_calibrated_model_is_not_accused():
    measured = [classwise_ece(_cohort(600, seed), seed) for seed in range(60)]
    assert np.mean([m.lower == 0 for m in measured]) >= 0.94
    assert np.mean([m.estimate for m in measured]) == pytest.approx(
        np.mean([m.details["expected_if_calibrated"] for m in measured]), rel=0.1
    )


def test_interval_covers_an_overconfident_model():
    true = classwise_ece(_cohort(300_000, 0, sharpen=2.0), 0).estimate
    measured = [classwise_ece(_cohort(800, seed, sharpen=2.0), seed) for seed in range(1, 61)]
    assert np.mean([m.upper >= true for m in measured]) >= 0.94
    assert np.mean([m.lower <= true <= m.upper for m in measured]) >= 0.9
    assert all(m.lower > 0 for m in measured)


def test_equal_seeds_give_equal_intervals():
    assert classwise_ece(_cohort(300, 5), 7) == classwise_ece(_cohort(300, 5), 7)


def test_repeating_rows_of_patients_changes_nothing():
    cohort = _cohort(300, 4, sharpen=2.0)
    once = classwise_ece(cohort, 1)
    patient = np.tile(np.arange(300), 4)
    again = classwise_ece(_classes(np.tile(cohort.true, 4), np.tile(cohort.probability, (4, 1)), patient), 1)
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert (again.n, again.support) == (1200, once.support)
    assert "patients" in again.method


def test_without_probabilities_it_is_not_available():
    with pytest.raises(UnavailableError, match="no probabilities"):
        classwise_ece(Classes(names=("a", "b"), true=np.array([0, 1]), predicted=np.array([0, 1])), 1)


def test_a_class_without_rows_gives_no_estimate():
    found = classwise_ece(_classes([0, 1, 1], np.full((3, 3), 1 / 3)), 1)
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)
    assert "no rows of class c" in found.message
    assert classwise_ece(_cohort(50, 1).where(np.zeros(50, dtype=bool)), 1).estimate is None


def test_no_variation_gives_no_interval():
    found = classwise_ece(_classes([0, 1] * 20, np.tile(np.eye(2), (20, 1))), 1)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (0.0, None, None, False)
