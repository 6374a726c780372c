"""Rows of the same patient are not worth as much as rows of different patients."""

from __future__ import annotations

import numpy as np
import pytest

from govern.stats.clusters import effective, repeated, squares, totals, units
from govern.stats.mean import student
from govern.stats.proportion import wilson


def test_independent_rows_count_as_they_are():
    hit = np.array([True, False, True])
    assert effective(hit, None) == (2.0, 3.0)
    assert effective(hit, np.array([5, 9, 7])) == (2.0, 3.0)
    assert repeated(np.array([5, 9, 7])) is None
    assert list(repeated(np.array([9, 5, 9]))) == [1, 0, 1]


def test_duplicated_rows_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    hit = rng.random(60) < 0.7
    low, high = wilson(*effective(hit, None))
    for times in (2, 10):
        again_low, again_high = wilson(*effective(np.tile(hit, times), np.tile(np.arange(60), times)))
        assert again_low <= low
        assert again_high >= high
        assert again_high - again_low < 1.1 * (high - low)


def test_all_hits_are_worth_one_row_a_patient():
    assert effective(np.ones(50, dtype=bool), np.repeat(np.arange(5), 10)) == (5.0, 5.0)
    assert effective(np.zeros(50, dtype=bool), np.repeat(np.arange(5), 10)) == (0.0, 5.0)
    count, size = effective(np.array([True, False, True, False]), np.zeros(4, dtype=int))
    assert (count, size) == (0.5, 1.0)


def test_size_never_exceeds_the_rows():
    # every patient one hit and one miss: no variance between patients at all
    assert effective(np.tile([True, False], 30), np.repeat(np.arange(30), 2)) == (30.0, 60.0)


def test_interval_covers_where_patients_differ():
    rng, covered, naive = np.random.default_rng(2), 0, 0
    for _ in range(500):
        risk = rng.beta(4, 1, size=40)  # mean 0.8
        patient = np.repeat(np.arange(40), 10)
        hit = rng.random(400) < risk[patient]
        low, high = wilson(*effective(hit, patient))
        covered += low <= 0.8 <= high
        low, high = wilson(int(hit.sum()), 400)
        naive += low <= 0.8 <= high
    assert covered / 500 >= 0.93
    assert naive / 500 < 0.85


def test_units_are_patients():
    rows = np.array([True, True, False, True])
    assert units(rows, None) == 3
    assert units(rows, np.array([0, 0, 1, 1])) == 2
    assert list(totals(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0]))) == [4.0, 2.0]


def test_mean_interval_is_students_and_keeps_patients_whole():
    from scipy.stats import t

    rng = np.random.default_rng(3)
    values = rng.random(30)
    expected = t.interval(0.95, 29, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(30))
    once = student(values, None)
    assert once == pytest.approx(expected, abs=1e-12)
    assert student(np.tile(values, 4), np.tile(np.arange(30), 4)) == pytest.approx(once, abs=1e-12)


def test_mean_without_variance_has_no_interval():
    assert student(np.full(10, 0.1), None) is None
    assert student(np.array([0.3]), None) is None
    assert student(np.array([0.1, 0.9]), np.array([0, 0])) is None


def test_weights_stand_for_rows():
    rng = np.random.default_rng(4)
    hit, values, weight = rng.random(40) < 0.3, rng.normal(size=40), rng.integers(1, 9, 40)
    each = np.repeat(hit, weight)
    assert effective(hit, None, weight=weight) == effective(each, None)
    assert units(hit, None, weight=weight) == units(each, None)
    assert squares(values, None, weight=weight) == pytest.approx(squares(np.repeat(values, weight), None), abs=1e-12)
    assert squares(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0])) == 20


@pytest.mark.parametrize("far", [0, 10**12, -5])
def test_any_codes_of_patients_are_made_dense(far):
    codes = np.array([3, 1, 3, 7, 1]) + far
    assert list(repeated(codes)) == [1, 0, 1, 2, 0]
    assert repeated(codes[[0, 1, 3]]) is None
    assert repeated(codes[:0]) is None
    assert list(repeated(np.array([9, 4, 9], dtype=np.uint64))) == [1, 0, 1]
