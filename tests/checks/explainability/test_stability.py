from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from govern.checks.explainability.stability import stability

WAYS = {"seeds": "order", "backgrounds": "against", "rows": "part"}


@pytest.fixture(scope="module")
def logistic(explained):
    def make(weights, n, who=None):
        rng = np.random.default_rng(0)
        frames = [pd.DataFrame(rng.normal(size=(n, len(weights)))).rename(columns="x{}".format) for _ in range(2)]
        return explained(lambda f: 1 / (1 + np.exp(1 - f.to_numpy() @ np.asarray(weights))), *frames, who=who)

    return make


def means(attributions, seed, rows, background, way, draws=2):
    drawn = [attributions.draw(rows=rows, background=background, seed=seed, **{way: i}) for i in range(draws)]
    return [np.abs(draw.values).mean(axis=0) for draw in drawn]


@pytest.mark.parametrize("draws", [2, 3])
def test_agreement_in_each_way_is_scipys_mean_correlation(logistic, draws):
    attributions, test = logistic(np.linspace(0.1, 1.5, 8), 300)
    found = stability(attributions, test, 5, rows=40, background=10, draws=draws)
    smallest = {"influence": [], "ranks": []}
    for entry in found.details["agreement"]:
        profiles = means(attributions, 5, 40, 10, WAYS[entry["across"]], draws)
        for key, correlation in (("influence", pearsonr), ("ranks", spearmanr)):
            expected = np.mean([correlation(a, b).statistic for a, b in combinations(profiles, 2)])
            assert entry[key]["value"] == pytest.approx(expected, abs=1e-12)
            assert entry[key]["lower"] <= expected <= entry[key]["upper"]
            smallest[key].append((expected, entry[key]["lower"]))
    assert found.estimate == pytest.approx(min(e for e, _ in smallest["influence"]), abs=1e-12)
    assert found.lower == min(low for _, low in smallest["influence"])
    by_rank = stability(attributions, test, 5, rows=40, background=10, draws=draws, compare="rank")
    assert by_rank.estimate == pytest.approx(min(e for e, _ in smallest["ranks"]), abs=1e-12)
    assert by_rank.lower == min(low for _, low in smallest["ranks"])
    assert found.n == 40
    profile = np.mean(means(attributions, 5, 40, 10, "part", draws), axis=0)
    entries = {e["feature"]: e for e in found.details["features"]}
    assert entries["x7"]["mean_abs"] == pytest.approx(profile[7])
    assert all(e["lower"] < e["mean_abs"] < e["upper"] for e in entries.values())
    assert [e["mean_abs"] for e in found.details["features"]] == sorted(profile)[::-1]


def test_a_clear_order_is_stable_and_an_arbitrary_one_is_not(linear):
    clear = stability(*linear(0.5 ** np.arange(8)), 1)
    assert clear.lower > 0.95
    assert {e["top5_overlap"] for e in clear.details["agreement"]} == {1}
    arbitrary = stability(*linear(np.full(8, 0.1)), 1)
    assert arbitrary.estimate < 0.7
    assert arbitrary.lower < 0.5
    assert arbitrary.details["worst"] == "rows"


def test_a_background_that_decides_the_explanation_is_found(explained):
    """Whether a rare switch has influence depends on whether the background holds it, and one half does."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({name: rng.random(200) for name in "abcd"} | {"on": np.zeros(200)})
    background = rows.assign(on=(np.arange(200) == 0).astype(float))
    found = stability(
        *explained(lambda f: (0.01 * f["a"] + 0.9 * f["on"]).to_numpy(), rows, background), 3, background=100
    )
    assert found.details["worst"] == "backgrounds"
    assert {e["across"]: e["influence"]["value"] > 0.95 for e in found.details["agreement"]} == {
        "seeds": True,
        "backgrounds": False,
        "rows": True,
    }


def test_draws_of_a_small_dataset_share_no_row_and_so_may_disagree(linear):
    """With every row in every draw the agreement would be 1 by construction."""
    found = stability(*linear(np.full(8, 0.1), n=80), 1)
    assert (found.n, found.sufficient) == (40, True)
    assert found.estimate < 0.7
    assert not stability(*linear([0.3, 0.2, 0.1], n=38), 1).sufficient
    nothing = stability(*linear([0.3, 0.2, 0.1], n=1), 1)
    assert nothing.estimate is None
    assert not nothing.sufficient


def test_small_features_that_are_alike_do_not_make_a_sound_model_unstable(logistic):
    sound = logistic([1.2, 0.2, 0.19, 0.18], 100)
    assert stability(*sound, 3, background=50).lower > 0.95
    assert stability(*sound, 3, background=50, compare="rank").lower < 0.7
    for n in (100, 400):
        assert stability(*logistic([0.5] * 4, n), 3, background=50).lower < 0.3


def test_the_interval_of_a_feature_covers_its_mean_attribution(linear):
    # Of w x with x and its background uniform on [0, 1], the mean absolute attribution is close to w / 4.
    found = stability(*linear([0.4, 0.2, 0.1], n=2000), 3, rows=300, background=200)
    for entry, weight in zip(found.details["features"], (0.4, 0.2, 0.1), strict=True):
        assert entry["lower"] - 0.002 < weight / 4 < entry["upper"] + 0.002


def test_support_counts_patients(logistic):
    found = stability(*logistic([1.2, 0.5, 0.2], 400, who=np.arange(400) // 10), 3, rows=200)
    assert found.n == 200
    assert found.support == 40
    assert not stability(*logistic([1.2, 0.5, 0.2], 400, who=np.arange(400) // 40), 3).sufficient


def test_nothing_to_rank_is_never_a_pass(linear):
    for weights in ([0.0, 0.0, 0.0], [0.3]):
        found = stability(*linear(weights), 1)
        assert found.estimate is None
        assert not found.sufficient
    assert not stability(*linear([0.3, 0.2, 0.1], n=10), 1).sufficient
    assert not stability(*linear([0.3, 0.2]), 1).sufficient


def test_support2(support2):
    attributions, test = support2()
    found = stability(attributions, test, 11)
    assert found.details["features"][0]["feature"] == "disease_group"
    assert found.lower > 0.8
    assert found == stability(attributions, test, 11)
