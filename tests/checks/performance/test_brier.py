"""``performance.brier`` against scikit-learn and published figures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss

from govern.checks.performance.brier import brier
from govern.scan.scores import Scores, Whole, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _cohort(n: int, seed: int) -> Scores:
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-rng.normal(-2.2, 1.2, n)))
    return _scores(rng.random(n) < score, score)


def test_support2_equals_the_published_values(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    for name in results:
        outcome, model = name.split("~")
        rows = table.dropna(subset=[outcome, model])
        found = brier(scores(rows[outcome], rows[model]))
        assert found.estimate == pytest.approx(results[name]["overall"]["brier"], abs=1e-10)
        assert found.details["scaled"] == pytest.approx(results[name]["overall"]["scaled_brier"], abs=1e-10)


def test_equals_sklearn():
    cohort = _cohort(500, 1)
    assert brier(cohort).estimate == pytest.approx(brier_score_loss(cohort.label, cohort.score), abs=1e-15)


def test_interval_covers():
    rng = np.random.default_rng(0)
    score = 1 / (1 + np.exp(-rng.normal(-2.2, 1.2, 1_000_000)))
    true = (score * (1 - score)).mean()
    found = [brier(_cohort(300, seed)) for seed in range(400)]
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.98


def test_repeating_rows_of_patients_changes_nothing():
    cohort = _cohort(200, 2)
    once = brier(cohort)
    again = brier(_scores(np.tile(cohort.label, 5), np.tile(cohort.score, 5), np.tile(np.arange(200), 5)))
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert "patient" in again.method


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = brier(_scores(label, np.full(len(label), 0.4)))
    assert (found.estimate, found.lower, found.sufficient, found.support) == (None, None, False, 0)


def test_equal_errors_give_no_interval():
    for score in (np.full(40, 0.5), np.tile([0.0, 1.0], 20)):
        found = brier(_scores(np.tile([0, 1], 20), score))
        assert (found.lower, found.upper, found.sufficient) == (None, None, False)
        assert found.message


def test_limits_stay_between_zero_and_one():
    found = brier(_scores([1] + [0] * 30, [0.0] + [0.01] * 30))
    assert found.lower == 0
    assert found.upper < 1


def test_whole_rows_speak_where_cells_stand_for_them():
    cohort = _cohort(3000, 5)
    rows, errors = brier(cohort), (cohort.score - cohort.label) ** 2
    whole = Whole(
        area=0.7,
        area_se=0.01,
        average_precision=0.5,
        squared_error=float(errors.mean()),
        squared_error_sd=float(errors.std(ddof=1)),
        tie_bound=0.01,
    )
    values, counts = np.unique(np.column_stack([cohort.score.round(1), cohort.label]), axis=0, return_counts=True)
    cells = Scores(label=values[:, 1].astype(np.int8), score=values[:, 0], weight=counts, whole=whole)
    found = brier(cells)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (rows.estimate, rows.lower, rows.upper), abs=1e-12
    )
    assert found.details["scaled"] == pytest.approx(rows.details["scaled"], abs=1e-12)
    assert brier(dataclasses.replace(cells, whole=None)).estimate != found.estimate
    flat = brier(dataclasses.replace(cells, whole=dataclasses.replace(whole, squared_error_sd=0.0)))
    assert (flat.lower, flat.sufficient) == (None, False)
