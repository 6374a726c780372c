"""``bias.equal_opportunity`` against Fairlearn's quickstart, and groups without events."""

from __future__ import annotations

import json
from pathlib import Path

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest

from govern.checks.bias.equal_opportunity import equal_opportunity as check
from govern.errors import GovernError
from govern.scan.scores import Groups, Scores, groups, scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def equal_opportunity(rows: Scores, by: Groups, **params):
    return check(rows, by, 0, **params)


def _groups(codes, count: int) -> Groups:
    return Groups(attribute="race", names=tuple("abcdefghij"[:count]), codes=np.asarray(codes, dtype=np.int64))


def test_fairlearn_quickstart_false_negative_rates(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "fairlearn_quickstart_test.csv.gz")
    expected = json.loads((shared_data / "reference" / "fairlearn_quickstart.json").read_text())
    found = equal_opportunity(scores(table.y, table.p), groups("race", table.race), threshold=0.1)
    missed = {m.slice["race"]: 1 - m.details["group_rate"] for m in found}
    assert missed == pytest.approx(expected["reproduced"]["fnr"], abs=1e-12)
    assert missed == pytest.approx(expected["published"]["fnr"], abs=5e-7)
    # the FNR of .5 in the Asian group rests on few events: that is said, and no gap is claimed
    asian = next(m for m in found if m.slice["race"] == "Asian")
    events = int(table.y[table.race == "Asian"].sum())
    assert asian.support == asian.events == events
    assert asian.lower == 0


def test_a_group_without_events_is_named():
    label = [1, 0, 1, 0, 0, 0]
    found = equal_opportunity(_scores(label, [0.9, 0.1, 0.2, 0.8, 0.9, 0.1]), _groups([0, 0, 1, 1, 2, 2], 3))
    assert [m.estimate for m in found] == [1.0, 1.0, None]
    assert [m.support for m in found] == [1, 1, 0]
    assert "no true positive rate in the group" in found[2].message
    assert not found[2].sufficient


def test_events_in_one_group_only_leave_the_rest_empty():
    found = equal_opportunity(_scores([1, 1, 0, 0], [0.9, 0.1, 0.2, 0.8]), _groups([0, 0, 1, 1], 2))
    assert all(m.estimate is None and not m.sufficient and m.support == 0 for m in found)
    assert "in the rest" in found[0].message


def test_family_wise_coverage_of_true_gaps():
    rng, held = np.random.default_rng(4), 0
    codes, sensitivity = np.repeat([0, 1, 2, 3], [400, 100, 60, 40]), np.array([0.8, 0.7, 0.8, 0.9])
    label = np.ones(600, dtype=np.int8)
    weights = np.array([400, 100, 60, 40])
    truth = [
        abs(s - np.average(np.delete(sensitivity, i), weights=np.delete(weights, i))) for i, s in enumerate(sensitivity)
    ]
    label = np.append(label, np.zeros(40, dtype=np.int8))
    codes = np.append(codes, np.tile([0, 1, 2, 3], 10))
    for _ in range(80):
        flag = np.append(rng.random(600) < sensitivity[codes[:600]], rng.random(40) < 0.2)
        measured = equal_opportunity(_scores(label, flag.astype(float)), _groups(codes, 4))
        held += all(m.lower <= t <= m.upper for m, t in zip(measured, truth, strict=True))
    assert held / 80 >= 0.9


def test_two_implementations_that_disagree_are_an_error(monkeypatch):
    mean = fairlearn.metrics.mean_prediction
    monkeypatch.setattr(fairlearn.metrics, "mean_prediction", lambda y, p, w: mean(y, 1 - p, w))
    rng = np.random.default_rng(5)
    with pytest.raises(GovernError, match="by Fairlearn"):
        equal_opportunity(
            _scores(rng.integers(0, 2, 100), rng.random(100)), _groups(np.repeat([0, 1], 50), 2), threshold=0.2
        )
