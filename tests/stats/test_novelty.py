from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from govern.stats.novelty import beyond_chance, least_seen, new_words, spikes, tails

SIDES = {"n": 1000.0, "m": 500.0, "alpha": 0.01, "rarer": 5.0}


def test_chance_is_scipys_binomial_tail_and_above_the_hypergeometric_one():
    n, m = 300, 200
    for now, then in ((12, 0), (15, 1), (30, 8), (3, 0), (1, 40)):
        tail = binom.sf(now - 1, now + then, n / (n + m))
        assert hypergeom.sf(now - 1, n + m, n, now + then) <= tail
        counts = np.array([float(now)]), np.array([float(then)])
        assert beyond_chance(*counts, n=n, m=m, alpha=tail * (1 + 1e-9))[0]
        assert not beyond_chance(*counts, n=n, m=m, alpha=tail * (1 - 1e-9))[0]


def test_the_least_that_is_seen_is_where_chance_ends():
    least = least_seen(1000, 500, 0.001) * 1000
    assert (2 / 3) ** least == pytest.approx(0.001, rel=1e-12)
    nothing = np.zeros(1)
    assert beyond_chance(np.array([np.ceil(least)]), nothing, n=1000, m=500, alpha=0.001)[0]
    assert not beyond_chance(np.array([np.floor(least)]), nothing, n=1000, m=500, alpha=0.001)[0]


def test_a_count_of_nothing_is_never_new():
    assert not beyond_chance(np.zeros(2), np.array([0.0, 5.0]), n=10, m=10, alpha=1e-3).any()


def test_new_words_are_rare_in_the_reference():
    then, now = np.array([250.0, 200.0, 50.0, 0.0]), np.array([500.0, 100.0, 300.0, 100.0])
    # The third word is three times as frequent, the last was never there.
    assert new_words(then, now, **SIDES).tolist() == [False, False, False, True]
    assert not new_words(then, np.array([500.0, 400.0, 95.0, 5.0]), **SIDES).any()


def test_tails_at_both_ends():
    then = np.concatenate([np.zeros(3), np.full(50, 10.0), np.zeros(3)])
    now = np.concatenate([np.full(3, 20.0), np.full(50, 18.0), np.zeros(3)])
    low = tails(then, now, **SIDES)
    assert np.flatnonzero(low).tolist() == [0, 1, 2]
    assert np.flatnonzero(tails(then[::-1], now[::-1], **SIDES)).tolist() == [53, 54, 55]
    assert not tails(then, np.where(then > 0, 20.0, 0), **SIDES).any()
    # Beyond all but 8 of the reference's rows, where chance would have 16.
    far = np.concatenate([[8.0], np.full(49, 10.0)])
    assert np.flatnonzero(tails(far, np.concatenate([[120.0], np.full(49, 18.0)]), **SIDES)).tolist() == [0]


def test_a_spike_stands_out_from_its_neighbours_and_from_the_reference():
    value = np.arange(100.0)
    then, now = np.full(100, 5.0), np.full(100, 10.0)
    spiked = np.where(value == 40, 90.0, now)
    assert np.flatnonzero(spikes(value, then, spiked, **SIDES)).tolist() == [40]
    assert not spikes(value, then, now, **SIDES).any()
    # The reference has it as often.
    assert not spikes(value, np.where(value == 40, 45.0, then), spiked, **SIDES).any()


def test_rounding_in_one_of_the_samples_is_no_spike():
    rng = np.random.default_rng(0)
    for of_now, of_then in ((1, 3), (3, 1), (0, 6), (6, 0)):
        a, b = rng.normal(80, 10, 1000).round(of_now), rng.normal(80, 10, 500).round(of_then)
        value, place = np.unique(np.concatenate([a, b]), return_inverse=True)
        now, then = (np.bincount(side, minlength=len(value)).astype(float) for side in (place[:1000], place[1000:]))
        assert not spikes(value, then, now, **SIDES).any()


def test_nothing_current_has_no_spikes():
    assert not spikes(np.arange(3.0), np.ones(3), np.zeros(3), **SIDES).any()


@pytest.mark.parametrize("kind", ["continuous", "whole", "skewed", "tied"])
def test_one_population_is_rarely_new(kind):
    """At alpha 0.05 each, fewer than 5 in 100 honest pairs show anything (400 pairs: 97.5 % quantile 29)."""
    rng = np.random.default_rng(3)
    wrong = np.zeros(2)
    for _ in range(400):
        both = rng.normal(0, 1, 900)
        if kind == "skewed":
            both = np.exp(2 * both)
        elif kind == "whole":
            both = (20 * both).round()
        elif kind == "tied":
            both = both.round(0)
        value, place = np.unique(both, return_inverse=True)
        now, then = (np.bincount(side, minlength=len(value)).astype(float) for side in (place[:600], place[600:]))
        sides = {"n": 600.0, "m": 300.0, "alpha": 0.05, "rarer": 1.5}
        wrong += [tails(then, now, **sides).any(), spikes(value, then, now, **sides).any()]
    assert (wrong <= 29).all()
