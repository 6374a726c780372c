"""``performance.ppv``: the rows it looks at (its intervals are compared in ``test_sensitivity``)."""

from __future__ import annotations

import numpy as np

from govern.checks.performance.ppv import ppv
from govern.scan.scores import Scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def test_counts():
    found = ppv(_scores([1, 1, 0, 0, 0], [0.9, 0.1, 0.5, 0.9, 0.1]))
    assert found.estimate == 1 / 3
    assert (found.n, found.events, found.support) == (3, 2, 3)


def test_nothing_flagged_gives_no_estimate():
    found = ppv(_scores([1, 0], [0.2, 0.1]), threshold=0.7)
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert "flagged at 0.7" in found.message


def test_equals_sklearn_precision():
    from sklearn.metrics import precision_score

    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.random(200)
    assert ppv(_scores(label, score), threshold=0.4).estimate == precision_score(label, score >= 0.4)


def test_support_counts_flagged_patients():
    cohort = _scores([1, 1, 0, 0], [0.9, 0.8, 0.7, 0.1], np.array([0, 0, 1, 1]))
    assert (ppv(cohort).n, ppv(cohort).support) == (3, 2)
