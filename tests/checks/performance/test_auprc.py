"""``performance.auprc`` against scikit-learn and published figures."""

from __future__ import annotations

import dataclasses
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from govern.checks.performance.auprc import auprc
from govern.scan.scores import Scores, Whole, scores


def _scores(label, score, patient=None) -> Scores:
    patient = None if patient is None else np.asarray(patient, dtype=np.int64)
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _cohort(n: int, seed: int) -> Scores:
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-rng.normal(-2.2, 1.2, n)))
    return _scores(rng.random(n) < score, score)


def test_support2_equals_the_published_value(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    for name in results:
        outcome, model = name.split("~")
        rows = table.dropna(subset=[outcome, model])
        found = auprc(scores(rows[outcome], rows[model]), 1, replicates=100)
        assert found.estimate == pytest.approx(results[name]["overall"]["average_precision"], abs=1e-10)
        assert found.lower < found.estimate < found.upper


def test_equals_sklearn_with_ties():
    cohort = _cohort(400, 1)
    tied = _scores(cohort.label, cohort.score.round(1))
    found = auprc(tied, 1, replicates=100)
    assert found.estimate == pytest.approx(average_precision_score(tied.label, tied.score), abs=1e-14)


def test_only_the_bootstrap_takes_a_seed():
    cohort = _cohort(300, 2)
    assert auprc(cohort, 5) == auprc(cohort, 6)
    bootstrap = partial(auprc, cohort, interval="bootstrap")
    assert bootstrap(5) == bootstrap(5)
    assert bootstrap(5).lower != bootstrap(6).lower


def test_both_intervals_agree_where_events_are_many():
    cohort = _cohort(5000, 8)
    closed, drawn = auprc(cohort, 1), auprc(cohort, 1, interval="bootstrap", replicates=4000)
    assert (closed.estimate, closed.support, closed.events) == (drawn.estimate, drawn.support, drawn.events)
    assert (closed.lower, closed.upper) == pytest.approx(
        (drawn.lower, drawn.upper), abs=0.06 * 4 * closed.details["se"]
    )


@pytest.mark.parametrize("interval", ["logit", "bootstrap"])
def test_interval_covers(interval: str):
    rng = np.random.default_rng(0)
    score = 1 / (1 + np.exp(-rng.normal(-2.2, 1.2, 300_000)))
    true = average_precision_score(rng.random(300_000) < score, score)
    found = [auprc(_cohort(400, seed), seed, interval=interval, replicates=300) for seed in range(150)]
    assert 0.89 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.99


def test_interval_covers_with_ten_events():
    score = 1 / (1 + np.exp(-np.random.default_rng(0).normal(-2.2, 1.2, 300_000)))
    true = average_precision_score(np.random.default_rng(1).random(300_000) < score, score)
    found = [auprc(_cohort(68, seed), seed) for seed in range(500)]
    known = [m for m in found if m.lower is not None]
    assert len(known) > 490
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in known]) <= 0.98


@pytest.mark.parametrize("interval", ["logit", "bootstrap"])
def test_repeating_rows_of_patients_does_not_shrink_the_interval(interval: str):
    cohort = _cohort(300, 3)
    once = auprc(cohort, 1, interval=interval)
    five = _scores(np.tile(cohort.label, 5), np.tile(cohort.score, 5), np.tile(np.arange(300), 5))
    again = auprc(five, 1, interval=interval)
    assert again.estimate == pytest.approx(once.estimate)
    assert again.upper - again.lower == pytest.approx(once.upper - once.lower, rel=0.15)
    assert again.support == once.support
    assert "patients" in again.method


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = auprc(_scores(label, np.full(len(label), 0.4)), 1)
    assert (found.estimate, found.lower, found.sufficient) == (None, None, False)


@pytest.mark.parametrize("interval", ["logit", "bootstrap"])
def test_perfect_order_has_no_interval(interval: str):
    found = auprc(_scores([0] * 30 + [1] * 30, np.linspace(0, 1, 60)), 1, interval=interval)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (1.0, None, None, False)
    assert "separate the classes perfectly" in found.message


def test_a_single_event_has_no_interval():
    found = auprc(_scores([0, 0, 1, 0, 0], [0.1, 0.9, 0.3, 0.2, 0.1]), 1)
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (0.5, None, None, False)
    assert found.message == "no interval: a single unit has, or has not, the event"


def test_constant_scores_are_the_prevalence():
    found = auprc(_scores(np.repeat([1, 0], [20, 80]), np.full(100, 0.3)), 1)
    assert found.estimate == pytest.approx(0.2)
    assert found.lower < 0.2 < found.upper
    assert found.sufficient


def test_draws_without_the_only_event_are_counted():
    found = auprc(_scores([0, 0, 1, 0, 0], [0.1, 0.9, 0.3, 0.2, 0.1]), 1, interval="bootstrap")
    assert found.details["replicates_without_events"] == pytest.approx(1000 * (4 / 5) ** 5, abs=60)
    assert np.isfinite([found.estimate, found.lower, found.upper]).all()


def test_curve_is_bounded():
    pr = auprc(_cohort(3000, 4), 1, replicates=100).details["pr"]
    assert len(pr["recall"]) == len(pr["precision"]) <= 200
    assert pr["recall"][-1] == 1


def test_interval_hardly_changes_where_rows_are_counted_on_stretches(monkeypatch):
    cohort = _cohort(3000, 5)
    coarse = auprc(cohort, 1, interval="bootstrap", replicates=2000)
    monkeypatch.setattr("govern.checks.performance.auprc._EXACT", 10_000)
    rows = auprc(cohort, 1, interval="bootstrap", replicates=2000)
    assert coarse.estimate == rows.estimate
    width = rows.upper - rows.lower
    assert (coarse.lower, coarse.upper) == pytest.approx((rows.lower, rows.upper), abs=0.08 * width)
    assert coarse.details["pr"] == rows.details["pr"]


@pytest.mark.parametrize("interval", ["logit", "bootstrap"])
def test_whole_rows_speak_where_cells_stand_for_them(interval: str):
    cohort = _cohort(20_000, 6)
    rows = auprc(cohort, 1, interval=interval)
    whole = Whole(
        area=0.7,
        area_se=0.01,
        average_precision=rows.estimate,
        squared_error=0.2,
        squared_error_sd=0.2,
        tie_bound=0.01,
    )
    values, counts = np.unique(np.column_stack([cohort.score.round(2), cohort.label]), axis=0, return_counts=True)
    cells = Scores(label=values[:, 1].astype(np.int8), score=values[:, 0], weight=counts, whole=whole)
    found = auprc(cells, 1, interval=interval)
    assert found.estimate == rows.estimate
    width = rows.upper - rows.lower
    assert (found.lower, found.upper) == pytest.approx((rows.lower, rows.upper), abs=0.08 * width)
    assert auprc(dataclasses.replace(cells, whole=None), 1).estimate != rows.estimate


@pytest.mark.parametrize("interval", ["logit", "bootstrap"])
def test_a_million_rows_take_under_two_seconds(interval: str):
    cohort = _cohort(1_000_000, 7)
    start = time.process_time()
    found = auprc(cohort, 1, interval=interval)
    assert time.process_time() - start < 2
    assert 3 < (found.upper - found.lower) / found.estimate * np.sqrt(found.events) < 8
