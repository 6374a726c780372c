"""``performance.npv`` against scikit-learn, FDA's figures and Bayes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import relative_risk

from govern.checks.performance.npv import npv
from govern.scan.scores import Scores

#: FDA's draft guidance on AI-enabled device software functions, appendix F.
FDA = Scores(
    label=np.array([1, 1, 0, 0], dtype=np.int8),
    score=np.array([0.9, 0.1, 0.9, 0.1]),
    weight=np.array([4200, 800, 3400, 16600]),
)


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def test_fda_appendix_f():
    found = npv(FDA)
    assert (found.n, found.support, found.details["count"]) == (17400, 17400, 16600)
    assert (round(100 * found.lower, 1), round(100 * found.upper, 1)) == (95.1, 95.7)
    assert round(found.details["likelihood_ratio"]["estimate"], 2) == 0.19


def test_equals_sklearn_precision_of_the_negatives():
    from sklearn.metrics import class_likelihood_ratios, precision_score

    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.random(200)
    found = npv(_scores(label, score), threshold=0.4)
    assert found.estimate == precision_score(label, score >= 0.4, pos_label=0)
    ratio = class_likelihood_ratios(label, score >= 0.4)[1]
    assert found.details["likelihood_ratio"]["estimate"] == pytest.approx(ratio, abs=1e-14)


def test_at_the_studys_prevalence_bayes_gives_the_study():
    found = npv(FDA, prevalence=0.2)
    assert found.estimate == pytest.approx(16600 / 17400, abs=1e-14)
    assert found.details["study"]["estimate"] == 16600 / 17400
    assert (found.n, found.support) == (25000, 5000)


def test_declared_prevalence_is_the_logit_interval_of_mercaldo_lau_and_zhou():
    # the paper's first example, the e4 allele of apolipoprotein E and Alzheimer's disease, at 3 %
    cohort = Scores(
        label=np.array([1, 1, 0, 0], dtype=np.int8),
        score=np.array([0.9, 0.1, 0.9, 0.1]),
        weight=np.array([240, 178, 87, 288]),
    )
    found = npv(cohort, prevalence=0.03)
    se, sp = 240 / 418, 288 / 375
    assert found.estimate == pytest.approx(sp * 0.97 / (sp * 0.97 + (1 - se) * 0.03), abs=1e-14)
    # the paper's variance of logit(NPV), equation 11
    centre, sd = np.log(found.estimate / (1 - found.estimate)), np.sqrt(se / (1 - se) / 418 + (1 - sp) / sp / 375)
    limits = 1 / (1 + np.exp(-(centre + 1.959963984540054 * np.array([-sd, sd]))))
    assert (found.lower, found.upper) == pytest.approx(tuple(limits), abs=1e-12)
    ratio = found.details["likelihood_ratio"]
    expected = relative_risk(178, 418, 288, 375).confidence_interval()
    assert (ratio["lower"], ratio["upper"]) == pytest.approx(tuple(expected), rel=1e-12)


def test_no_missed_event_is_not_certain():
    cohort = Scores(
        label=np.array([1, 0, 0], dtype=np.int8), score=np.array([0.9, 0.9, 0.1]), weight=np.array([20, 10, 70])
    )
    found = npv(cohort, prevalence=0.1)
    assert found.estimate == found.upper == 1
    assert 0.9 < found.lower < 0.999


def test_no_row_below_gives_no_estimate():
    for prevalence in (0.0, 0.1):
        found = npv(_scores([1, 0], [0.8, 0.9]), prevalence=prevalence)
        assert (found.estimate, found.sufficient) == (None, False)
        assert "below 0.5" in found.message


def test_one_class_has_no_value_at_another_prevalence():
    found = npv(_scores([0, 0, 0], [0.8, 0.1, 0.2]), prevalence=0.1)
    assert (found.estimate, found.support) == (None, 0)
    assert "one class is missing" in found.message
    assert found.details["study"]["estimate"] == 1
