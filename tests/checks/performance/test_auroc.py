"""``performance.auroc`` against pROC on SUPPORT2, and odd slices."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.performance.auroc import auroc
from govern.scan.scores import Scores, Whole, groups, scores


def _scores(label, score, patient=None) -> Scores:
    patient = None if patient is None else np.asarray(patient, dtype=np.int64)
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def test_support2_equals_proc_overall_and_by_group(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    compared = 0
    for name, result in results.items():
        outcome, model = name.split("~")
        rows = table.dropna(subset=[outcome, model])
        everybody = scores(rows[outcome], rows[model])
        for attribute in result:
            if attribute == "overall":
                slices = {"": (everybody, result["overall"])}
            else:
                by = groups(attribute, rows[attribute])
                slices = {g: (everybody.where(by.codes == by.names.index(g)), e) for g, e in result[attribute].items()}
            for part, expected in slices.values():
                found = auroc(part, interval="wald")
                assert found.estimate == pytest.approx(expected["auroc"], abs=1e-10)
                assert found.details["se"] == pytest.approx(expected["auroc_delong_se"], abs=1e-10)
                assert (found.lower, found.upper) == pytest.approx(expected["auroc_delong_ci95"], abs=1e-10)
                assert (found.n, found.events) == (expected["n"], expected["events"])
                compared += 1
    assert compared == 28


def test_default_is_the_logit_interval():
    rng = np.random.default_rng(0)
    score = rng.random(300)
    found = auroc(_scores(rng.random(300) < score, score))
    assert found.method == "Mann-Whitney; DeLong, logit interval"
    assert found.upper - found.estimate < found.estimate - found.lower
    assert found.support == min(found.events, found.n - found.events)


def test_roc_curve_is_bounded_and_runs_from_corner_to_corner():
    rng = np.random.default_rng(1)
    score = rng.random(5000)
    roc = auroc(_scores(rng.random(5000) < score, score)).details["roc"]
    assert len(roc["fpr"]) == len(roc["tpr"]) <= 200
    assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
    assert (np.diff(roc["fpr"]) >= 0).all()
    assert (np.diff(roc["tpr"]) >= 0).all()


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = auroc(_scores(label, np.full(len(label), 0.4)))
    assert (found.estimate, found.lower, found.upper, found.sufficient, found.support) == (None, None, None, False, 0)
    assert "no pair" in found.message


def test_perfect_order_is_suspicious_and_not_certain():
    found = auroc(_scores([0] * 30 + [1] * 30, np.linspace(0, 1, 60)))
    assert found.estimate == 1
    assert found.lower < 0.99
    assert "leak" in found.message
    assert "Newcombe" in found.method


def test_constant_scores_are_a_coin():
    found = auroc(_scores([0, 1] * 50, np.full(100, 0.3)))
    assert found.estimate == 0.5
    assert 0.3 < found.lower < 0.45 < 0.55 < found.upper < 0.7


def test_one_event():
    found = auroc(_scores([1] + [0] * 99, np.linspace(0.8, 0.1, 100)))
    assert found.support == 1
    assert found.lower < 0.6
    found = auroc(_scores([0, 1] + [0] * 98, np.linspace(0.8, 0.1, 100)))
    assert 0 < found.lower < found.estimate < found.upper < 1
    assert found.details["se"] is None


def test_many_rows_of_few_patients_are_few_patients():
    rng = np.random.default_rng(2)
    score = rng.random(80)
    label = (rng.random(80) < score).astype(int)
    once = auroc(_scores(label, score))
    again = auroc(_scores(np.tile(label, 20), np.tile(score, 20), np.tile(np.arange(80), 20)))
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert again.support == once.support
    assert again.n == 1600
    assert "patient" in again.method


def test_whole_rows_speak_where_cells_stand_for_them():
    rng = np.random.default_rng(4)
    score = rng.random(4000)
    label = (rng.random(4000) < score).astype(np.int8)
    rows = auroc(_scores(label, score))
    whole = Whole(
        area=rows.estimate,
        area_se=rows.details["se"],
        average_precision=0.5,
        squared_error=0.2,
        squared_error_sd=0.2,
        tie_bound=0.01,
    )
    values, counts = np.unique(np.column_stack([score.round(1), label]), axis=0, return_counts=True)
    cells = Scores(label=values[:, 1].astype(np.int8), score=values[:, 0], weight=counts, whole=whole)
    found = auroc(cells)
    assert (found.estimate, found.lower, found.upper) == (rows.estimate, rows.lower, rows.upper)
    assert (found.n, found.support, found.method) == (rows.n, rows.support, rows.method)
    alone = auroc(Scores(label=cells.label, score=cells.score, weight=counts))
    assert alone.estimate != rows.estimate
    assert found.details["roc"] == alone.details["roc"]
    perfect = dataclasses.replace(whole, area=1.0, area_se=0.0)
    assert "Newcombe" in auroc(dataclasses.replace(cells, whole=perfect)).method
