"""Distances against scipy and statsmodels; intervals and what chance gives against simulation and permutation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from govern.stats.distances import jensen_shannon, kolmogorov_smirnov, proportions, wasserstein
from govern.stats.proportion import newcombe


def cells(then, now):
    """Counts of two samples at their distinct values."""
    value, codes = np.unique(np.concatenate([then, now]), return_inverse=True)
    sides = np.split(codes, [len(then)])
    return value, *(np.bincount(side, minlength=len(value)).astype(float) for side in sides)


def ks(then, now, **params):
    _, p, q = cells(then, now)
    return kolmogorov_smirnov(p, q, n_reference=len(then), n_current=len(now), **params)


def moved(then, now, scale=1.0, **params):
    value, p, q = cells(then, now)
    return wasserstein(value, p, q, scale=scale, n_reference=len(then), n_current=len(now), **params)


samples = st.lists(st.integers(-30, 30), min_size=2, max_size=50).map(lambda x: np.array(x, dtype=float))


@given(samples, samples)
@settings(deadline=None)
def test_distances_are_scipys(then, now):
    assert ks(then, now).estimate == pytest.approx(stats.ks_2samp(now, then, method="asymp").statistic, abs=1e-12)
    assert moved(then, now, 2.5).estimate == pytest.approx(stats.wasserstein_distance(then, now) / 2.5, abs=1e-12)
    _, p, q = cells(then, now)
    found = jensen_shannon(p, q, n_reference=len(then), n_current=len(now)).estimate
    assert found == pytest.approx(np.nan_to_num(jensenshannon(p, q)), abs=1e-9)


@given(samples, samples)
@settings(deadline=None)
def test_the_estimate_lies_in_its_interval(then, now):
    _, p, q = cells(then, now)
    found = [ks(then, now), moved(then, now), jensen_shannon(p, q, n_reference=len(then), n_current=len(now))]
    for distance in found:
        assert 0 <= distance.lower <= distance.estimate <= distance.upper
        assert 0 <= distance.p <= 1


def test_the_band_is_that_of_the_two_sample_test():
    """The lower bound leaves 0 exactly where scipy's large-sample test rejects."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        then, now = rng.normal(0, 1, 900), rng.normal(0.06, 1, 700)
        test = stats.ks_2samp(then, now, method="asymp")
        found = ks(then, now)
        # scipy takes the exact distribution of a sample of the effective size, 394 rows, where we take its limit.
        assert found.p == pytest.approx(test.pvalue, abs=0.03)
        assert (found.lower > 0) == (found.p < 0.05)
    limit = 1.3580986393225505 * np.sqrt(1 / 900 + 1 / 700)
    assert found.chance_limit == pytest.approx(limit, abs=1e-9)
    assert found.chance == pytest.approx(stats.kstwobign.mean() * np.sqrt(1 / 900 + 1 / 700), abs=1e-9)


def test_stretches_hide_no_more_than_the_error_says():
    rng = np.random.default_rng(2)
    for _ in range(20):
        then, now = rng.normal(0, 1, 500), rng.normal(0.3, 1.2, 400)
        edges = np.linspace(-3, 3, rng.integers(3, 30))
        p, q = (
            np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1).astype(float) for side in (then, now)
        )
        coarse = kolmogorov_smirnov(p, q, n_reference=500, n_current=400, stretches=True)
        exact = ks(then, now).estimate
        assert coarse.estimate - 1e-12 <= exact <= coarse.estimate + coarse.error + 1e-12
    assert ks(then, now).error == 0


DISTRIBUTIONS = {
    "normal": lambda rng, n, shift: rng.normal(shift, 1, n),
    "exponential": lambda rng, n, shift: rng.exponential(1, n) + shift,
    "two values": lambda rng, n, shift: (rng.random(n) < 0.3 + shift / np.sqrt(1 / 0.21)).astype(float),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.4])
