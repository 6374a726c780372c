"""``performance.ppv``: the rows it looks at (its intervals are compared in ``test_sensitivity``)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import relative_risk

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
    assert "at or above 0.7" in found.message


def test_equals_sklearn_precision():
    from sklearn.metrics import precision_score

    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 200), rng.random(200)
    assert ppv(_scores(label, score), threshold=0.4).estimate == precision_score(label, score >= 0.4)


def test_support_counts_flagged_patients():
    cohort = _scores([1, 1, 0, 0], [0.9, 0.8, 0.7, 0.1], np.array([0, 0, 1, 1]))
    assert (ppv(cohort).n, ppv(cohort).support) == (3, 2)


def _table(tp: int, fn: int, fp: int, tn: int) -> Scores:
    return Scores(
        label=np.array([1, 1, 0, 0], dtype=np.int8),
        score=np.array([0.9, 0.1, 0.9, 0.1]),
        weight=np.array([tp, fn, fp, tn]),
    )


def test_fda_appendix_f_ratios():
    details = ppv(_table(4200, 800, 3400, 16600)).details
    ratio, needed = details["likelihood_ratio"], details["number_needed_to_predict"]
    assert round(ratio["estimate"], 2) == 4.94
    expected = relative_risk(4200, 5000, 3400, 20000).confidence_interval()
    assert (ratio["lower"], ratio["upper"]) == pytest.approx(tuple(expected), rel=1e-12)
    assert round(needed["estimate"], 3) == 1.974
    assert needed["estimate"] == pytest.approx(1 / (4200 / 7600 + 16600 / 17400 - 1), rel=1e-14)
    assert 1.9 < needed["lower"] < needed["estimate"] < needed["upper"] < 2.05


def test_enriched_study_is_brought_to_the_intended_prevalence():
    found = ppv(_table(240, 178, 87, 288), prevalence=0.03)
    se, sp = 240 / 418, 288 / 375
    assert found.estimate == pytest.approx(se * 0.03 / (se * 0.03 + (1 - sp) * 0.97), abs=1e-14)
    # Mercaldo, Lau and Zhou 2007: the variance of logit(PPV), equation 10
    centre, sd = np.log(found.estimate / (1 - found.estimate)), np.sqrt((1 - se) / se / 418 + sp / (1 - sp) / 375)
    limits = 1 / (1 + np.exp(-(centre + 1.959963984540054 * np.array([-sd, sd]))))
    assert (found.lower, found.upper) == pytest.approx(tuple(limits), abs=1e-12)
    assert found.details["study"]["estimate"] == 240 / 327
    assert (found.details["prevalence"], found.n, found.support) == (0.03, 793, 375)
    assert "prevalence of 0.03" in found.method


def test_no_false_alarm_is_not_certain_at_another_prevalence():
    found = ppv(_table(40, 10, 0, 150), prevalence=0.01)
    assert found.estimate == found.upper == 1
    assert 0.05 < found.lower < 0.9  # the few non-events do not exclude a false alarm rate of 2 %
    assert found.details["likelihood_ratio"]["estimate"] is None  # infinite
    assert found.details["likelihood_ratio"]["lower"] > 5


def test_a_coin_needs_no_number_to_predict():
    needed = ppv(_table(50, 50, 50, 50)).details["number_needed_to_predict"]
    assert (needed["estimate"], needed["upper"]) == (None, None)
    assert needed["lower"] > 1


def test_prevalence_interval_covers():
    rng, inside = np.random.default_rng(1), 0
    true = 0.8 * 0.05 / (0.8 * 0.05 + 0.1 * 0.95)
    for _ in range(1000):
        tp, fp = rng.binomial(60, 0.8), rng.binomial(100, 0.1)
        found = ppv(_table(tp, 60 - tp, fp, 100 - fp), prevalence=0.05)
        inside += found.lower <= true <= found.upper
    assert 0.93 <= inside / 1000 <= 0.98


def test_copies_of_patients_do_not_narrow_the_interval_at_a_prevalence():
    rng = np.random.default_rng(2)
    score = rng.random(200)
    label = rng.random(200) < score
    once = ppv(_scores(label, score), prevalence=0.1)
    again = ppv(_scores(np.tile(label, 9), np.tile(score, 9), np.tile(np.arange(200), 9)), prevalence=0.1)
    assert again.estimate == pytest.approx(once.estimate, abs=1e-12)
    assert again.lower <= once.lower
    assert again.upper >= once.upper
    assert again.support == once.support
