"""``performance.repeatability`` against Bland and Altman's peak flow meters and the chi-square distribution."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import chi2

from govern.checks.performance.repeatability import repeatability
from govern.scan.scores import Scores

#: Two readings of 17 people by a Wright and by a mini Wright meter, l/min (Lancet 1986;i:307, table 1).
WRIGHT = [
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
    [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421],
]
MINI = [
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451],
    [525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443],
]


def _scores(score, patient) -> Scores:
    score = np.ravel(score).astype(float)
    patient = None if patient is None else np.ravel(patient).astype(np.int64)
    return Scores(label=np.zeros(len(score), dtype=np.int8), score=score, patient=patient)


@pytest.mark.parametrize(("readings", "printed"), [(WRIGHT, 21.6), (MINI, 28.2)])
def test_peak_flow_meters(readings, printed):
    found = repeatability(_scores(np.array(readings) / 1000, [range(17)] * 2))
    # the paper prints the standard deviation of the differences of two readings, and two of them
    assert 1000 * sqrt(2) * found.estimate == pytest.approx(printed, abs=0.06)
    assert 1000 * found.details["repeatability_coefficient"] == pytest.approx(1.96 * printed, abs=0.12)
    squares = found.estimate**2 * 17
    expected = sqrt(squares / chi2.ppf(0.975, 17)), sqrt(squares / chi2.ppf(0.025, 17))
    assert (found.lower, found.upper) == pytest.approx(expected, rel=1e-12)
    assert (found.n, found.support, found.details["degrees_of_freedom"]) == (34, 17, 17)


def test_relative_is_the_coefficient_of_variation():
    cohort = _scores(np.array(WRIGHT) / 1000, [range(17)] * 2)
    plain, relative = repeatability(cohort), repeatability(cohort, relative=True)
    assert relative.estimate == pytest.approx(100 * plain.estimate / np.mean(WRIGHT) * 1000, rel=1e-12)
    assert relative.lower / relative.estimate == pytest.approx(plain.lower / plain.estimate, rel=1e-12)
    assert plain.details["cv_percent"] == relative.estimate


def test_single_readings_are_counted_and_say_nothing_of_scatter():
    readings = np.array(WRIGHT) / 1000
    with_others = repeatability(_scores([*readings.ravel(), 0.2, 0.9], [*range(17), *range(17), 17, 18]))
    assert with_others.estimate == pytest.approx(repeatability(_scores(readings, [range(17)] * 2)).estimate, rel=1e-12)
    assert (with_others.support, with_others.details["patients_with_one_reading"], with_others.n) == (17, 2, 36)


def test_interval_covers():
    rng, inside = np.random.default_rng(0), 0
    patient = np.repeat(np.arange(20), 3)
    for _ in range(500):
        score = 0.5 + 0.1 * rng.normal(size=20)[patient] + 0.02 * rng.normal(size=60)
        found = repeatability(_scores(score, patient))
        inside += found.lower <= 0.02 <= found.upper
    assert 0.93 <= inside / 500 <= 0.97


@pytest.mark.parametrize("patient", [None, [4, 2, 9]])
def test_without_repeated_readings_there_is_no_estimate(patient):
    found = repeatability(_scores([0.1, 0.2, 0.3], patient))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert "no patient has repeated readings" in found.message


def test_one_patient_is_no_sample():
    found = repeatability(_scores([0.1, 0.2, 0.3], [0, 0, 0]))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 1)


def test_readings_that_agree_to_the_last_digit_are_suspicious():
    found = repeatability(_scores([0.1, 0.1, 0.7, 0.7], [0, 0, 1, 1]))
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (0, None, None, False)
    assert "copies" in found.message


def test_scores_of_zero_have_no_coefficient_of_variation():
    found = repeatability(_scores([0, 0, 0, 0], [0, 0, 1, 1]), relative=True)
    assert (found.estimate, found.sufficient) == (None, False)
    assert "every score is 0" in found.message
