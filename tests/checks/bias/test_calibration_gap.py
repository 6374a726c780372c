"""``bias.calibration_gap`` against scipy's Welch test and R's group means of SUPPORT2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from govern.checks.bias.calibration_gap import calibration_gap
from govern.errors import InputError
from govern.scan.scores import Groups, Scores, groups, scores


def _scores(label, score, patient=None, weight=None) -> Scores:
    return Scores(
        label=np.asarray(label, dtype=np.int8), score=np.asarray(score, float), patient=patient, weight=weight
    )


def _groups(codes, count: int) -> Groups:
    names = tuple(f"g{i}" for i in range(count))
    return Groups(attribute="race", names=names, codes=np.asarray(codes, dtype=np.int64))


def _model(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    score = rng.beta(1, 2, n)
    return (rng.random(n) < score).astype(np.int8), score


def test_support2_equals_r_and_welch(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]["death_60d~model_60d"]
    rows = table.dropna(subset=["death_60d", "model_60d"])
    for attribute in ("sex", "age_group"):
        found = calibration_gap(scores(rows.death_60d, rows.model_60d), groups(attribute, rows[attribute]))
        comparisons = 1 if attribute == "sex" else 4
        for m in found:
            name = m.slice[attribute]
            expected = results[attribute][name]
            mean = expected["mean_predicted"] - expected["prevalence"]
            assert m.details["group_value"] == pytest.approx(mean, abs=1e-10)
            inside = (rows[attribute] == name).to_numpy()
            error = (rows.model_60d - rows.death_60d).to_numpy()
            theirs = ttest_ind(error[inside], error[~inside], equal_var=False)
            limits = theirs.confidence_interval(1 - 0.05 / comparisons)
            signed = (m.details["signed_lower"], m.details["signed_upper"])
            assert signed == pytest.approx((limits.low, limits.high), abs=1e-12)
            assert m.details["p"] == pytest.approx(theirs.pvalue, rel=1e-9)
            assert m.upper == pytest.approx(max(map(abs, signed)))


def test_exact_scores_of_0_and_1_count():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    codes = np.repeat([0, 1], 200)
    score = np.where(codes == 1, rng.integers(0, 2, 400), label * 0.8 + 0.1)
    first, second = calibration_gap(_scores(label, score), _groups(codes, 2))
    assert (
        first.estimate
        == second.estimate
        == pytest.approx(abs((score - label)[200:].mean() - (score - label)[:200].mean()))
    )


def test_a_group_told_too_low_risks_is_found_with_its_direction():
    rng = np.random.default_rng(1)
    label, score = _model(rng, 4000)
    codes = rng.integers(0, 4, 4000)
    score[codes == 2] *= 0.6
    found = calibration_gap(_scores(label, score), _groups(codes, 4))
    assert found[2].lower > 0.05
    assert found[2].details["signed_upper"] < 0
    assert found[2].details["null_p"] < 1e-6
    assert found[2].details["null_95"] < 0.06


def test_a_model_wrong_for_everybody_alike_has_no_gap():
    rng = np.random.default_rng(2)
    label, score = _model(rng, 2000)
    found = calibration_gap(_scores(label, score * 0.5), _groups(rng.integers(0, 2, 2000), 2))
    assert found[0].lower == 0


def test_cells_equal_rows():
    rng = np.random.default_rng(3)
    label, score = _model(rng, 300)
    weight, codes = rng.integers(1, 20, 300), rng.integers(0, 3, 300)
    cells = calibration_gap(_scores(label, score, weight=weight), _groups(codes, 3))
    whole = calibration_gap(
        _scores(np.repeat(label, weight), np.repeat(score, weight)), _groups(np.repeat(codes, weight), 3)
    )
    for a, b in zip(cells, whole, strict=True):
        assert (a.estimate, a.lower, a.upper) == pytest.approx((b.estimate, b.lower, b.upper), rel=1e-12, abs=1e-12)
        assert (a.n, a.events, a.support) == (b.n, b.events, b.support)


def test_patients_with_many_rows_are_few_patients():
    rng = np.random.default_rng(4)
    label, score = _model(rng, 240)
    codes = np.repeat([0, 1, 2], 80)
    once = calibration_gap(_scores(label, score), _groups(codes, 3))
    again = calibration_gap(
        _scores(np.tile(label, 8), np.tile(score, 8), np.tile(np.arange(240), 8)), _groups(np.tile(codes, 8), 3)
    )
    for few, many in zip(once, again, strict=True):
        assert (many.estimate, many.upper) == pytest.approx((few.estimate, few.upper))
        assert many.support == few.support
        assert "variance between patients" in many.method


def test_no_verdict_without_events_or_without_uncertainty():
    label, score = np.r_[np.tile([0, 1], 60), np.zeros(40)], np.r_[np.tile([0.3, 0.6], 60), np.full(40, 0.1)]
    found = calibration_gap(_scores(label, score), _groups(np.repeat([0, 1, 2], [60, 60, 40]), 3))
    assert found[2].message == "0 events in the group: no verdict on fewer than 20"
    assert [m.support for m in found] == [30, 30, 0]
    perfect = np.tile([0, 1], 100)
    found = calibration_gap(_scores(perfect, perfect), _groups(np.repeat([0, 1], 100), 2))
    assert all(m.estimate is None and not m.sufficient and "no uncertainty" in m.message for m in found)


def test_groups_of_other_rows_are_refused():
    with pytest.raises(InputError, match="3 groups for 2 rows"):
        calibration_gap(_scores([0, 1], [0.1, 0.9]), _groups([0, 1, 1], 2))
