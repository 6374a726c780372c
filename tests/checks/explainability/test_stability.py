from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr

from govern.checks.explainability.stability import stability


def test_the_estimate_is_scipys_mean_spearman_correlation(linear):
    attributions = linear(np.linspace(0.01, 0.2, 8))
    found = stability(attributions, 5, rows=40, background=10, draws=3)
    means = [np.abs(attributions.draw(rows=40, background=10, seed=s).values).mean(axis=0) for s in (5, 6, 7)]
    expected = np.mean([spearmanr(a, b).statistic for a, b in combinations(means, 2)])
    assert found.estimate == pytest.approx(expected, abs=1e-12)
    assert found.n == 40
    entries = {e["feature"]: e for e in found.details["features"]}
    assert entries["x7"]["mean_abs"] == pytest.approx(np.mean(means, axis=0)[7])
    assert all(e["lower"] < e["mean_abs"] < e["upper"] for e in entries.values())
    assert [e["mean_abs"] for e in found.details["features"]] == sorted(e["mean_abs"] for e in entries.values())[::-1]


def test_a_clear_order_is_stable_and_an_arbitrary_one_is_not(linear):
    clear = stability(linear(0.5 ** np.arange(8)), 1)
    assert clear.lower > 0.95
    assert clear.details["top5_overlap"] == 1
    arbitrary = stability(linear(np.full(8, 0.1)), 1)
    assert arbitrary.estimate < 0.7
    assert arbitrary.lower < 0.5


def test_the_interval_of_a_feature_covers_its_mean_attribution(linear):
    # Of w x with x and its background uniform on [0, 1], the mean absolute attribution is close to w / 4.
    found = stability(linear([0.4, 0.2, 0.1], n=2000), 3, rows=300, background=200)
    for entry, weight in zip(found.details["features"], (0.4, 0.2, 0.1), strict=True):
        assert entry["lower"] - 0.002 < weight / 4 < entry["upper"] + 0.002


def test_nothing_to_rank_is_never_a_pass(linear):
    for weights in ([0.0, 0.0, 0.0], [0.3]):
        found = stability(linear(weights), 1)
        assert found.estimate is None
        assert not found.sufficient
    assert stability(linear([0.3, 0.2, 0.1]), 1, draws=1).estimate is None
    assert not stability(linear([0.3, 0.2, 0.1], n=10), 1).sufficient
    assert not stability(linear([0.3, 0.2]), 1).sufficient


def test_support2(support2):
    attributions = support2()
    found = stability(attributions, 11)
    assert found.details["features"][0]["feature"] == "disease_group"
    assert found.lower > 0.8
    assert found == stability(attributions, 11)
