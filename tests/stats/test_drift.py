"""The stability index against hand calculation, scipy and simulation, and the cells it is taken on."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from govern.stats.drift import (
    effective_size,
    equal_mass_edges,
    into,
    numeric_edges,
    psi,
    spread,
    stability_index,
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


def test_effective_size_of_codes_that_are_large():
    codes = np.array([2**63 + 5, 7, 2**63 + 5, 0], dtype=np.uint64)
    assert effective_size(codes, 4) == pytest.approx(16 / 6)


def edges_of(values, bins):
    return equal_mass_edges(*np.unique(values, return_counts=True), bins)


def cells_of(reference, current, bins):
    value, count = np.unique(reference, return_counts=True)
    edges = numeric_edges(value, count, bins)
    return edges, *(into(edges, *np.unique(side, return_counts=True)) for side in (reference, current))


def test_equal_mass_edges_are_values_and_ties_share_a_cell():
    assert edges_of(np.arange(1.0, 11), 5).tolist() == [2, 4, 6, 8]
    assert edges_of(np.array([0.0] * 9 + [1.0]), 10).tolist() == [0]
    assert edges_of(np.full(5, 3.0), 10).tolist() == []


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=60), st.integers(2, 12))
def test_equal_mass_edges_are_numpys_quantiles(values, bins):
    values = np.array(values, dtype=np.float64)
    expected = np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
    found = edges_of(values, bins)
    # numpy's product of a share and a count is rounded, so that an edge may be the next value.
    assert set(found) <= {*expected, *edges_of(values - 1e-9, bins) + 1e-9}
    assert len(found) <= bins - 1
    assert (found < values.max()).all()


def test_a_value_of_no_reference_row_is_no_edge():
    assert equal_mass_edges(np.array([1.0, 2, 3, 4]), np.array([5, 0, 5, 0]), 2).tolist() == [1]
    assert numeric_edges(np.array([1.0, 2]), np.array([3, 0]), 4).tolist() == [np.nextafter(1, 0), 1]


def test_what_the_reference_never_has_is_in_cells_of_its_own():
    edges, then, now = cells_of(np.arange(1.0, 101), np.array([0.0, 1, 100, 101]), 4)
    assert edges.tolist() == [np.nextafter(1, 0), 25, 50, 75, 100]
    assert then.tolist() == [0, 25, 25, 25, 25, 0]
    assert now.tolist() == [1, 1, 0, 0, 1, 1]
    _, then, now = cells_of(np.array([1.0, 2, 2]), np.array([0, 1, 1.5, 2, 3.0]), 4)
    assert then.tolist() == [0, 1, 0, 2, 0]
    assert now.tolist() == [1, 1, 1, 1, 1]
    _, then, now = cells_of(np.array([]), np.array([1.0, 2]), 4)
    assert (then.tolist(), now.tolist()) == ([0], [2])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_rows_are_counted_in_the_cells_where_they_lie(values, edges):
    edges = np.unique(np.array(edges, dtype=np.float64))
    value, count = np.unique(np.array(values, dtype=np.float64), return_counts=True)
    expected = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    assert into(edges, value, count).tolist() == expected.tolist()


def test_spread_is_the_standard_deviation_of_repeated_rows():
    value, count = np.array([1.0, 4, 9]), np.array([3.0, 1, 2])
    assert spread(value, count) == pytest.approx(np.repeat(value, [3, 1, 2]).std(), abs=1e-12)
