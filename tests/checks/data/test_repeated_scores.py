from __future__ import annotations

import numpy as np
import pytest

from govern.checks.data.repeated_scores import repeated_scores
from govern.scan.reduce import reduce
from govern.scan.scores import Scores
from govern.stats.proportion import wilson

N, M = 2000, 1500


def risks(n, seed):
    return 1 / (1 + np.exp(-np.random.default_rng(seed).normal(-0.5, 1, n)))


def rows(score, **more):
    label = (np.random.default_rng(9).random(len(score)) < score).astype(np.int8)
    return Scores(label=label, score=score, **more)


def spoilt(score, value, every=20):
    return np.where(np.arange(len(score)) % every == 0, value, score)


def test_a_plateau_is_found_and_counted():
    found = repeated_scores(rows(spoilt(risks(N, 0), 0.5)), risks(M, 1))
    assert found.estimate == pytest.approx(100 / N)
    assert (found.lower, found.upper) == pytest.approx(wilson(100, N), abs=1e-12)
    assert found.details["scores"] == [{"score": 0.5, "test": 100, "reference": 0}]
    assert "100 of 2,000 rows have the score 0.5" in found.message


def test_honest_scores_are_not_blamed():
    found = repeated_scores(rows(risks(N, 0)), risks(M, 1))
    assert (found.estimate, found.sufficient) == (0, True)
    assert found.upper == pytest.approx(wilson(0, N)[1], abs=1e-12)


@pytest.mark.parametrize("digits", [1, 2, 3])
@pytest.mark.parametrize("both", [True, False])
def test_rounding_is_no_plateau(digits, both):
    reference = risks(M, 1)
    assert (
        repeated_scores(rows(risks(N, 0).round(digits)), reference.round(digits) if both else reference).estimate == 0
    )


def test_a_plateau_beside_rounded_scores_is_found():
    found = repeated_scores(rows(spoilt(risks(N, 0).round(2), 0.9)), risks(M, 1).round(2))
    assert found.estimate > 0.045


def test_the_steps_of_a_tree_or_of_a_calibration_map_are_honest():
    """Few values, of very different frequency, the same in both datasets."""
    steps = np.array([0.03, 0.04, 0.2, 0.21, 0.6, 0.97])
    rng = np.random.default_rng(2)
    share = [0.3, 0.02, 0.2, 0.2, 0.25, 0.03]
    for seed in range(20):
        test, reference = (rng.choice(steps, n, p=share) for n in (N, M))
        assert repeated_scores(rows(test), reference).estimate == 0, seed
    # Scores that were cut off at both ends, as the model always does it.
    cut = repeated_scores(rows(risks(N, 0).clip(0.2, 0.6)), risks(M, 1).clip(0.2, 0.6))
    assert cut.estimate == 0


def test_cells_give_what_rows_give():
    score = spoilt(risks(140_000, 0), 0.5)
    whole = rows(score)
    cells = reduce(whole)
    assert cells.weight is not None
    assert repeated_scores(cells, risks(M, 1)).estimate == pytest.approx(0.05, abs=1e-3)
    assert repeated_scores(whole, risks(M, 1)).estimate == pytest.approx(0.05, abs=1e-12)
    assert repeated_scores(reduce(rows(risks(140_000, 0))), risks(M, 1)).estimate == 0


def test_weights_are_rows():
    score = np.round(risks(300, 0), 2)
    weight = np.random.default_rng(4).integers(1, 9, 300)
    label = (score > 0.4).astype(np.int8)
    weighted = repeated_scores(Scores(label=label, score=score, weight=weight), risks(M, 1))
    repeated = repeated_scores(Scores(label=np.repeat(label, weight), score=np.repeat(score, weight)), risks(M, 1))
    assert weighted == repeated


def test_patients_who_repeat_count_less():
    score = spoilt(risks(N, 0), 0.5)
    alone, often = repeated_scores(rows(score), risks(M, 1)), rows(score, patient=np.arange(N) // 5)
    clustered = repeated_scores(often, risks(M, 1))
    assert clustered.support == N // 5
    assert clustered.upper > alone.upper


def test_too_small_and_nothing():
    small = repeated_scores(rows(risks(N, 0)), risks(20, 1))
    assert not small.sufficient
    assert "a reference of this size" in small.message
    assert repeated_scores(rows(risks(N, 0)), np.empty(0)).estimate is None
    assert repeated_scores(rows(np.empty(0)), risks(9, 0)).estimate is None


def test_honest_scores_are_rarely_blamed():
    """Held to 1 in 100; here of 200, at three kinds of rounding, no more than 7 (99.9 % quantile)."""
    rng = np.random.default_rng(6)
    wrong = 0
    for i in range(200):
        test, reference = (np.round(rng.beta(1, 3, n), (2, 3, 12)[i % 3]) for n in (800, 500))
        wrong += repeated_scores(rows(test), reference).estimate > 0
    assert wrong <= 7
