"""``performance.specificity``: the rows it looks at (its intervals are compared in ``test_sensitivity``)."""

from __future__ import annotations

import numpy as np

from govern.checks.performance.specificity import specificity
from govern.scan.scores import Scores


def _scores(label, score) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float))


def test_counts():
    found = specificity(_scores([1, 1, 0, 0, 0], [0.9, 0.1, 0.5, 0.9, 0.1]))
    assert found.estimate == 1 / 3
    assert (found.n, found.events, found.support) == (3, 2, 3)


def test_only_events_give_no_estimate():
    found = specificity(_scores([1, 1], [0.9, 0.1]))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert "without the event" in found.message


def test_equals_sklearn_recall_of_the_negatives():
    from sklearn.metrics import recall_score

    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.random(200)
    expected = recall_score(label, score >= 0.4, pos_label=0)
    assert specificity(_scores(label, score), threshold=0.4).estimate == expected
