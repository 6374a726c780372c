"""``performance.negative_agreement`` against FDA's worked example, in the words of agreement."""

from __future__ import annotations

import numpy as np
import pytest

from govern.checks import catalogue
from govern.checks.performance.negative_agreement import negative_agreement
from govern.checks.performance.specificity import specificity
from govern.scan.scores import Scores


def _scores(label, score, weight=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), weight=weight)


def test_fda_2007():
    # the worked example of its tables: 44 of 51 and 168 of 169
    cohort = _scores([1, 1, 0, 0], [0.9, 0.1, 0.9, 0.1], np.array([44, 7, 1, 168]))
    found = negative_agreement(cohort)
    assert tuple(round(100 * v, 1) for v in (found.lower, found.estimate, found.upper)) == (96.7, 99.4, 99.9)
    assert (found.n, found.support, found.events) == (169, 169, 51)
    assert negative_agreement(cohort, interval="clopper-pearson").upper > found.upper


def test_is_the_arithmetic_of_specificity():
    rng = np.random.default_rng(0)
    cohort = _scores(rng.integers(0, 2, 200), rng.random(200))
    assert negative_agreement(cohort, threshold=0.3) == specificity(cohort, threshold=0.3)


def test_the_words_are_those_of_agreement():
    doc = catalogue.load("performance.negative_agreement").doc
    assert "percent agreement" in doc["title"]
    assert "reference standard" in doc["why"]
    found = negative_agreement(_scores([1, 1], [0.1, 0.9]))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert "negatives of the comparator" in found.message


@pytest.mark.parametrize("threshold", [0.5, 0.50001])
def test_a_score_at_the_threshold_is_flagged(threshold):
    flagged = threshold == 0.5
    assert negative_agreement(_scores([1, 0], [0.5, 0.5]), threshold=threshold).estimate == (not flagged)
