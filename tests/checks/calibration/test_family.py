"""What holds for every calibration check of a binary task: weights, patients, odd slices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from govern.checks.catalogue import load
from govern.scan.reduce import reduce
from govern.scan.scores import Scores

_CHECKS = (
    "slope",
    "joint_intercept",
    "in_the_large",
    "ece",
    "ici",
    "emax",
    "brier_reliability",
    "hosmer_lemeshow",
    "observed_expected",
)
_NEED_LOGIT = ("slope", "joint_intercept", "in_the_large")


def _measure(name: str, scores: Scores):
    check = load(f"calibration.{name}")
    return check.function(scores, *((7,) if "seed" in check.inputs else ()))


def _numbers(value):
    """Yield every number in nested details."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    else:
        yield value


def _like(found, expected, tolerance):
    assert found.estimate == pytest.approx(expected.estimate, abs=1e-10)
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), abs=tolerance)
    assert (found.n, found.events, found.support) == (expected.n, expected.events, expected.support)
    assert (found.sufficient, found.method) == (expected.sufficient, expected.method)
    assert list(_numbers(dict(found.details))) == pytest.approx(list(_numbers(dict(expected.details))), abs=tolerance)


@pytest.mark.parametrize("name", _CHECKS)
@pytest.mark.parametrize("n", [60, 1500])
def test_weights_are_repeated_rows(name, n, cohort):
    rows = cohort(n, 1, stretch=1.3)
    score = np.round(rows.score, 3)  # both labels at many scores, as cells have
    weight = np.random.default_rng(2).integers(1, 6, n)
    found = _measure(name, Scores(label=rows.label, score=score, weight=weight))
    expected = _measure(name, Scores(label=np.repeat(rows.label, weight), score=np.repeat(score, weight)))
    _like(found, expected, 1e-8)  # draws: the root of a covariance keeps half of its digits


@pytest.mark.parametrize("name", _CHECKS)
def test_order_of_rows_does_not_matter(name, cohort):
    rows = cohort(800, 3)
    mixed = np.random.default_rng(4).permutation(800)
    _like(_measure(name, rows.where(mixed)), _measure(name, rows), 1e-8)


@pytest.mark.parametrize("name", _CHECKS)
def test_patients_with_a_row_each_are_rows(name, cohort):
    rows = cohort(300, 5)
    patients = Scores(label=rows.label, score=rows.score, patient=np.random.default_rng(6).permutation(300) * 3)
    assert _measure(name, patients) == _measure(name, rows)


@pytest.mark.parametrize("name", _CHECKS)
def test_repeating_rows_of_patients_does_not_shrink_the_interval(name, cohort):
    rows = cohort(400, 7, stretch=1.5)
    once = _measure(name, rows)
    copies = {"label": np.tile(rows.label, 6), "score": np.tile(rows.score, 6)}
    again = _measure(name, Scores(**copies, patient=np.tile(np.arange(400), 6)))
    assert again.estimate == pytest.approx(once.estimate, rel=0.02)
    assert again.upper - again.lower == pytest.approx(once.upper - once.lower, rel=0.15)
    assert again.support == once.support
    assert "patient" in again.method
    blind = _measure(name, Scores(**copies))
    assert blind.upper - blind.lower < 0.75 * (again.upper - again.lower)


@pytest.mark.parametrize("name", _CHECKS)
@pytest.mark.parametrize("label", [[], [0], [1], [0, 0, 0], [1, 1]])
def test_one_class_gives_no_estimate(name, label):
    found = _measure(name, Scores(label=np.array(label, dtype=np.int8), score=np.full(len(label), 0.4)))
    assert (found.estimate, found.lower, found.upper, found.sufficient, found.support) == (None, None, None, False, 0)
    assert found.message


@pytest.mark.parametrize("name", _CHECKS)
def test_one_patient_is_no_evidence(name):
    label = np.array([0, 1, 0, 1, 1], dtype=np.int8)
    score = np.array([0.1, 0.3, 0.4, 0.6, 0.7])
    found = _measure(name, Scores(label=label, score=score, patient=np.zeros(5, dtype=np.int64)))
    assert (found.estimate, found.sufficient) == (None, False)
    assert "one patient" in found.message


@pytest.mark.parametrize("name", _CHECKS)
@pytest.mark.parametrize("constant", [0.0, 1e-300, 0.3, 1 - 1e-16, 1.0])
def test_constant_scores_are_no_traceback(name, constant):
    found = _measure(name, Scores(label=np.repeat([1, 0], [40, 60]).astype(np.int8), score=np.full(100, constant)))
    numbers = [v for v in (found.lower, found.estimate, found.upper) if v is not None]
    assert all(map(math.isfinite, numbers))
    assert numbers == sorted(numbers)
    assert found.sufficient or found.message


@pytest.mark.parametrize("name", _CHECKS)
def test_two_rows_are_no_traceback_and_no_certainty(name):
    found = _measure(name, Scores(label=np.array([0, 1], dtype=np.int8), score=np.array([0.4, 0.6])))
    assert not (found.sufficient and found.lower == found.upper)


@pytest.mark.parametrize("name", _CHECKS)
def test_certain_scores_are_measured_where_no_logit_is_needed(name, cohort):
    rows = cohort(900, 8)
    label = np.concatenate([rows.label, np.repeat([0, 1], [50, 50])]).astype(np.int8)
    score = np.concatenate([rows.score, np.repeat([0.0, 1.0], [50, 50])])
    found = _measure(name, Scores(label=label, score=score))
    if name in _NEED_LOGIT:
        assert (found.estimate, found.sufficient) == (None, False)
        assert "100 of 1000 scores are exactly 0 or 1 (0 of them wrong)" in found.message
    else:
        assert found.estimate is not None
        assert found.lower <= found.estimate <= found.upper


@pytest.mark.parametrize("name", [c for c in _CHECKS if c not in (*_NEED_LOGIT, "observed_expected")])
def test_a_calibrated_model_is_not_accused(name, cohort):
    found = [_measure(name, cohort(500, seed)) for seed in range(60)]
    assert np.mean([m.lower == 0 for m in found]) >= 0.9
    assert all(m.upper > 0 for m in found)


@pytest.mark.parametrize("name", _CHECKS)
def test_details_are_json_and_bounded(name, cohort):
    import json

    found = _measure(name, cohort(20_000, 9))
    assert len(json.dumps(dict(found.details), allow_nan=False)) < 40_000


@pytest.mark.parametrize("name", ["hosmer_lemeshow", "brier_reliability", "ece"])
def test_cells_whose_edges_are_those_of_the_groups_give_the_numbers_of_the_rows(name):
    rng = np.random.default_rng(11)
    logit = rng.normal(-2, 1.2, 80_000)
    label = (rng.random(80_000) < 1 / (1 + np.exp(-0.9 * logit))).astype(np.int8)
    rows = Scores(label=label, score=1 / (1 + np.exp(-logit)))
    whole, cells, coarse = (_measure(name, x) for x in (rows, reduce(rows, most=8000), reduce(rows, most=8192)))
    assert cells.estimate == pytest.approx(whole.estimate, rel=1e-10)
    assert (cells.lower, cells.upper) == pytest.approx((whole.lower, whole.upper), rel=1e-6)
    for one, other in ((coarse.estimate, whole.estimate), (coarse.lower, whole.lower), (coarse.upper, whole.upper)):
        assert one == pytest.approx(other, rel=0.05)
