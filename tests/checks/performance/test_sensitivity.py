"""``performance.sensitivity`` against published figures, and odd slices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.performance.ppv import ppv
from govern.checks.performance.sensitivity import sensitivity
from govern.checks.performance.specificity import specificity
from govern.errors import PolicyError
from govern.scan.scores import Scores, scores


def _scores(label, score, patient=None) -> Scores:
    patient = None if patient is None else np.asarray(patient, dtype=np.int64)
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def test_support2_equals_the_published_proportions(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    compared = 0
    for name, result in results.items():
        outcome, model = name.split("~")
        rows = table.dropna(subset=[outcome, model])
        everybody = scores(rows[outcome], rows[model])
        for at in result["overall"]["at_threshold"]:
            for check in (sensitivity, specificity, ppv):
                published = at[check.__name__]
                for interval, key in (("wilson", "wilson95"), ("clopper-pearson", "clopper_pearson95")):
                    found = check(everybody, threshold=at["threshold"], interval=interval)
                    assert found.estimate == pytest.approx(published["estimate"], abs=1e-10)
                    assert (found.lower, found.upper) == pytest.approx(published[key], abs=1e-10)
                    assert (found.n, found.details["count"]) == (published["n"], published["x"])
                    compared += 1
    assert compared == 48


def test_fda_appendix_f():
    label = [1] * 5000 + [0] * 20000
    score = [0.9] * 4200 + [0.1] * 800 + [0.9] * 3400 + [0.1] * 16600
    cohort = _scores(label, score)
    for check, limits in ((sensitivity, (83.0, 85.0)), (specificity, (82.5, 83.5))):
        found = check(cohort)
        assert (round(100 * found.lower, 1), round(100 * found.upper, 1)) == limits
    found = ppv(cohort)
    assert (found.n, round(100 * found.lower, 1), round(100 * found.upper, 1)) == (7600, 54.1, 56.4)


def test_a_score_at_the_threshold_is_flagged():
    assert sensitivity(_scores([1, 1, 0], [0.3, 0.29999, 0.3]), threshold=0.3).estimate == 0.5


def test_counts():
    found = sensitivity(_scores([1, 1, 0, 0, 0], [0.9, 0.1, 0.9, 0.9, 0.1]))
    assert (found.n, found.events, found.support) == (2, 2, 2)


@pytest.mark.parametrize("label", [[0, 0, 0], []])
def test_no_events_gives_no_estimate(label):
    found = sensitivity(_scores(label, np.full(len(label), 0.9)))
    assert (found.estimate, found.lower, found.upper, found.sufficient, found.support) == (None, None, None, False, 0)
    assert "no events" in found.message


def test_patients_with_many_events_are_few_patients():
    rng = np.random.default_rng(1)
    score = rng.random(50)
    once = sensitivity(_scores(np.ones(50), score), threshold=0.3)
    again = sensitivity(_scores(np.ones(1000), np.tile(score, 20), np.tile(np.arange(50), 20)), threshold=0.3)
    assert again.lower <= once.lower
    assert again.upper >= once.upper
    assert (again.n, again.support, once.support) == (1000, 50, 50)
    assert "patient" in again.method


def test_patients_with_one_event_each_are_not_clustered():
    # the patient repeats, but no patient has two events
    cohort = _scores([1, 0, 1, 0], [0.9, 0.1, 0.2, 0.1], [0, 0, 1, 1])
    assert sensitivity(cohort).method == "Wilson"


@pytest.mark.parametrize("threshold", [-0.1, 1.01, float("nan")])
def test_impossible_thresholds_are_refused(threshold):
    with pytest.raises(PolicyError, match="threshold"):
        sensitivity(_scores([0, 1], [0.1, 0.9]), threshold=threshold)
