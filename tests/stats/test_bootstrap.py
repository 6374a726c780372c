"""The bootstrap: seeded, whole patients, right spread."""

from __future__ import annotations

import numpy as np
import pytest

from govern.stats import bootstrap
from govern.stats.bootstrap import bias_corrected, draws, percentile, replicate, replicate_cells, varies


def test_equal_seeds_give_equal_draws_and_every_draw_is_complete():
    first = np.concatenate(list(draws(50, replicates=300, seed=1)))
    assert first.shape == (300, 50)
    assert (first.sum(axis=1) == 50).all()
    assert (first == np.concatenate(list(draws(50, replicates=300, seed=1)))).all()
    assert (first != np.concatenate(list(draws(50, replicates=300, seed=2)))).any()


def test_blocks_bound_the_memory(monkeypatch):
    monkeypatch.setattr(bootstrap, "_BLOCK", 1000)
    sizes = [w.shape for w in draws(300, replicates=10, seed=1)]
    assert sizes == [(3, 300), (3, 300), (3, 300), (1, 300)]


def test_spread_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    means = replicate(lambda w: w @ values / 400, 400, replicates=4000, seed=3)
    assert means.std() == pytest.approx(values.std() / 20, rel=0.04)
    low, high = percentile(means)
    assert (high - low) / 3.92 == pytest.approx(values.std() / 20, rel=0.05)


def test_bias_correction_moves_the_quantiles_by_the_median_bias():
    values = np.random.default_rng(4).normal(size=200_000)
    assert bias_corrected(values, float(np.median(values))) == pytest.approx(percentile(values), abs=0.01)
    # replicates that lie half a standard deviation too high are brought down by a whole one
    assert bias_corrected(values, -0.5) == pytest.approx((-2.96, 0.96), abs=0.04)
    assert bias_corrected(values, -99.0)[0] == values.min()


def test_rounding_is_not_variation():
    assert not varies(np.array([0.1 + 0.2, 0.3]))
    assert not varies(np.array([]))
    assert varies(np.array([0.3, 0.3001]))


def test_cells_are_drawn_as_their_rows_are(monkeypatch):
    counts = np.array([30, 0, 50, 20])
    value = np.array([0.0, 9.0, 0.5, 1.0])

    def mean(w):
        return w @ value / w.sum(axis=1)

    cells = replicate_cells(mean, counts, replicates=20_000, seed=1)
    assert cells.shape == (20_000,)
    rows = np.repeat(value, counts)
    assert cells.mean() == pytest.approx(rows.mean(), abs=4 * rows.std() / 10 / np.sqrt(20_000))
    assert cells.std() == pytest.approx(rows.std() / 10, rel=0.02)
    assert (cells == replicate_cells(mean, counts, replicates=20_000, seed=1)).all()
    monkeypatch.setattr(bootstrap, "_BLOCK", 40)
    totals = replicate_cells(lambda w: w.sum(axis=1), counts, replicates=33, seed=1)
    assert (totals == 100).all()
    assert totals.shape == (33,)