def test_the_intervals_cover(name, shift):
    """A shift by d standard deviations has Wasserstein distance d; the Kolmogorov distance is known too."""
    rng = np.random.default_rng(3)
    draw = DISTRIBUTIONS[name]
    truth = {
        "normal": 2 * stats.norm.cdf(shift / 2) - 1,
        "exponential": 1 - np.exp(-shift),
        "two values": shift * np.sqrt(0.21),
    }[name]
    covered, exceeded = [], []
    for _ in range(250):
        then, now = draw(rng, 1500, 0.0), draw(rng, 500, shift)
        pairs = ((moved(then, now, then.std()), shift), (ks(then, now), truth))
        covered.append([d.lower <= t + 1e-12 and t <= d.upper for d, t in pairs])
        exceeded.append([d.raw > d.chance_limit for d, _ in pairs])
    assert (np.mean(covered, axis=0) >= 0.92).all()
    if shift == 0:
        wasserstein_false, ks_false = np.mean(exceeded, axis=0)
        assert wasserstein_false == pytest.approx(0.05, abs=0.035)
        assert ks_false <= 0.085


@pytest.mark.parametrize("tilt", [0.0, 0.3, 0.8, 2.0])
def test_jensen_shannons_interval_covers(tilt):
    rng = np.random.default_rng(4)
    p = np.full(8, 1 / 8)
    q = np.exp(tilt * np.linspace(-1, 1, 8))
    q /= q.sum()
    drawn = [
        jensen_shannon(rng.multinomial(900, p) * 1.0, rng.multinomial(300, q) * 1.0, n_reference=900, n_current=300)
        for _ in range(400)
    ]
    truth = np.nan_to_num(jensenshannon(p, q))
    assert np.mean([d.lower <= truth + 1e-9 <= d.upper + 2e-9 for d in drawn]) >= 0.93
    if tilt == 0:
        assert np.mean([d.raw > d.chance_limit for d in drawn]) == pytest.approx(0.05, abs=0.03)
        assert np.mean([d.raw for d in drawn]) == pytest.approx(drawn[0].chance, rel=0.03)


def test_chance_is_that_of_a_permutation(shared_data):
    """Of a skewed laboratory value with ties and a long tail: SUPPORT2's creatinine, split at random."""
    from govern.scan.table import read

    values = read(shared_data / "support2" / "support2.csv.gz")["creatinine"].dropna().to_numpy(dtype=float)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(500):
        shuffled = rng.permutation(values)[:3000]
        found.append(moved(shuffled[1000:], shuffled[:1000], values.std()))
    raw = np.array([d.raw for d in found])
    assert np.mean([d.chance for d in found]) == pytest.approx(raw.mean(), rel=0.1)
    assert np.mean(raw > [d.chance_limit for d in found]) == pytest.approx(0.05, abs=0.04)
    assert np.mean([d.lower > 0 for d in found]) <= 0.05


def test_nothing_to_compare():
    one = np.array([5.0])
    for distance in (
        kolmogorov_smirnov(one, one, n_reference=5, n_current=5),
        jensen_shannon(one, one, n_reference=5, n_current=5),
        wasserstein(np.array([3.0]), one, one, scale=1.0, n_reference=5, n_current=5),
    ):
        assert (distance.estimate, distance.lower, distance.p) == (0, 0, 1)


def test_apart_altogether():
    then, now = np.arange(0.0, 500), np.arange(1000.0, 1500)
    assert ks(then, now).estimate == 1
    assert ks(then, now).upper == 1
    _, p, q = cells(then, now)
    assert jensen_shannon(p, q, n_reference=500, n_current=500).estimate == pytest.approx(np.sqrt(np.log(2)), abs=1e-9)
    assert moved(then, now).estimate == pytest.approx(1000)
    assert moved(then, now).p == pytest.approx(0, abs=1e-12)


def test_a_difference_of_proportions():
    found = proportions(0.2, 0.3, n_reference=200, n_current=100)
    low, high = newcombe(30, 100, 40, 200)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((0.1, max(low, 0), high), abs=1e-12)
    table = [[30, 70], [40, 160]]
    assert found.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1e-12)
    other = proportions(0.3, 0.2, n_reference=100, n_current=200)
    assert (other.lower, other.upper) == pytest.approx((found.lower, found.upper), abs=1e-12)
    surely = proportions(0.9, 0.1, n_reference=300, n_current=300)
    assert surely.lower == pytest.approx(-newcombe(30, 300, 270, 300)[1], abs=1e-12)
    nothing = proportions(0.0, 0.0, n_reference=3, n_current=3)
    assert nothing.chance_limit > 0.3  # three rows without an event show little
    assert nothing.p == 1
