"""``performance.alert_burden``: alarms per hundred, and what they are worth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from govern.checks.performance.alert_burden import alert_burden
from govern.checks.performance.ppv import ppv
from govern.scan.scores import Scores

#: FDA's draft guidance on AI-enabled device software functions, appendix F.
FDA = Scores(
    label=np.array([1, 1, 0, 0], dtype=np.int8),
    score=np.array([0.9, 0.1, 0.9, 0.1]),
    weight=np.array([4200, 800, 3400, 16600]),
)


def test_fda_appendix_f_in_natural_frequencies():
    found = alert_burden(FDA)
    assert found.estimate == pytest.approx(30.4, abs=1e-12)
    assert found.details["per_1000"] == {
        "flagged_with_event": 168,
        "flagged_without_event": 136,
        "missed": 32,
        "left_in_peace": 664,
    }
    assert (found.n, found.support, found.events, found.details["flagged"]) == (25000, 25000, 5000, 7600)


def test_interval_is_wilsons_in_the_unit_asked_for():
    expected = binomtest(7600, 25000).proportion_ci(method="wilson")
    for per in (1, 100, 1000):
        found = alert_burden(FDA, per=per)
        assert (found.lower, found.upper) == pytest.approx((per * expected.low, per * expected.high), abs=1e-9)


def test_number_needed_to_evaluate_is_the_inverse_of_the_ppv():
    needed, value = alert_burden(FDA).details["number_needed_to_evaluate"], ppv(FDA)
    assert needed["estimate"] == pytest.approx(7600 / 4200, rel=1e-14)
    assert (needed["lower"], needed["upper"]) == (1 / value.upper, 1 / value.lower)


def test_no_alarm_is_an_upper_limit_and_no_number_to_evaluate():
    quiet = Scores(label=np.tile([0, 1], 50).astype(np.int8), score=np.full(100, 0.2))
    found = alert_burden(quiet)
    assert (found.estimate, found.lower) == (0, 0)
    assert found.upper == pytest.approx(3.7, abs=0.05)
    assert set(found.details["number_needed_to_evaluate"].values()) == {None}


def test_alarms_that_are_all_false_have_no_finite_number_to_evaluate():
    false = Scores(label=np.zeros(10, dtype=np.int8), score=np.full(10, 0.9))
    needed = alert_burden(false).details["number_needed_to_evaluate"]
    assert (needed["estimate"], needed["upper"]) == (None, None)
    assert needed["lower"] > 1
