"""Balanced accuracy and weighted kappa against scikit-learn, statsmodels and a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix, recall_score
from statsmodels.stats.inter_rater import cohens_kappa

from govern.stats.agreement import (
    confusion,
    mean_of_proportions,
    quadratic_kappa,
    rarest,
    recall_correlation,
    recalls,
)
from govern.stats.proportion import newcombe, wilson

#: Two neurologists on multiple sclerosis, 149 patients: Landis and Koch, Biometrics 1977;33:159, table 1.
WINNIPEG = np.array([[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]])


def _rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = np.divmod(np.repeat(np.arange(table.size), table.ravel()), len(table))
    return true, predicted


def _random(n: int, seed: int, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    return true, np.clip(true + rng.integers(-1, 2, n), 0, k - 1)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_equals_sklearn_and_its_error_that_of_fleiss_cohen_and_everitt_in_statsmodels(seed):
    true, predicted = _random(120, seed)
    found = quadratic_kappa(true, predicted, 4)
    assert found.estimate == pytest.approx(cohen_kappa_score(true, predicted, weights="quadratic"), abs=1e-13)
    theirs = cohens_kappa(confusion_matrix(true, predicted), wt="quadratic")
    assert found.estimate == pytest.approx(theirs.kappa, abs=1e-13)
    assert np.sqrt(found.influence @ found.influence) / 120 == pytest.approx(theirs.std_kappa, rel=1e-12)
    assert found.influence.mean() == pytest.approx(0, abs=1e-13)


def test_kappa_of_the_neurologists():
    true, predicted = _rows(WINNIPEG)
    assert (confusion(true, predicted, 4) == WINNIPEG).all()
    found = quadratic_kappa(true, predicted, 4)
    theirs = cohens_kappa(WINNIPEG, wt="quadratic")
    assert found.estimate == pytest.approx(theirs.kappa, abs=1e-13)
    assert np.sqrt(found.influence @ found.influence) / 149 == pytest.approx(theirs.std_kappa, rel=1e-12)


def test_kappa_of_two_classes_does_not_depend_on_weights_and_of_one_class_does_not_exist():
    true, predicted = _random(60, 9, k=2)
    assert quadratic_kappa(true, predicted, 2).estimate == pytest.approx(cohen_kappa_score(true, predicted), abs=1e-13)
    assert quadratic_kappa(np.ones(5, dtype=int), np.ones(5, dtype=int), 3) is None
    assert quadratic_kappa(true, true, 2).estimate == 1


def test_recalls_equal_sklearn_with_wilsons_limits():
    true, predicted = _random(200, 3)
    found = recalls(true, predicted, 4)
    assert [r.estimate for r in found] == pytest.approx(recall_score(true, predicted, average=None), abs=1e-15)
    for c, r in enumerate(found):
        assert (r.lower, r.upper) == wilson(int(((true == c) & (predicted == c)).sum()), int((true == c).sum()))
    assert rarest(true, 4) == min(np.bincount(true))
    assert rarest(np.array([0, 0, 0, 1, 1]), 2, np.array([0, 0, 0, 1, 2])) == 1


def test_the_mean_of_two_recalls_has_newcombes_interval():
    # mean of sensitivity and specificity = (1 + Youden's J) / 2, and J = sensitivity - (1 - specificity)
    true = np.repeat([0, 1], [80, 30])
    predicted = np.concatenate([np.repeat([0, 1], [60, 20]), np.repeat([1, 0], [27, 3])])
    found = recalls(true, predicted, 2)
    lower, upper = newcombe(27, 30, 20, 80)
    assert mean_of_proportions(found, np.eye(2)) == pytest.approx(((1 + lower) / 2, (1 + upper) / 2), abs=1e-14)


def test_in_large_samples_the_interval_is_the_bootstraps():
    table = np.array([[700, 200, 100], [90, 300, 10], [5, 15, 180]])
    true, predicted = _rows(table)
    lower, upper = mean_of_proportions(recalls(true, predicted, 3), np.eye(3))
    n = table.sum()
    drawn = np.random.default_rng(1).multinomial(n, table.ravel() / n, size=20_000).reshape(-1, 3, 3)
    means = (drawn[:, range(3), range(3)] / drawn.sum(axis=2)).mean(axis=1)
    # within a twentieth of the width: Wilson's limits lie a little nearer to a half than quantiles do
    assert np.quantile(means, [0.025, 0.975]) == pytest.approx([lower, upper], abs=(upper - lower) / 20)


def test_a_class_that_is_all_right_still_has_uncertainty():
    true = np.repeat([0, 1], [200, 4])
    lower, upper = mean_of_proportions(recalls(true, true, 2), np.eye(2))
    assert upper == 1
    assert lower < 0.8


def test_patients_make_recalls_dependent():
    rng = np.random.default_rng(4)
    good = rng.random(300) < 0.5  # a patient whose rows are all right, in either class
    patient = np.repeat(np.arange(300), 2)
    true = np.tile([0, 1], 300)
    predicted = np.where(np.repeat(good, 2), true, 1 - true)
    found = recalls(true, predicted, 2, patient)
    hit = true == predicted
    correlation = recall_correlation(true, hit, found, patient)
    assert correlation == pytest.approx(np.ones((2, 2)), abs=1e-12)
    assert recall_correlation(true, hit, found, None).tolist() == np.eye(2).tolist()
    lower, upper = mean_of_proportions(found, correlation)
    share = good.mean()
    assert (lower, upper) == pytest.approx(wilson(share * 300, 300), abs=1e-3)
