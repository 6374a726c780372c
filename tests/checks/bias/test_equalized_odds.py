"""``bias.equalized_odds`` against Fairlearn's quickstart, and which rate is reported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.bias.equalized_odds import equalized_odds as check
from govern.scan.scores import Groups, Scores, groups, scores
from govern.stats.proportion import newcombe


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def equalized_odds(rows: Scores, by: Groups, **params):
    return check(rows, by, 0, **params)


def _groups(codes, count: int) -> Groups:
    return Groups(attribute="race", names=tuple("abcdefghij"[:count]), codes=np.asarray(codes, dtype=np.int64))


def test_fairlearn_quickstart_both_rates(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "fairlearn_quickstart_test.csv.gz")
    expected = json.loads((shared_data / "reference" / "fairlearn_quickstart.json").read_text())
    found = equalized_odds(scores(table.y, table.p), groups("race", table.race), threshold=0.1)
    tpr, fpr = ({m.slice["race"]: m.details["rates"][i]["group_rate"] for m in found} for i in (0, 1))
    assert fpr == pytest.approx(expected["reproduced"]["fpr"], abs=1e-12)
    assert {g: 1 - r for g, r in tpr.items()} == pytest.approx(expected["reproduced"]["fnr"], abs=1e-12)
    worst = max(max(r.values()) - min(r.values()) for r in (tpr, fpr))
    assert worst == pytest.approx(expected["equalized_odds_difference_worst_case"], abs=1e-12)


def test_the_larger_gap_with_the_larger_limits():
    label = np.tile(np.repeat([1, 0], 100), 2)
    flag = np.r_[np.repeat([1, 0], [80, 20]), np.repeat([1, 0], [50, 50]), np.repeat([1, 0], [70, 30]), np.zeros(100)]
    found = equalized_odds(_scores(label, flag), _groups(np.repeat([0, 1], 200), 2))[0]
    level = 1 - 0.05 / 2
    low, high = newcombe(50, 100, 0, 100, level=level)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((0.5, low, high))
    assert found.details["rate"] == "false positive rate"
    assert "over 2 comparison" in found.method
    assert found.support == 100
    assert found.details["rates"][0]["signed_difference"] == pytest.approx(0.1)


def test_no_verdict_where_one_rate_is_unknown():
    label = [1, 0, 1, 0, 0, 0]
    found = equalized_odds(_scores(label, [0.9, 0.1, 0.2, 0.8, 0.9, 0.1]), _groups([0, 0, 1, 1, 2, 2], 3))[2]
    assert (found.estimate, found.lower, found.upper, found.sufficient) == (None, None, None, False)
    assert found.details["rate"] == "false positive rate"
    assert "no true positive rate in the group" in found.message


def test_a_fair_model_is_not_accused():
    rng, accused = np.random.default_rng(1), 0
    codes = np.repeat(np.arange(6), [840, 250, 180, 90, 20, 10])
    for _ in range(60):
        measured = equalized_odds(_scores(rng.random(1390) < 0.2, rng.random(1390)), _groups(codes, 6))
        accused += any(m.lower is not None and m.lower > 0 for m in measured)
    assert accused <= 8


def test_huge_tables_take_no_longer_by_fairlearn():
    import time

    rng = np.random.default_rng(2)
    n = 500_000
    start = time.process_time()
    equalized_odds(_scores(rng.random(n) < 0.1, rng.random(n)), _groups(rng.integers(0, 8, n), 8))
    assert time.process_time() - start < 4
