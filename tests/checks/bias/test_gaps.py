"""What holds of every gap: cells are rows, odd groups have no verdict, and a fair model is not accused."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy.stats import hypergeom

from govern.checks.bias._gaps import Difference, measurements
from govern.checks.bias.auroc_gap import auroc_gap
from govern.checks.bias.calibration_gap import calibration_gap
from govern.checks.bias.demographic_parity import demographic_parity
from govern.checks.bias.equal_opportunity import equal_opportunity
from govern.checks.bias.equalized_odds import equalized_odds
from govern.checks.bias.error_gap import error_gap
from govern.checks.bias.predictive_parity import predictive_parity
from govern.scan.scores import Groups, Scores
from govern.types import Measurement

Check = Callable[[Scores, Groups], list[Measurement]]
RATES: dict[str, Check] = {
    "demographic_parity": partial(demographic_parity, seed=0, threshold=0.3),
    "equal_opportunity": partial(equal_opportunity, seed=0, threshold=0.3),
    "equalized_odds": partial(equalized_odds, seed=0, threshold=0.3),
    "predictive_parity": partial(predictive_parity, seed=0, threshold=0.3, negative=True),
}
CHECKS: dict[str, Check] = {
    **RATES,
    "auroc_gap": auroc_gap,
    "calibration_gap": calibration_gap,
    "error_gap": error_gap,
}
every_rate = pytest.mark.parametrize("check", RATES.values(), ids=RATES)
every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)


def _rows(rng: np.random.Generator, codes: np.ndarray, groups: int, **more) -> tuple[Scores, Groups]:
    score = rng.beta(0.9, 2.1, len(codes))
    label = (rng.random(len(codes)) < score).astype(np.int8)
    names = tuple(f"g{i}" for i in range(groups))
    return Scores(label=label, score=score, **more), Groups(attribute="race", names=names, codes=codes.astype(np.int64))


def _sound(measured: Measurement) -> bool:
    """Whether numbers are finite and in order, or the measurement says that and why there is none."""
    if measured.estimate is None:
        return not measured.sufficient and bool(measured.message) and measured.lower is measured.upper is None
    return all(map(math.isfinite, (measured.lower, measured.upper))) and (
        0 <= measured.lower <= measured.estimate + 1e-12 <= measured.upper + 1e-9
    )


@every_rate
def test_cells_equal_rows(check: Check):
    rng = np.random.default_rng(0)
    weight = rng.integers(1, 30, 200)
    cells, by = _rows(rng, rng.integers(0, 4, 200), 4, weight=weight)
    whole = Scores(label=np.repeat(cells.label, weight), score=np.repeat(cells.score, weight))
    again = check(whole, Groups(attribute="race", names=by.names, codes=np.repeat(by.codes, weight)))
    for a, b in zip(check(cells, by), again, strict=True):
        assert (a.estimate, a.lower, a.upper) == pytest.approx((b.estimate, b.lower, b.upper), rel=1e-12, abs=1e-12)
        assert (a.n, a.events, a.support, a.details) == (b.n, b.events, b.support, b.details)


@every_check
def test_each_group_is_measured_once_however_odd(check: Check):
    rng = np.random.default_rng(1)
    codes = np.r_[rng.integers(0, 3, 900), 3, np.full(30, 4), np.full(30, 5)]
    rows, by = _rows(rng, codes, 6)
    rows.label[codes == 4] = 0  # a group without events; 3 is a single patient
    rows.label[codes == 5] = 1  # and one with events only
    found = check(rows, by)
    assert [m.slice for m in found] == [{"race": name} for name in by.names]
    assert [m.n for m in found] == np.bincount(codes).tolist()
    assert all(_sound(m) for m in found)
    assert all(m.estimate is not None for m in found[:3])
    assert found[3].support <= 1


@every_check
def test_a_hundred_groups(check: Check):
    rng = np.random.default_rng(2)
    found = check(*_rows(rng, np.r_[np.arange(100), rng.integers(0, 100, 1400)], 100))
    assert len(found) == 100
    assert all(_sound(m) for m in found)
    assert all(m.lower in (0, None) for m in found)


@every_check
def test_a_single_group_and_one_class(check: Check):
    rng = np.random.default_rng(3)
    rows, by = _rows(rng, np.zeros(50), 1)
    assert [(m.estimate, m.sufficient, m.message) for m in check(rows, by)] == [
        (None, False, "race has a single group: nothing to compare")
    ]
    rows, by = _rows(rng, np.repeat([0, 1], 40), 2)
    rows.label[:] = 0
    assert all(_sound(m) for m in check(rows, by))


@every_check
def test_equal_inputs_give_equal_numbers(check: Check):
    rows = _rows(np.random.default_rng(4), np.repeat([0, 1, 2], 100), 3)
    assert check(*rows) == check(*rows)


@every_check
def test_a_fair_model_is_not_accused(check: Check):
    rng, accused = np.random.default_rng(5), 0
    codes = np.repeat(np.arange(4), [300, 120, 60, 12])
    for _ in range(40):
        accused += any((m.lower or 0) > 0 for m in check(*_rows(rng, codes, 4)))
    assert accused <= 6  # 5 % of 40 is 2; more than 6 has a chance of 0.5 %


@every_check
def test_a_fair_model_is_not_accused_where_patients_repeat(check: Check):
    rng, accused = np.random.default_rng(6), 0
    patient = np.repeat(np.arange(80), 6)
    home = np.repeat([0, 1], [50, 30])
    for _ in range(25):
        own = rng.beta(0.9, 2.1, 80)  # rows of one patient are alike, outcome included
        label = (rng.random(80) < own).astype(np.int8)
        rows = Scores(label=label[patient], score=own[patient], patient=patient)
        by = Groups(attribute="ward", names=("a", "b"), codes=home[patient])
        found = check(rows, by)
        assert "patient" in found[0].method
        assert found[0].support <= 80
        accused += any((m.lower or 0) > 0 for m in found)
    assert accused <= 5


def test_tiny_groups_are_not_accused_by_wilson():
    # One flagged patient in a group of one: Newcombe's limits alone exclude 0, and so do those of 5 % of such groups.
    flag = np.r_[np.zeros(960), np.ones(39), 1.0]
    label = np.tile([0, 1], 500).astype(np.int8)
    by = Groups(attribute="site", names=("a", "b"), codes=np.repeat([0, 1], [999, 1]))
    alone = demographic_parity(Scores(label=label, score=flag), by, 0)[1]
    assert alone.details["signed_lower"] > 0
    assert alone.details["p"] == pytest.approx(hypergeom.pmf(1, 1000, 40, 1), abs=0.012)
    crowd = np.r_[np.zeros(800), np.arange(1, 41), np.zeros(160)].astype(np.int64)
    flag = (np.random.default_rng(7).random(1000) < 0.04).astype(float)
    flag[800:840:4] = 1
    by = Groups(attribute="site", names=tuple(map(str, range(41))), codes=crowd)
    found = demographic_parity(Scores(label=label, score=flag), by, 0)
    one = found[1]
    assert one.details["signed_lower"] > 0
    assert (one.estimate > 0.9, one.lower) == (True, 0.0)
    assert one.details["p_holm"] > 0.05


def test_null_limit_is_what_permuted_groups_reach():
    rng = np.random.default_rng(8)
    rows, by = _rows(rng, np.repeat([0, 1, 2], [200, 60, 15]), 3)
    found = demographic_parity(rows, by, 0, threshold=0.3)[0]
    reached = []
    for _ in range(300):
        shuffled = Groups(attribute="race", names=by.names, codes=rng.permutation(by.codes))
        flags = rows.score >= 0.3
        rates = [
            abs(flags[shuffled.codes == i].mean() - flags[shuffled.codes != i].mean()) for i in range(len(by.names))
        ]
        reached.append(max(rates))
    assert found.details["null_95"] == pytest.approx(np.quantile(reached, 0.95), rel=0.15)
    assert found.details["permutations"] == 1999


def test_rates_are_those_of_fairlearns_metric_frame_on_rows():
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    rng = np.random.default_rng(10)
    rows, by = _rows(rng, rng.integers(0, 4, 800), 4)
    flag = (rows.score >= 0.3).astype(int)
    theirs = MetricFrame(
        metrics={
            "selection rate": selection_rate,
            "true positive rate": true_positive_rate,
            "false positive rate": false_positive_rate,
            "positive predictive value": precision_score,
            "negative predictive value": lambda y, p: precision_score(y, p, pos_label=0),
        },
        y_true=rows.label,
        y_pred=flag,
        sensitive_features=by.codes,
    ).by_group
    compared = 0
    for check in RATES.values():
        for i, m in enumerate(check(rows, by)):
            for rate in m.details.get("rates", [m.details]):
                expected = pytest.approx(theirs[rate["rate"]][i], abs=1e-12)
                assert (rate["group_rate"], rate["fairlearn_rate"]) == (expected, expected)
                compared += 1
    assert compared == 4 * 6


def _difference(value: float, half: float, p: float, name: str) -> Difference:
    return Difference(value=value, lower=value - half, upper=value + half, p=p, details={"rate": name})


def test_noise_in_one_rate_hides_no_gap_in_another():
    rows, by = _rows(np.random.default_rng(9), np.repeat([0, 1, 2], 50), 3)
    noisy, real, none = (
        _difference(-0.3, 0.4, 0.1, "noisy"),
        _difference(0.2, 0.1, 0.001, "real"),
        _difference(0.0, 0.1, 1.0, "none"),
    )
    found = measurements(
        rows,
        by,
        [[noisy, noisy, none], [real, none, None]],
        supports=np.array([50, 50, 0]),
        messages=["", "", "no rows"],
        method="",
        details={"null_95": 0.25},
    )
    assert (found[0].estimate, found[0].lower, found[0].upper) == pytest.approx((0.2, 0.1, 0.7))
    assert found[0].details["rate"] == "real"
    assert (found[1].estimate, found[1].lower, found[1].upper) == pytest.approx((0.3, 0.0, 0.7))
    assert found[1].details["rate"] == "noisy"
    assert (found[2].estimate, found[2].sufficient, found[2].message) == (None, False, "no rows")
    assert all(m.details["null_95"] == 0.25 for m in found)
