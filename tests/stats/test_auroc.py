"""Area under the ROC curve, against pROC, the DeLong paper, scikit-learn, and by adversarial inputs."""

from __future__ import annotations

import json
import time
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.stats.auroc import area, difference, logit_interval, newcombe_interval, variance, wald_interval
from govern.stats.bootstrap import replicate


def _delong(label, score, patient=None):
    found = area(np.asarray(label, dtype=np.int8), np.asarray(score, dtype=float))
    spread = variance(found.influence, np.asarray(label), patient)
    return found.estimate, None if spread is None else sqrt(spread)


def test_asah_equals_proc(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "aSAH.csv")
    published = json.loads((shared_data / "reference" / "aSAH.json").read_text())
    groups = {
        "overall": table.index >= 0,
        "Female": table.gender == "Female",
        "Male": table.gender == "Male",
        "age_lt50": table.age < 50,
        "age_ge50": table.age >= 50,
    }
    for marker, results in published["results"].items():
        for name, rows in groups.items():
            part, expected = table[rows], results[name]
            estimate, se = _delong(part.outcome == "Poor", part[marker])
            assert estimate == pytest.approx(expected["auroc"], abs=1e-10)
            assert se == pytest.approx(expected["se"], abs=1e-10)
            assert wald_interval(estimate, se) == pytest.approx(
                [max(0, expected["delong_ci95"][0]), min(1, expected["delong_ci95"][1])], abs=1e-10
            )
    label = (table.outcome == "Poor").to_numpy().astype(np.int8)
    for pair, expected in published["paired_delong"].items():
        first, second = (table[c].to_numpy(dtype=float) for c in pair.split("_vs_"))
        gap, se = difference(label, first, second)
        assert abs(gap / se) == pytest.approx(abs(expected["z"]), abs=1e-9)


def test_model_against_physicians_equals_proc(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    published = json.loads((shared_data / "reference" / "support2.json").read_text())["model_vs_physician"]
    for horizon, expected in (("60d", published["d60"]), ("180d", published["d180"])):
        columns = [f"death_{horizon}", f"model_{horizon}", f"physician_{horizon}"]
        label, model, physician = table[columns].dropna().to_numpy(dtype=float).T
        gap, se = difference(label.astype(np.int8), model, physician)
        assert len(label) == expected["n"]
        assert gap == pytest.approx(expected["auc_model"] - expected["auc_physician"], abs=1e-10)
        assert gap / se == pytest.approx(expected["z"], abs=1e-8)


def test_delong_1988_table(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "delong1988.csv")
    published = json.loads((shared_data / "reference" / "delong1988.json").read_text())
    label = table.popind.to_numpy().astype(np.int8)
    if label.sum() != published["events"]:
        label = 1 - label
    direction = {}
    for marker, expected in published["auc"].items():
        estimate, se = _delong(label, table[marker])
        direction[marker] = 1 if abs(estimate - expected["auc"]) < 1e-9 else -1
        estimate, se = _delong(label, direction[marker] * table[marker])
        assert (estimate, se) == pytest.approx((expected["auc"], expected["se"]), abs=1e-10)
    for marker, expected in published["diff_vs_kg"].items():
        scored = [direction[m] * table[m].to_numpy(dtype=float) for m in (marker, "kg")]
        gap, se = difference(label, *scored)
        assert (gap, se) == pytest.approx((expected["diff"], expected["se"]), abs=1e-10)


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_ties_agree_with_sklearn_and_with_all_pairs(levels):
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(levels)
    label, score = rng.integers(0, 2, 300).astype(np.int8), rng.integers(0, levels, 300) / levels
    estimate, se = _delong(label, score)
    assert estimate == pytest.approx(roc_auc_score(label, score), abs=1e-14)
    pairs = np.sign(score[label == 1][:, None] - score[label == 0][None, :]) / 2 + 0.5
    m, n = pairs.shape
    assert estimate == pytest.approx(pairs.mean(), abs=1e-14)
    by_pairs = pairs.mean(1).var(ddof=1) / m + pairs.mean(0).var(ddof=1) / n
    assert se == pytest.approx(sqrt(by_pairs), abs=1e-14)


def test_repeating_every_row_of_a_patient_changes_nothing():
    rng = np.random.default_rng(3)
    score = rng.random(200)
    label = (rng.random(200) < score).astype(np.int8)
    once = _delong(label, score)
    patient = np.tile(np.arange(200), 5)
    assert _delong(np.tile(label, 5), np.tile(score, 5), patient) == pytest.approx(once, abs=1e-12)
    assert _delong(np.tile(label, 5), np.tile(score, 5))[1] < once[1] / 2  # what ignoring patients would claim


def test_patients_with_one_row_each_give_delong():
    rng = np.random.default_rng(4)
    label, score = rng.integers(0, 2, 100).astype(np.int8), rng.random(100)
    assert _delong(label, score, np.arange(100)) == pytest.approx(_delong(label, score), abs=1e-14)


def test_clustered_variance_agrees_with_the_bootstrap_of_patients():
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(150), rng.integers(1, 8, 150))
    frailty = rng.normal(size=150)[patient]
    label = (frailty + rng.normal(size=len(patient)) > 0.8).astype(np.int8)
    score = 1 / (1 + np.exp(-frailty - rng.normal(size=len(patient))))
    pairs = np.sign(score[label == 1][:, None] - score[label == 0][None, :]) / 2 + 0.5

    def statistic(weights):
        w = weights[:, patient]
        event, other = w[:, label == 1], w[:, label == 0]
        return np.einsum("bi,ij,bj->b", event, pairs, other, optimize=True) / (event.sum(1) * other.sum(1))

    resampled = replicate(statistic, 150, replicates=1000, seed=1).std(ddof=1)
    assert _delong(label, score, patient)[1] == pytest.approx(resampled, rel=0.1)
    assert _delong(label, score)[1] < 0.85 * resampled


