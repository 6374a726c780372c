"""``performance.balanced_accuracy`` against scikit-learn, on real patients and under simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from govern.checks.performance.balanced_accuracy import balanced_accuracy
from govern.scan.outcomes import Classes
from govern.scan.validate import classes


def _classes(true, predicted, k=3, patient=None) -> Classes:
    names = tuple("abcdefgh"[:k])
    return Classes(
        names=names, true=np.asarray(true, dtype=int), predicted=np.asarray(predicted, dtype=int), patient=patient
    )


def _cohort(n: int, seed: int) -> Classes:
    rng = np.random.default_rng(seed)
    true = rng.choice(3, p=[0.7, 0.2, 0.1], size=n)
    return _classes(true, np.where(rng.random(n) < 0.75, true, rng.integers(0, 3, n)))


def test_equals_sklearn():
    cohort = _cohort(300, 1)
    found = balanced_accuracy(cohort)
    assert found.estimate == pytest.approx(balanced_accuracy_score(cohort.true, cohort.predicted), abs=1e-15)
    assert (found.details["confusion"] == confusion_matrix(cohort.true, cohort.predicted)).all()
    assert found.support == min(np.bincount(cohort.true))
    assert [r["class"] for r in found.details["recalls"]] == ["a", "b", "c"]


def test_names_and_words_make_no_difference():
    true = load_wine().target
    predicted = np.roll(true, 20)
    words = np.array(["barolo", "grignolino", "barbera"])
    found = balanced_accuracy(classes(words[true], words[predicted]))
    assert found.estimate == pytest.approx(balanced_accuracy_score(true, predicted), abs=1e-15)
    assert {r["class"]: r["n"] for r in found.details["recalls"]} == {"barolo": 59, "grignolino": 71, "barbera": 48}


@pytest.mark.parametrize("n", [60, 300])
def test_interval_covers(n):
    true = 0.75 + 0.25 / 3
    found = [m for m in (balanced_accuracy(_cohort(n, seed)) for seed in range(600)) if m.estimate is not None]
    assert len(found) > 590
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.985
    assert np.mean([m.lower > true for m in found]) <= 0.035


def test_interval_covers_where_patients_repeat():
    covered = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(100), 4)
        good = rng.beta(3, 1, size=100)  # mean 0.75
        true = rng.integers(0, 2, 400)
        predicted = np.where(rng.random(400) < good[patient], true, 1 - true)
        found = balanced_accuracy(_classes(true, predicted, 2, patient))
        covered.append(found.lower <= 0.75 <= found.upper)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_repeating_rows_of_patients_does_not_narrow_the_interval():
    cohort = _cohort(150, 2)
    once = balanced_accuracy(cohort)
    again = balanced_accuracy(
        _classes(np.tile(cohort.true, 5), np.tile(cohort.predicted, 5), patient=np.tile(np.arange(150), 5))
    )
    assert again.estimate == pytest.approx(once.estimate)
    assert again.upper - again.lower >= once.upper - once.lower
    assert again.support == once.support
    assert "patient" in again.method


def test_a_constant_answer_gets_one_over_the_classes():
    found = balanced_accuracy(_classes([0] * 90 + [1] * 6 + [2] * 4, [0] * 100))
    assert found.estimate == pytest.approx(1 / 3)
    assert found.details["accuracy"] == 0.9


def test_a_perfect_rare_class_leaves_uncertainty():
    found = balanced_accuracy(_classes([0] * 97 + [1, 1, 2], [0] * 97 + [1, 1, 2]))
    assert (found.estimate, found.upper, found.support) == (1.0, 1.0, 1)
    assert found.lower < 0.8


def test_a_class_without_rows_gives_no_estimate():
    found = balanced_accuracy(_classes([0, 0, 1], [0, 2, 1]))
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)
    assert found.message == "no rows of class c among 3"
    assert balanced_accuracy(_classes([], [])).estimate is None
