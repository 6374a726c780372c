"""Distances against hand calculation and scipy; intervals against simulation."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from govern.stats.drift import (
    effective_size,
    equal_mass_edges,
    jensen_shannon,
    noise,
    numeric_cells,
    psi,
    stability_index,
    wasserstein,
)


def test_psi_by_hand():
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5)
    assert psi(np.array([50.0, 50]), np.array([60.0, 40])) == pytest.approx(0.1 * log(1.2) - 0.1 * log(0.8), abs=1e-15)


def test_psi_is_both_relative_entropies():
    p, q = np.array([10.0, 25, 5, 60]), np.array([30.0, 20, 8, 42])
    assert psi(p, q) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-12)


def test_an_empty_cell_counts_as_half_a_row_and_one_empty_twice_is_no_cell():
    p = np.array([100.0, 0.5]) / 100.5
    q = np.array([0.9, 0.1])
    expected = ((q - p) * np.log(q / p)).sum()
    assert psi(np.array([100.0, 0]), np.array([90.0, 10])) == pytest.approx(expected, abs=1e-12)
    assert psi(np.array([100.0, 0, 0]), np.array([90.0, 10, 0])) == pytest.approx(expected, abs=1e-12)
    assert psi(np.array([90.0, 10]), np.array([100.0, 0])) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("shift", "n", "m"), [(0.0, 500, 1000), (0.1, 500, 1000), (0.3, 400, 1000), (0.5, 2000, 2000)])
def test_the_interval_covers_and_chance_is_the_bias(shift, n, m):
    rng = np.random.default_rng(11)
    edges = stats.norm.ppf(np.arange(1, 10) / 10)
    q = np.diff(np.r_[0, stats.norm.cdf(edges - shift), 1])
    p = np.full(10, 0.1)
    truth = float(((q - p) * np.log(q / p)).sum())
    drawn = [
        stability_index(rng.multinomial(m, p).astype(float), rng.multinomial(n, q).astype(float)) for _ in range(500)
    ]
    covered = np.mean([i.lower - 1e-12 <= truth <= i.upper + 1e-12 for i in drawn])
    assert covered >= 0.93
    assert np.mean([i.raw - i.chance for i in drawn]) == pytest.approx(truth, abs=0.006)
    if shift == 0:
        assert np.mean([i.raw > i.chance_limit for i in drawn]) == pytest.approx(0.05, abs=0.03)


def test_the_interval_is_that_of_the_non_central_chi_square():
    index = stability_index(np.array([100.0, 100, 100]), np.array([150.0, 100, 50]))
    unit = 2 / 300
    for bound, tail in ((index.lower, 0.975), (index.upper, 0.025)):
        assert stats.ncx2.cdf(index.raw / unit, 2, bound / unit) == pytest.approx(tail, abs=1e-9)
    assert index.chance == pytest.approx(2 * unit)
    assert index.chance_limit == pytest.approx(stats.chi2.ppf(0.95, 2) * unit)


def test_repeated_rows_widen_the_interval():
    p, q = np.array([500.0, 500]), np.array([560.0, 440])
    alone = stability_index(p, q)
    clustered = stability_index(p, q, n_reference=250, n_current=250)
    assert clustered.lower < alone.lower < alone.upper < clustered.upper


def test_effective_size():
    assert effective_size(None, 7) == 7
    assert effective_size(np.array([1, 2, 3]), 3) == 3
    assert effective_size(np.array([1, 1, 2, 2]), 4) == 2
    assert effective_size(np.array([1, 1, 1, 2]), 4) == pytest.approx(16 / 10)


def test_equal_mass_edges_are_values_and_ties_share_a_cell():
    assert equal_mass_edges(np.arange(1.0, 11), 5).tolist() == [2, 4, 6, 8]
    assert equal_mass_edges(np.array([0.0] * 9 + [1.0]), 10).tolist() == [0]
    assert equal_mass_edges(np.full(5, 3.0), 10).tolist() == []


def test_what_the_reference_never_has_is_in_cells_of_its_own():
    edges, then, now = numeric_cells(np.arange(1.0, 101), np.array([0.0, 1, 100, 101]), 4)
    assert edges.tolist() == [np.nextafter(1, 0), 25, 50, 75, 100]
    assert then.tolist() == [0, 25, 25, 25, 25, 0]
    assert now.tolist() == [1, 1, 0, 0, 1, 1]
    _, then, now = numeric_cells(np.array([1.0, 2, 2]), np.array([0, 1, 1.5, 2, 3.0]), 4)
    assert then.tolist() == [0, 1, 0, 2, 0]
    assert now.tolist() == [1, 1, 1, 1, 1]
    _, then, now = numeric_cells(np.array([]), np.array([1.0, 2]), 4)
    assert (then.tolist(), now.tolist()) == ([0], [2])


def test_distances_equal_scipys():
    rng = np.random.default_rng(2)
    places = np.sort(rng.normal(size=20))
    p, q = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(20))
    expected = stats.wasserstein_distance(places, places, p, q) / 2.5
    assert wasserstein(places, 2.5)(p[None], q[None])[0] == pytest.approx(expected, abs=1e-12)
    assert jensen_shannon(p[None], q[None])[0] == pytest.approx(jensenshannon(p, q), abs=1e-12)


def test_noise_equals_that_of_fresh_samples():
    rng = np.random.default_rng(3)
    p, q, n = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4]), 800
    fresh = jensen_shannon(rng.multinomial(n, p, 4000) / n, rng.multinomial(n, q, 4000) / n)
    found = noise(p * n, q * n, jensen_shannon, rng, n_reference=n, n_current=n, draws=4000)
    assert found.sd == pytest.approx(fresh.std(), rel=0.1)
    assert found.bias == pytest.approx(fresh.mean() - jensen_shannon(p[None], q[None])[0], abs=0.001)
    assert found.upper == pytest.approx(np.quantile(fresh, 0.975), rel=0.1)
    pooled = (p + q) / 2
    null = jensen_shannon(rng.multinomial(n, pooled, 4000) / n, rng.multinomial(n, pooled, 4000) / n)
    assert found.chance_limit == pytest.approx(np.quantile(null, 0.95), rel=0.1)
