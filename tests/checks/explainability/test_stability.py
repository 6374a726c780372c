from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from govern.checks.explainability._attributions import ShapAttributions
from govern.checks.explainability.stability import stability
from govern.errors import PolicyError


def logistic(weights, n):
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame(rng.normal(size=(n, len(weights)))).rename(columns="x{}".format) for _ in range(2)]
    return ShapAttributions(lambda frame: 1 / (1 + np.exp(1 - frame.to_numpy() @ np.asarray(weights))), *frames)


def mean_attributions(attributions, seed, rows, background):
    drawn = [attributions.draw(rows=rows, background=background, seed=seed, part=i) for i in range(3)]
    return [np.abs(draw.values).mean(axis=0) for draw in drawn]


def test_the_estimate_is_scipys_mean_correlation(linear):
    attributions = linear(np.linspace(0.01, 0.2, 8))
    found = stability(attributions, 5, rows=40, background=10, draws=3)
    means = mean_attributions(attributions, 5, 40, 10)
    expected = np.mean([pearsonr(a, b).statistic for a, b in combinations(means, 2)])
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


def test_draws_of_a_small_dataset_share_no_row_and_so_may_disagree(linear):
    """With every row in every draw the agreement would be 1 by construction."""
    found = stability(linear(np.full(8, 0.1), n=120), 1)
    assert (found.n, found.sufficient) == (40, True)
    assert found.estimate < 0.7
    assert not stability(linear([0.3, 0.2, 0.1], n=57), 1).sufficient
    nothing = stability(linear([0.3, 0.2, 0.1], n=2), 1)
    assert nothing.estimate is None
    assert not nothing.sufficient


def test_small_features_that_are_alike_do_not_make_a_sound_model_unstable():
    sound = logistic([1.2, 0.2, 0.19, 0.18], 150)
    means = mean_attributions(sound, 3, 50, 50)
    assert np.mean([spearmanr(a, b).statistic for a, b in combinations(means, 2)]) < 0.5
    assert stability(sound, 3).lower > 0.95
    for n in (150, 600):
        assert stability(logistic([0.5] * 4, n), 3).lower < 0.2


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
    with pytest.raises(PolicyError, match="draws is 1"):
        stability(linear([0.3, 0.2, 0.1]), 1, draws=1)
    assert not stability(linear([0.3, 0.2, 0.1], n=10), 1).sufficient
    assert not stability(linear([0.3, 0.2]), 1).sufficient


def test_support2(support2):
    attributions = support2()
    found = stability(attributions, 11)
    assert found.details["features"][0]["feature"] == "disease_group"
    assert found.lower > 0.8
    assert found == stability(attributions, 11)