def test_a_patients_events_and_nonevents_move_together():
    # scores that tell patients apart and not outcomes: what they share cancels in the area
    rng, found = np.random.default_rng(9), []
    patient, label = np.repeat(np.arange(60), 6), np.tile([0, 1], 180).astype(np.int8)
    for _ in range(200):
        score = rng.normal(size=60)[patient] + 0.3 * rng.normal(size=360)
        found.append(_delong(label, score, patient))
    spread = np.std([estimate for estimate, _ in found], ddof=1)
    assert np.mean([se for _, se in found]) == pytest.approx(spread, rel=0.12)
    assert _delong(label, score)[1] > 1.5 * spread


def test_perfect_order_and_constant_scores_are_not_certain():
    low, high = newcombe_interval(1.0, 10, 10)
    assert 0.7 < low < 0.95
    assert high == 1.0
    assert newcombe_interval(0.0, 10, 10) == pytest.approx((0.0, 1 - low), abs=1e-9)
    low, high = newcombe_interval(0.5, 10, 10)
    assert low == pytest.approx(1 - high, abs=1e-9)
    assert high - low > 0.4
    assert newcombe_interval(1.0, 1, 1)[0] < 0.25
    assert newcombe_interval(1.0, 500_000, 500_000)[0] > 0.999


def test_one_event_has_no_delong_variance():
    assert _delong([1, 0, 0], [0.5, 0.2, 0.9])[1] is None
    # three rows of one patient are one patient
    assert _delong([1, 1, 1, 0, 0], [0.5, 0.2, 0.9, 0.1, 0.3], np.array([0, 0, 0, 1, 2]))[1] is None


def test_logit_interval_stays_inside_and_covers():
    low, high = logit_interval(0.99, 0.02)
    assert 0 < low < 0.99 < high < 1
    rng, covered = np.random.default_rng(6), {"logit": 0, "wald": 0}
    true = 0.9213503964748574  # P(N(2, 1) > N(0, 1)) = Phi(sqrt(2))
    for _ in range(600):
        score = np.concatenate([rng.normal(2, 1, 20), rng.normal(0, 1, 100)])
        found = _delong(np.repeat([1, 0], [20, 100]), score)
        for name, interval in (("logit", logit_interval), ("wald", wald_interval)):
            low, high = interval(*found)
            covered[name] += low <= true <= high
    assert 0.92 <= covered["logit"] / 600 <= 0.98
    assert covered["wald"] < covered["logit"]


def test_a_million_rows_take_under_two_seconds():
    rng = np.random.default_rng(0)
    score = rng.random(1_000_000)
    label = (rng.random(1_000_000) < 0.1 * score).astype(np.int8)
    start = time.process_time()
    _delong(label, score)
    assert time.process_time() - start < 2


def test_many_rows_do_not_overflow():
    label = np.repeat(np.array([1, 0], dtype=np.int8), 400_000)
    score = np.concatenate([np.linspace(0.5, 1, 400_000), np.linspace(0, 0.5, 400_000, endpoint=False)])
    assert _delong(label, score)[0] == 1.0


@pytest.mark.parametrize("levels", [3, 40])
def test_weights_stand_for_rows(levels):
    rng = np.random.default_rng(levels)
    label, weight = rng.integers(0, 2, 200).astype(np.int8), rng.integers(1, 50, 200)
    first, second = rng.integers(0, levels, 200) / levels, rng.random(200)
    each, found = np.repeat(label, weight), area(label, first, weight=weight)
    expected = area(each, np.repeat(first, weight))
    assert found.estimate == expected.estimate
    assert np.repeat(found.influence, weight) == pytest.approx(expected.influence, abs=1e-16)
    spread = variance(found.influence, label, weight=weight)
    assert spread == pytest.approx(variance(expected.influence, each), rel=1e-12)
    gap = difference(label, first, second, weight=weight)
    assert gap == pytest.approx(difference(each, np.repeat(first, weight), np.repeat(second, weight)), abs=1e-14)


def test_influence_is_in_the_order_of_the_rows_and_sums_to_nothing():
    rng = np.random.default_rng(7)
    label, score, weight = rng.integers(0, 2, 99).astype(np.int8), rng.random(99).round(1), rng.integers(1, 5, 99)
    found, order = area(label, score, weight=weight).influence, np.argsort(score, kind="stable")
    ranked = area(label[order], score[order], weight=weight[order]).influence
    assert found[order] == pytest.approx(ranked, abs=1e-18)
    for side in (label == 1, label == 0):
        assert float(weight[side] @ found[side]) == pytest.approx(0, abs=1e-12)


def test_more_pairs_than_64_bits_hold() -> None:
    label, score = np.array([0, 1, 0, 1], np.int8), np.array([0.1, 0.2, 0.3, 0.4])
    few, many = (area(label, score, weight=np.array([1, 2, 3, 4]) * times) for times in (1, 10**9))
    assert many.estimate == pytest.approx(few.estimate, rel=1e-12)
