"""``performance.quadratic_kappa`` against scikit-learn and statsmodels, on real patients and under simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from statsmodels.stats.inter_rater import cohens_kappa

from govern.checks.performance.quadratic_kappa import quadratic_kappa
from govern.errors import InputError
from govern.scan.outcomes import Classes
from govern.scan.validate import classes

BANDS = ["low", "middle", "high", "very high"]


def _classes(true, predicted, k=4, patient=None) -> Classes:
    return Classes(
        names=tuple("abcdefgh"[:k]),
        true=np.asarray(true, dtype=int),
        predicted=np.asarray(predicted, dtype=int),
        patient=patient,
        ordered=True,
    )


def _cohort(n: int, seed: int) -> Classes:
    rng = np.random.default_rng(seed)
    severity, cuts = rng.normal(size=n), [-0.5, 0.5, 1.2]
    return _classes(np.searchsorted(cuts, severity), np.searchsorted(cuts, severity + 0.6 * rng.normal(size=n)))


def test_model_and_physicians_of_support2_equal_statsmodels(shared_data: Path):
    table = pd.read_csv(shared_data / "support2" / "support2.csv.gz")
    rows = table.dropna(subset=["model_risk_180d", "physician_risk_180d"])
    bands = [
        np.array(BANDS)[np.searchsorted([0.25, 0.5, 0.75], rows[f"{who}_risk_180d"])] for who in ("physician", "model")
    ]
    found = quadratic_kappa(classes(*bands, names=BANDS))
    counts = confusion_matrix(*bands, labels=BANDS)
    theirs, n = cohens_kappa(counts, wt="quadratic"), len(rows)
    assert found.n == n > 7000
    assert found.estimate == pytest.approx(theirs.kappa, abs=1e-12)
    # Fisher's z by hand from the error of Fleiss, Cohen and Everitt, times n/(n-1)
    half = student_t.ppf(0.975, n - 1) * theirs.std_kappa * np.sqrt(n / (n - 1)) / (1 - theirs.kappa**2)
    z = np.arctanh(theirs.kappa)
    assert (found.lower, found.upper) == pytest.approx(np.tanh([z - half, z + half]), abs=1e-12)


def test_equals_sklearn():
    cohort = _cohort(200, 1)
    found = quadratic_kappa(cohort)
    assert found.estimate == pytest.approx(
        cohen_kappa_score(cohort.true, cohort.predicted, weights="quadratic"), abs=1e-13
    )
    assert found.details["agreement"] == (cohort.true == cohort.predicted).mean()
    counts = np.bincount(cohort.true)
    assert found.support == min(counts.max(), 200 - counts.max())


@pytest.mark.parametrize("n", [40, 200])
def test_interval_covers(n):
    true = quadratic_kappa(_cohort(1_000_000, 0)).estimate
    found = [quadratic_kappa(_cohort(n, seed)) for seed in range(1, 601)]
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.98


def test_repeating_rows_of_patients_changes_nothing():
    cohort = _cohort(100, 2)
    once = quadratic_kappa(cohort)
    again = quadratic_kappa(
        _classes(np.tile(cohort.true, 5), np.tile(cohort.predicted, 5), patient=np.tile(np.arange(100), 5))
    )
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert again.support == once.support
    assert "patient" in again.method


def test_the_order_of_classes_matters_and_must_be_declared():
    label, predicted = ["low", "high", "middle"] * 20, ["low", "middle", "middle"] * 20
    with pytest.raises(InputError, match="order of the classes is not declared: high, low, middle"):
        quadratic_kappa(classes(label, predicted))
    right = quadratic_kappa(classes(label, predicted, names=["low", "middle", "high"]))
    wrong = quadratic_kappa(classes(label, predicted, names=["high", "low", "middle"]))
    assert right.estimate > wrong.estimate + 0.2
    assert quadratic_kappa(classes([1, 2, 3, 3], [1, 2, 3, 2])).estimate > 0


def test_perfect_agreement_gives_no_interval_and_no_verdict():
    found = quadratic_kappa(_classes([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10))
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (1.0, None, None, False)
    assert "no variance" in found.message


@pytest.mark.parametrize("true", [[], [1, 1, 1]])
def test_nothing_to_agree_on_gives_no_estimate(true):
    found = quadratic_kappa(_classes(true, true))
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)
    assert found.message


def test_a_grade_without_rows_is_said():
    found = quadratic_kappa(_classes([0, 1, 2, 0, 1, 2, 2], [0, 1, 2, 1, 1, 2, 1]))
    assert found.sufficient
    assert found.message == "no rows of class d"
