"""Groups and their rests in one pass, against scipy and against the same computed side by side."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from govern.stats.auroc import area
from govern.stats.clusters import repeated, units
from govern.stats.gaps import Ranked, means, present, ranked, ranked_sides, square_and_add, welch
from govern.stats.mean import student
from govern.stats.proportion import newcombe, wilson


def _clustered(rng: np.random.Generator, *, wander: bool):
    patient = np.repeat(np.arange(60), rng.integers(1, 6, 60)).astype(np.int64)
    home = rng.integers(0, 4, 60)
    group = rng.integers(0, 4, len(patient)) if wander else home[patient]
    return rng.normal(size=60)[patient] + rng.normal(size=len(patient)), group.astype(np.int64), patient


def test_welch_equals_scipy():
    rng = np.random.default_rng(0)
    group, values = rng.integers(0, 3, 90), rng.normal(5, 2, 90)
    gaps = welch(means(values, group, 3), level=0.99)
    for i in range(3):
        theirs = ttest_ind(values[group == i], values[group != i], equal_var=False)
        limits = theirs.confidence_interval(0.99)
        assert gaps.value[i] == pytest.approx(values[group == i].mean() - values[group != i].mean(), abs=1e-12)
        assert (gaps.lower[i], gaps.upper[i]) == pytest.approx((limits.low, limits.high), abs=1e-12)
        assert gaps.p[i] == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("wander", [False, True])
def test_clustered_means_equal_those_of_either_side(wander: bool):
    rng = np.random.default_rng(1)
    values, group, patient = _clustered(rng, wander=wander)
    both = means(values, group, 4, patient=patient)
    for i in range(4):
        for side, rows in enumerate((group == i, group != i)):
            mean, k = values[rows].mean(), len(np.unique(patient[rows]))
            assert both.value[side, i] == pytest.approx(mean, abs=1e-12)
            assert both.units[side, i] == k
            low, high = student(values[rows], repeated(patient[rows]))
            from scipy.special import stdtrit

            half = stdtrit(k - 1, 0.975) * np.sqrt(both.variance[side, i])
            assert (mean - half, mean + half) == pytest.approx((low, high), abs=1e-12)


def test_weights_are_rows():
    rng = np.random.default_rng(2)
    values, group, weight = rng.random(50), rng.integers(0, 3, 50), rng.integers(1, 30, 50)
    a = means(values, group, 3, weight=weight)
    b = means(np.repeat(values, weight), np.repeat(group, weight), 3)
    for x, y in ((a.value, b.value), (a.variance, b.variance), (a.units, b.units)):
        assert x == pytest.approx(y, rel=1e-12)
    assert (present(group, 3, weight=weight) == present(np.repeat(group, weight), 3)).all()


def test_no_variance_leaves_nothing_to_judge_by():
    group = np.repeat([0, 1, 2, 3], [5, 1, 5, 9])
    values = np.r_[np.full(5, 0.25), 0.7, np.random.default_rng(3).random(14)]
    both = means(values, group, 5)
    assert np.isnan(both.variance[0]).tolist() == [True, True, False, False, True]
    assert np.isnan(both.variance[1]).tolist() == [False] * 5
    assert np.isnan(means(np.full(8, 0.3), np.repeat([0, 1], 4), 2).variance).all()
    assert np.isnan(means(np.zeros(0), np.zeros(0, dtype=np.int64), 2).value).all()


@pytest.mark.parametrize("wander", [False, True])
def test_patients_of_groups_and_rests(wander: bool):
    _, group, patient = _clustered(np.random.default_rng(4), wander=wander)
    found = present(group, 5, patient=patient)
    expected = [[units(rows, patient) for rows in (group == i, group != i)] for i in range(5)]
    assert found.T.tolist() == expected


def test_square_and_add_of_wilson_is_newcombes_method_10():
    a, b = (Ranked(value=x / n, se=0.1, limits=wilson(x, n)) for x, n in ((56, 70), (48, 80)))
    assert square_and_add(a, b) == pytest.approx(newcombe(56, 70, 48, 80), abs=1e-12)
    # Newcombe 1998, table II, case a, method 10, as printed
    assert square_and_add(a, b) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_degenerate_areas_have_limits_and_an_error():
    perfect = ranked(np.array([0] * 30 + [1] * 30, dtype=np.int8), np.linspace(0, 1, 60))
    constant = ranked(np.array([0, 1] * 30, dtype=np.int8), np.full(60, 0.5))
    assert perfect.value == perfect.limits[1] == 1 > perfect.limits[0] > 0.85
    assert constant.value == 0.5
    assert 0.3 < constant.limits[0] < 0.4
    assert min(perfect.se, constant.se) > 0


def test_areas_of_cells_equal_those_of_rows():
    rng = np.random.default_rng(5)
    label, score, weight = rng.integers(0, 2, 60).astype(np.int8), rng.integers(0, 20, 60) / 20, rng.integers(1, 9, 60)
    a = ranked(label, score, weight=weight)
    b = ranked(np.repeat(label, weight), np.repeat(score, weight))
    assert (a.value, a.se, *a.limits) == pytest.approx((b.value, b.se, *b.limits), rel=1e-12)
    assert a.value == area(label, score, weight=weight).estimate


@pytest.mark.parametrize("kind", ["rows", "ties", "constant", "weights", "patients"])
def test_areas_of_all_groups_equal_those_of_each_side(kind: str):
    rng = np.random.default_rng(9)
    n = 400
    score = np.sort({"ties": rng.integers(0, 6, n) / 6, "constant": np.full(n, 0.5)}.get(kind, rng.random(n)))
    label, group = (rng.random(n) < 0.2 + 0.5 * score).astype(np.int8), rng.integers(0, 4, n)
    patient = rng.integers(0, 150, n) if kind == "patients" else None
    weight = rng.integers(1, 50, n) if kind == "weights" else None
    found = ranked_sides(label, score, group, [0, 1, 3], patient=patient, weight=weight, level=0.9)
    for i, sides in zip([0, 1, 3], found, strict=True):
        for rows, side in zip((group == i, group != i), sides, strict=True):
            part = (None if x is None else x[rows] for x in (patient, weight))
            alone = ranked(label[rows], score[rows], next(part), weight=next(part), level=0.9)
            assert (side.value, side.se, *side.limits) == pytest.approx(
                (alone.value, alone.se, *alone.limits), rel=1e-12
            )


def test_a_single_event_in_a_group_is_ranked_as_alone():
    label, score = np.array([0, 0, 1, 0, 1, 1, 0, 1], dtype=np.int8), np.linspace(0, 1, 8)
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    ((of, rest),) = ranked_sides(label, score, group, [0])
    assert (of, rest) == (ranked(label[:4], score[:4]), ranked(label[4:], score[4:]))
