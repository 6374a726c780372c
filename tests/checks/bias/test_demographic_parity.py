"""``bias.demographic_parity`` against Fairlearn's quickstart, and the interval's claims."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.bias.demographic_parity import demographic_parity as check
from govern.errors import InputError, PolicyError
from govern.scan.scores import Groups, Scores, groups, scores
from govern.stats.proportion import newcombe


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


def demographic_parity(rows: Scores, by: Groups, **params):
    return check(rows, by, 0, **params)


def _groups(codes, count: int) -> Groups:
    return Groups(attribute="race", names=tuple("abcdefghij"[:count]), codes=np.asarray(codes, dtype=np.int64))


def test_fairlearn_quickstart_selection_rates(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "fairlearn_quickstart_test.csv.gz")
    expected = json.loads((shared_data / "reference" / "fairlearn_quickstart.json").read_text())
    found = demographic_parity(scores(table.y, table.p), groups("race", table.race), threshold=0.1)
    rates = {m.slice["race"]: m.details["group_rate"] for m in found}
    assert rates == pytest.approx(expected["reproduced"]["sel"], abs=1e-12)
    assert {m.slice["race"]: m.details["fairlearn_rate"] for m in found} == pytest.approx(rates, abs=1e-12)
    assert [m.n for m in found] == expected["n"]
    spread = max(rates.values()) - min(rates.values())
    assert spread == pytest.approx(expected["demographic_parity_difference"], abs=1e-12)


def test_interval_is_newcombes_at_the_bonferroni_level():
    label, score = np.tile([0, 1], 300), np.r_[np.full(150, 0.9), np.full(50, 0.1), np.tile([0.9, 0.1], 200)]
    found = demographic_parity(_scores(label, score), _groups(np.repeat([0, 1, 2], 200), 3))
    first = found[0]
    low, high = newcombe(150, 200, 200, 400, level=1 - 0.05 / 3)
    assert (first.estimate, first.lower, first.upper) == pytest.approx((0.25, low, high))
    assert first.details["signed_difference"] == 0.25
    assert "over 3 comparison" in first.method
    assert first.level == 0.95
    # the others lie below the rest: the limits change places with the sign
    low, high = newcombe(100, 200, 250, 400, level=1 - 0.05 / 3)
    assert (found[1].estimate, found[1].lower, found[1].upper) == pytest.approx((0.125, -high, -low))


def test_two_groups_are_one_comparison():
    rng = np.random.default_rng(0)
    found = demographic_parity(_scores(rng.integers(0, 2, 200), rng.random(200)), _groups(np.repeat([0, 1], 100), 2))
    assert "over 1 comparison" in found[0].method
    assert (found[0].estimate, found[0].lower, found[0].upper) == pytest.approx(
        (found[1].estimate, found[1].lower, found[1].upper)
    )


def test_a_fair_model_is_not_accused():
    rng, accused = np.random.default_rng(1), 0
    sizes = [840, 250, 180, 90, 20, 10]
    codes = np.repeat(np.arange(6), sizes)
    for _ in range(60):
        measured = demographic_parity(_scores(rng.integers(0, 2, 1390), rng.random(1390)), _groups(codes, 6))
        accused += any(m.lower > 0 for m in measured)
    assert accused <= 8  # 5 % of 60 is 3


def test_a_real_gap_is_found_with_its_direction():
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], 1000)
    score = rng.random(3000) * np.where(codes == 1, 0.7, 1.0)
    found = demographic_parity(_scores(rng.integers(0, 2, 3000), score), _groups(codes, 3))
    assert found[1].lower > 0.1
    assert found[1].details["signed_upper"] < 0


def test_a_single_group_has_nothing_to_compare():
    (found,) = demographic_parity(_scores([0, 1, 0], [0.1, 0.9, 0.8]), _groups([0, 0, 0], 1))
    assert (found.estimate, found.lower, found.upper, found.sufficient, found.support) == (None, None, None, False, 0)
    assert "nothing to compare" in found.message


def test_patients_with_many_rows_are_few_patients():
    rng = np.random.default_rng(3)
    score, label, codes = rng.random(120), rng.integers(0, 2, 120), np.repeat([0, 1, 2], 40)
    once = demographic_parity(_scores(label, score), _groups(codes, 3))
    again = demographic_parity(
        _scores(np.tile(label, 10), np.tile(score, 10), np.tile(np.arange(120), 10)), _groups(np.tile(codes, 10), 3)
    )
    for few, many in zip(once, again, strict=True):
        assert many.estimate == pytest.approx(few.estimate)
        assert many.upper >= few.upper
        assert many.support == few.support
        assert "patient" in many.method


def test_bad_arguments_are_refused():
    cohort = _scores([0, 1], [0.1, 0.9])
    with pytest.raises(PolicyError, match="threshold"):
        demographic_parity(cohort, _groups([0, 1], 2), threshold=2)
    with pytest.raises(InputError, match="3 groups for 2 rows"):
        demographic_parity(cohort, _groups([0, 1, 1], 2))
