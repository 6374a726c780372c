"""``bias.auroc_gap`` against pROC's unpaired DeLong test on SUPPORT2, and odd groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics

from govern.checks.bias.auroc_gap import auroc_gap
from govern.errors import GovernError, InputError
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


@pytest.fixture(scope="module")
def support2(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    return table, json.loads((shared_data / "reference" / "support2.json").read_text())


@pytest.mark.parametrize(("attribute", "pair"), [("sex", "female_male"), ("race", "black_white")])
def test_unpaired_difference_equals_proc(support2, attribute: str, pair: str):
    table, reference = support2
    expected, names = reference["unpaired"][pair], pair.split("_")
    matched = []
    for outcome, model in (("death_60d", "model_60d"), ("death_180d", "model_180d")):
        rows = table[table[attribute].isin(names)].dropna(subset=[outcome, model])
        first, second = auroc_gap(scores(rows[outcome], rows[model]), groups(attribute, rows[attribute]))
        areas = (first.details["group_value"], second.details["group_value"])
        if areas == pytest.approx(expected["auc"], abs=1e-10):
            matched.append(outcome)
            assert first.details["signed_difference"] / first.details["se"] == pytest.approx(expected["D"], abs=1e-8)
            # pROC takes the p-value from a t distribution of several thousand degrees of freedom
            assert first.details["p"] == pytest.approx(expected["p"], abs=2e-5)
            assert first.details["p"] == first.details["p_holm"]
            assert (first.lower > 0) == (expected["p"] < 0.05)
    assert matched, "pROC's areas are those of no outcome"


def test_areas_by_age_equal_proc(support2):
    table, reference = support2
    rows = table.dropna(subset=["death_60d", "model_60d"])
    found = auroc_gap(scores(rows.death_60d, rows.model_60d), groups("age_group", rows.age_group))
    for m in found:
        expected = reference["results"]["death_60d~model_60d"]["age_group"][m.slice["age_group"]]
        assert m.details["group_value"] == pytest.approx(expected["auroc"], abs=1e-10)
        assert (m.n, m.events) == (expected["n"], expected["events"])
    assert "over 4 comparison" in found[0].method


def test_cells_equal_rows():
    rng = np.random.default_rng(0)
    label, score = _model(rng, 300)
    weight, codes = rng.integers(1, 20, 300), rng.integers(0, 3, 300)
    cells = auroc_gap(_scores(label, score, weight=weight), _groups(codes, 3))
    whole = auroc_gap(_scores(np.repeat(label, weight), np.repeat(score, weight)), _groups(np.repeat(codes, weight), 3))
    for a, b in zip(cells, whole, strict=True):
        assert (a.estimate, a.lower, a.upper) == pytest.approx((b.estimate, b.lower, b.upper), rel=1e-12, abs=1e-12)
        assert (a.n, a.events, a.support) == (b.n, b.events, b.support)
        assert a.details["null_95"] == pytest.approx(b.details["null_95"], rel=1e-9)


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    label, score = _model(rng, 400)
    codes, order = rng.integers(0, 3, 400), rng.permutation(400)
    a = auroc_gap(_scores(label, score), _groups(codes, 3))
    b = auroc_gap(_scores(label[order], score[order]), _groups(codes[order], 3))
    assert [m.estimate for m in a] == pytest.approx([m.estimate for m in b], abs=1e-15)


def test_a_useless_model_in_one_group_is_found():
    rng = np.random.default_rng(2)
    label, score = _model(rng, 3000)
    codes = rng.integers(0, 3, 3000)
    score[codes == 1] = 0.3  # one score for everybody: no variance, and no order
    found = auroc_gap(_scores(label, score), _groups(codes, 3))
    assert found[1].lower > 0.1
    assert found[1].details["group_value"] == 0.5
    assert found[1].details["signed_upper"] < 0


def test_under_20_events_there_is_no_verdict():
    rng = np.random.default_rng(3)
    label, score = _model(rng, 600)
    codes = rng.choice([0, 3], 600)
    codes[np.flatnonzero(label == 1)[:19]] = 1
    codes[np.flatnonzero(label == 0)[:30]] = 1
    codes[np.flatnonzero(label == 0)[-1]] = 2
    found = auroc_gap(_scores(label, score), _groups(codes, 4))
    assert [m.estimate is None for m in found] == [False, True, True, False]
    assert found[1].message == "19 events in the group: no verdict on fewer than 20"
    assert found[1].support == 19
    assert found[2].message.startswith("1 rows without the event in the group, 0 events in the group")
    assert not found[1].sufficient
    assert "over 2 comparison" in found[0].method


def test_patients_with_many_rows_are_few_patients():
    rng = np.random.default_rng(4)
    label, score = _model(rng, 240)
    codes = np.repeat([0, 1, 2], 80)
    once = auroc_gap(_scores(label, score), _groups(codes, 3))
    again = auroc_gap(
        _scores(np.tile(label, 8), np.tile(score, 8), np.tile(np.arange(240), 8)), _groups(np.tile(codes, 8), 3)
    )
    for few, many in zip(once, again, strict=True):
        assert many.estimate == pytest.approx(few.estimate)
        assert many.upper == pytest.approx(few.upper, rel=0.02)
        assert many.support == few.support
        assert "Obuchowski" in many.method


def test_a_single_group_has_nothing_to_compare():
    (found,) = auroc_gap(_scores([0, 1, 0], [0.1, 0.9, 0.8]), _groups([0, 0, 0], 1))
    assert found.estimate is None
    assert found.message == "race has a single group: nothing to compare"


def test_groups_of_other_rows_are_refused():
    with pytest.raises(InputError, match="3 groups for 2 rows"):
        auroc_gap(_scores([0, 1], [0.1, 0.9]), _groups([0, 1, 1], 2))


def test_two_implementations_that_disagree_are_an_error(monkeypatch):
    monkeypatch.setattr(sklearn.metrics, "auc", lambda *_: 0.5)
    label, score = _model(np.random.default_rng(5), 400)
    with pytest.raises(GovernError, match="by scikit-learn"):
        auroc_gap(_scores(label, score), _groups(np.repeat([0, 1], 200), 2))
