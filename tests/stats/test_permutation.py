"""Permuted group labels against exact distributions and against labels that are really shuffled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from govern.stats.permutation import Table, shuffled, tabulate, two_sided


def test_two_groups_are_hypergeometric():
    table = Table(hits=np.array([0, 1]), rows=np.array([1, 1]), count=np.array([[30, 60], [20, 10]]))
    drawn = shuffled(table, np.random.default_rng(0), draws=40_000)
    hits = np.arange(31)
    gap = hits / 50 - (30 - hits) / 70
    weight = hypergeom.pmf(hits, 120, 30, 50)
    assert table.differences() == pytest.approx([20 / 50 - 10 / 70, 10 / 70 - 20 / 50])
    assert drawn.mean(axis=0) == pytest.approx([0, 0], abs=0.002)
    assert drawn[:, 0].std() == pytest.approx(np.sqrt(weight @ gap**2), rel=0.02)
    assert (drawn[:, 0] == -drawn[:, 1]).all()
    weaker = Table(hits=table.hits, rows=table.rows, count=np.array([[35, 55], [15, 15]]))
    exact = weight[np.abs(gap) >= abs(15 / 50 - 15 / 70) - 1e-12].sum()
    assert two_sided(weaker.differences(), drawn) == pytest.approx([exact, exact], abs=0.01)


def test_many_groups_equal_labels_that_are_shuffled():
    rng = np.random.default_rng(1)
    group, hit = np.repeat([0, 1, 2], [60, 30, 10]), rng.random(100) < 0.3
    table = tabulate(hit, group, 3)
    drawn = shuffled(table, rng, draws=4000)
    really = np.array([tabulate(rng.permutation(hit), group, 3).differences() for _ in range(4000)])
    assert drawn.std(axis=0) == pytest.approx(really.std(axis=0), rel=0.05)
    largest, expected = (np.quantile(np.abs(d).max(axis=1), 0.95) for d in (drawn, really))
    assert largest == pytest.approx(expected, rel=0.06)


def test_patients_move_with_all_of_their_rows():
    rng = np.random.default_rng(2)
    rows = rng.integers(1, 6, 80)
    group_of = np.repeat([0, 1], [50, 30])
    patient = np.repeat(np.arange(80), rows)
    often = rng.random(80)  # rows of one patient resemble each other
    hit = rng.random(len(patient)) < often[patient]
    table = tabulate(hit, group_of[patient], 2, patient=patient)
    assert table.count.sum(axis=0).tolist() == [50, 30]
    assert int(table.rows @ table.count.sum(axis=1)) == len(patient)
    assert int(table.hits @ table.count.sum(axis=1)) == hit.sum()
    drawn = shuffled(table, rng, draws=4000)
    really = []
    for _ in range(4000):
        inside = rng.permutation(group_of)[patient] == 0
        really.append(hit[inside].mean() - hit[~inside].mean())
    assert drawn[:, 0].std() == pytest.approx(np.std(really), rel=0.05)
    alone = shuffled(tabulate(hit, group_of[patient], 2), rng, draws=4000)
    assert drawn[:, 0].std() > 1.3 * alone[:, 0].std()


def test_a_patient_in_two_groups_is_a_unit_of_each():
    table = tabulate(np.array([True, False, True]), np.array([0, 0, 1]), 2, patient=np.array([7, 7, 7], dtype=np.int64))
    assert table.count.sum(axis=0).tolist() == [1, 1]
    assert table.differences() == pytest.approx([-0.5, 0.5])


def test_weights_are_rows():
    rng = np.random.default_rng(3)
    hit, group, weight = rng.random(40) < 0.4, rng.integers(0, 4, 40), rng.integers(1, 9, 40)
    a = tabulate(hit, group, 4, weight=weight)
    b = tabulate(np.repeat(hit, weight), np.repeat(group, weight), 4)
    assert (a.count == b.count).all()
    same = [shuffled(t, np.random.default_rng(4), draws=50) for t in (a, b)]
    assert (same[0] == same[1]).all()


def test_the_level_is_kept_by_few_draws():
    rng, rejected = np.random.default_rng(5), 0
    for _ in range(400):
        table = tabulate(rng.random(60) < 0.2, np.repeat([0, 1], [50, 10]), 2)
        rejected += two_sided(table.differences(), shuffled(table, rng, draws=39))[0] <= 0.05
    assert rejected / 400 <= 0.08


def test_nothing_to_permute():
    empty = tabulate(np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64), 3)
    assert np.isnan(shuffled(empty, np.random.default_rng(0), draws=5)).all()
    assert np.isnan(empty.differences()).all()
    one = tabulate(np.array([True, False]), np.array([1, 1]), 3)
    assert np.isnan(shuffled(one, np.random.default_rng(0), draws=5)).all()
    flat = tabulate(np.ones(6, dtype=bool), np.array([0, 0, 1, 1, 1, 2]), 3)
    drawn = shuffled(flat, np.random.default_rng(0), draws=5)
    assert (drawn == 0).all()
    assert two_sided(flat.differences(), drawn).tolist() == [1.0, 1.0, 1.0]


def test_large_tables_are_drawn_in_blocks():
    table = Table(hits=np.arange(400), rows=np.full(400, 400), count=np.random.default_rng(6).integers(0, 3, (400, 30)))
    assert shuffled(table, np.random.default_rng(7), draws=200).shape == (200, 30)


def test_the_cost_does_not_grow_with_the_rows():
    import time

    start = time.process_time()
    count = np.array([[4_000_000, 3_000_000, 1_000_000], [400_000, 300_000, 100_000]])
    shuffled(Table(hits=np.array([0, 1]), rows=np.array([1, 1]), count=count), np.random.default_rng(8), draws=2000)
    assert time.process_time() - start < 1
