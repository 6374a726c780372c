"""``bias.balanced_accuracy_gap`` against scikit-learn, and how often it accuses a fair model."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from govern.checks.bias.balanced_accuracy_gap import balanced_accuracy_gap
from govern.scan.outcomes import Classes
from govern.scan.scores import Groups, groups


def _cohort(n: int, seed: int, worse: float = 0.0) -> tuple[Classes, Groups]:
    rng = np.random.default_rng(seed)
    code = rng.choice(3, p=[0.5, 0.3, 0.2], size=n)
    true = rng.choice(3, p=[0.5, 0.3, 0.2], size=n)
    right = rng.random(n) < 0.8 - worse * (code == 2)
    predicted = np.where(right, true, (true + 1) % 3)
    return Classes(names=("x", "y", "z"), true=true, predicted=predicted), groups("race", np.array(list("abc"))[code])


def test_a_gap_is_the_difference_of_sklearns_balanced_accuracies():
    rows, by = _cohort(900, 1, worse=0.3)
    for i, found in enumerate(balanced_accuracy_gap(rows, by)):
        group, rest = (
            balanced_accuracy_score(rows.true[side], rows.predicted[side]) for side in (by.codes == i, by.codes != i)
        )
        assert found.estimate == pytest.approx(abs(group - rest), abs=1e-14)
        assert found.details["signed_difference"] == pytest.approx(group - rest, abs=1e-14)
        assert found.events is None


def test_a_fair_model_is_not_accused_and_a_worse_group_is_found():
    fair = [balanced_accuracy_gap(*_cohort(600, seed)) for seed in range(150)]
    assert np.mean([any((m.lower or 0) > 0 for m in found) for found in fair]) <= 0.07
    assert balanced_accuracy_gap(*_cohort(3000, 1, worse=0.3))[2].lower > 0.15


def test_intervals_cover_the_true_gap():
    found = [balanced_accuracy_gap(*_cohort(900, seed, worse=0.2))[2] for seed in range(150)]
    assert np.mean([m.lower <= 0.2 <= m.upper for m in found]) >= 0.93


def test_a_class_that_is_rare_in_the_group_gives_no_verdict():
    rows, by = _cohort(120, 2)
    assert {m.estimate for m in balanced_accuracy_gap(rows, by)} == {None}
    kept = rows.where((by.codes != 2) | (rows.true != 2))
    rest = groups("race", np.array(by.names)[by.codes][(by.codes != 2) | (rows.true != 2)])
    assert balanced_accuracy_gap(kept, rest)[2].support == 0
