"""What every binary performance check must bear: weighted rows, few rows, one class, scores of exactly 0 or 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
import pytest

from govern.canonical import plain
from govern.checks import catalogue
from govern.scan.outcomes import Comparator
from govern.scan.scores import Scores
from govern.types import Measurement

NAMES = (
    "alert_burden",
    "auprc",
    "auroc",
    "auroc_difference",
    "brier",
    "f1",
    "negative_agreement",
    "net_benefit",
    "npv",
    "positive_agreement",
    "ppv",
    "repeatability",
    "sensitivity",
    "specificity",
)
CHECKS: dict[str, tuple[str, dict[str, Any]]] = {name: (name, {}) for name in NAMES} | {
    "ppv at a prevalence": ("ppv", {"prevalence": 0.02}),
    "npv at a prevalence": ("npv", {"prevalence": 0.02}),
    "f1, exact": ("f1", {"interval": "clopper-pearson"}),
    "repeatability in %": ("repeatability", {"relative": True}),
}


def _measure(name: str, cohort: Scores, other: np.ndarray | None = None) -> Measurement:
    check, params = CHECKS[name]
    found = catalogue.load(f"performance.{check}")
    given: dict[str, Any] = {
        "scores": cohort,
        "seed": 7,
        "comparator": Comparator(name="nurse", score=1 - cohort.score**2 if other is None else other),
    }
    function: Callable[..., Measurement] = found.function
    return function(*(given[i] for i in found.inputs), **params)


def _scores(label, score, patient=None, weight=None) -> Scores:
    def whole(values):
        return None if values is None else np.asarray(values, dtype=np.int64)

    return Scores(
        label=np.asarray(label, dtype=np.int8),
        score=np.asarray(score, dtype=float),
        patient=whole(patient),
        weight=whole(weight),
    )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for name, part in value.items() for k, v in _flat(part, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {k: v for i, part in enumerate(value) for k, v in _flat(part, f"{path}.{i}").items()}
    return {path: value}


def _facts(found: Measurement) -> dict[str, Any]:
    return _flat(plain(dataclasses.asdict(found)))


def _same(found: Measurement, expected: Measurement, tolerance: float = 1e-12) -> None:
    got, want = _facts(found), _facts(expected)
    assert got.keys() == want.keys()
    for path, value in want.items():
        if isinstance(value, float):
            assert got[path] == pytest.approx(value, abs=tolerance, rel=tolerance), path
        else:
            assert got[path] == value, path


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("rows", [(300, 3), (300, 60)])
def test_weighted_rows_equal_repeated_rows(name, rows):
    k, most = rows
    rng = np.random.default_rng(k + most)
    score = np.round(rng.beta(1, 3, k), 2)
    label = (rng.random(k) < score).astype(np.int8)
    weight = rng.integers(1, most, k)
    other = np.where(rng.random(k) < 0.1, np.nan, rng.random(k).round(1))
    cells = _scores(label, score, weight=weight)
    each = _scores(np.repeat(label, weight), np.repeat(score, weight))
    _same(_measure(name, cells, other), _measure(name, each, np.repeat(other, weight)))


@pytest.mark.parametrize("name", CHECKS)
def test_the_order_of_rows_is_no_matter(name):
    rng = np.random.default_rng(5)
    score = rng.random(3000)  # no ties: the bootstrap then draws the same rows
    label, patient = (rng.random(3000) < score).astype(np.int8), rng.integers(0, 900, 3000)
    order = rng.permutation(3000)
    _same(
        _measure(name, _scores(label[order], score[order], patient[order])),
        _measure(name, _scores(label, score, patient)),
        tolerance=1e-10,
    )


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "cohort",
    [
        _scores([], []),
        _scores([1], [0.7]),
        _scores([0], [0.2]),
        _scores([1], [1.0], weight=[1]),
        _scores([0, 0, 0], [0.1, 0.6, 0.9]),
        _scores([1, 1], [0.6, 0.1]),
        _scores([1, 0] * 30, np.full(60, 0.5)),
        _scores([1, 0] * 30, np.full(60, 0.4)),
        _scores([0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0]),
        _scores([0, 1] * 20, [0.0, 1.0] * 20),
        _scores([0, 1] * 20, [0.0, 0.0] * 20),
        _scores([0, 1] * 5000, [0.0, 1.0] * 5000),
        _scores([0, 1] * 10, np.linspace(0, 1, 20), np.zeros(20)),
        _scores([0, 1] * 10, np.linspace(0, 1, 20), np.repeat([0, 1], 10)),
        _scores([0, 1] * 10, [0.0, 1.0] * 10, np.repeat(np.arange(10), 2)),
        _scores([0] * 10, np.linspace(0, 1, 10), np.repeat(np.arange(5), 2)),
        _scores([0, 1], [0.2, 0.8], weight=[5000, 20]),
        _scores([1] + [0] * 3000, np.linspace(1, 0, 3001)),
    ],
    ids=lambda c: f"{c.n}-{c.events}",
)
def test_odd_slices_neither_crash_nor_claim(name, cohort):
    found = _measure(name, cohort)
    numbers = [v for v in (found.lower, found.estimate, found.upper) if v is not None]
    assert all(isfinite(v) for v in numbers)
    assert all(a <= b + 1e-12 for a, b in pairwise(numbers))
    assert all(isfinite(v) for v in _facts(found).values() if isinstance(v, float))
    if found.estimate is None:
        assert (found.lower, found.upper, found.sufficient) == (None, None, False)
        assert found.message
    elif found.sufficient:
        assert found.lower < found.upper
    else:
        assert found.message
    assert found.support is not None
    assert found.support <= max(found.n, 0)


@pytest.mark.parametrize("name", [n for n in CHECKS if not n.startswith("repeatability")])
def test_copies_of_a_patients_rows_are_no_more_evidence(name):
    rng = np.random.default_rng(8)
    score = rng.random(300)
    label, other = (rng.random(300) < score).astype(np.int8), rng.random(300)
    once = _measure(name, _scores(label, score), other)
    again = _measure(name, _scores(np.tile(label, 8), np.tile(score, 8), np.tile(np.arange(300), 8)), np.tile(other, 8))
    assert again.estimate == pytest.approx(once.estimate, abs=1e-9)
    assert again.support == once.support
    assert again.upper - again.lower > 0.9 * (once.upper - once.lower)
    assert "patient" in again.method
