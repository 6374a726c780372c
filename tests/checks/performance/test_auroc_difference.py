"""``performance.auroc_difference`` against pROC's paired DeLong test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from govern.checks.performance.auroc_difference import auroc_difference
from govern.errors import InputError
from govern.scan.outcomes import Comparator
from govern.scan.scores import Scores, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def _other(score) -> Comparator:
    return Comparator(name="nurse", score=np.asarray(score, dtype=float))


def _cohort(n: int, seed: int):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(size=n)
    risk = 1 / (1 + np.exp(1 - x - 0.5 * y))
    return (rng.random(n) < risk).astype(np.int8), risk, x + rng.normal(size=n)


def test_asah_equals_proc(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "aSAH.csv")
    published = json.loads((shared_data / "reference" / "aSAH.json").read_text())["paired_delong"]
    label = table.outcome == "Poor"
    assert len(published) == 3
    for pair, expected in published.items():
        first, second = pair.split("_vs_")
        found = auroc_difference(_scores(label, table[first] / table[first].max()), _other(table[second]))
        assert abs(found.details["z"]) == pytest.approx(abs(expected["z"]), abs=1e-9)
    found = auroc_difference(_scores(label, table.wfns / 5), _other(table.s100b))
    assert round(found.details["z"], 3) == 2.209
    assert (found.n, found.events, found.support, found.details["left_out"]) == (113, 41, 41, 0)


def test_model_against_physicians_equals_proc(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    published = json.loads((shared_data / "reference" / "support2.json").read_text())["model_vs_physician"]
    for horizon in ("60d", "180d"):
        expected = published[f"d{horizon[:-1]}"]
        rows = table.dropna(subset=[f"death_{horizon}", f"model_{horizon}"])
        found = auroc_difference(
            scores(rows[f"death_{horizon}"], rows[f"model_{horizon}"]), _other(rows[f"physician_{horizon}"])
        )
        assert found.n == expected["n"]
        assert found.estimate == pytest.approx(expected["auc_model"] - expected["auc_physician"], abs=1e-10)
        assert found.details["z"] == pytest.approx(expected["z"], abs=1e-8)
        assert found.details["left_out"] == len(rows) - expected["n"] > 0
        assert f"{found.details['left_out']} of {len(rows)} rows" in found.message
        half = (found.upper - found.lower) / 2
        assert half == pytest.approx(1.959963984540054 * found.estimate / expected["z"], rel=1e-8)


def test_worst_case_takes_the_comparator_as_right_where_it_said_nothing():
    label, score, other = _cohort(400, 1)
    missing = np.random.default_rng(2).random(400) < 0.2
    found = auroc_difference(_scores(label, score), _other(np.where(missing, np.nan, other)))
    perfect = np.where(missing, np.where(label == 1, 99.0, -99.0), other)
    expected = auroc_difference(_scores(label, score), _other(perfect))
    worst = found.details["worst_case"]
    assert (worst["estimate"], worst["lower"], worst["upper"]) == pytest.approx(
        (expected.estimate, expected.lower, expected.upper), abs=1e-14
    )
    assert worst["estimate"] < found.estimate
    assert found.details["auroc"] == pytest.approx(roc_auc_score(label[~missing], score[~missing]), abs=1e-14)
    assert found.details["comparator_auroc"] == pytest.approx(
        roc_auc_score(label[~missing], other[~missing]), abs=1e-14
    )


def test_interval_covers_and_pairs():
    label, score, other = _cohort(400_000, 3)
    true = roc_auc_score(label, score) - roc_auc_score(label, other)
    found = [auroc_difference(_scores(y, s), _other(o)) for y, s, o in (_cohort(300, seed) for seed in range(400))]
    assert 0.92 <= np.mean([m.lower <= true <= m.upper for m in found]) <= 0.98


def test_copies_of_patients_change_nothing():
    label, score, other = _cohort(200, 4)
    once = auroc_difference(_scores(label, score), _other(other))
    again = auroc_difference(
        _scores(np.tile(label, 5), np.tile(score, 5), np.tile(np.arange(200), 5)), _other(np.tile(other, 5))
    )
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))
    assert again.support == once.support
    assert "Obuchowski" in again.method


def test_the_same_scores_show_nothing():
    label, score, _ = _cohort(100, 5)
    found = auroc_difference(_scores(label, score), _other(score))
    assert (found.estimate, found.lower, found.sufficient) == (0, None, False)
    assert "no variance" in found.message


@pytest.mark.parametrize(
    ("label", "other"), [([1, 0, 0], [np.nan, 0.2, 0.4]), ([1, 0], [np.nan, np.nan]), ([1, 1], [0.2, 0.3])]
)
def test_one_class_with_both_scores_gives_no_estimate(label, other):
    found = auroc_difference(_scores(label, np.linspace(0.1, 0.9, len(label))), _other(other))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
    assert found.details["left_out"] == int(np.isnan(other).sum())
    assert ("left out" in found.message) == bool(found.details["left_out"])


def test_a_comparator_of_other_rows_is_refused():
    with pytest.raises(InputError, match="nurse: 3 scores"):
        auroc_difference(_scores([0, 1], [0.1, 0.9]), _other([0.1, 0.2, 0.3]))
