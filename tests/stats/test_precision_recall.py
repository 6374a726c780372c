"""Average precision, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from govern.stats.precision_recall import average_precision, curve, rank


@pytest.mark.parametrize("levels", [1, 3, 20, 10_000])
def test_equals_sklearn_with_ties_and_weights(levels):
    rng = np.random.default_rng(levels)
    label, score = (rng.random(500) < 0.1).astype(np.int8), rng.integers(0, levels, 500) / levels
    ranking = rank(label, score)
    plain = average_precision(ranking, np.ones((1, 500)))
    assert plain[0] == pytest.approx(average_precision_score(label, score), abs=1e-14)
    weights = rng.integers(0, 3, size=(3, 500)).astype(float)
    found = average_precision(ranking, weights[:, ranking.order])
    expected = [average_precision_score(label, score, sample_weight=w) for w in weights]
    assert found == pytest.approx(expected, abs=1e-14)


def test_curve_equals_sklearn():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.integers(0, 30, 200) / 30
    precision, recall, _ = precision_recall_curve(label, score)
    found = curve(rank(label.astype(np.int8), score))
    assert found[0] == pytest.approx(recall[:-1][::-1], abs=1e-14)
    assert found[1] == pytest.approx(precision[:-1][::-1], abs=1e-14)


def test_a_draw_without_events_has_no_value():
    ranking = rank(np.array([1, 0], dtype=np.int8), np.array([0.9, 0.1]))
    found = average_precision(ranking, np.array([[0.0, 2.0], [1.0, 1.0]]))
    assert np.isnan(found[0])
    assert found[1] == 1.0
