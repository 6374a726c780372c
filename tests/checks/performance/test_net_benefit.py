"""``performance.net_benefit`` against the dcurves package, statsmodels, and what its limits must cover."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from govern.checks.performance.net_benefit import net_benefit
from govern.scan.scores import Scores


def _scores(label, score, patient=None) -> Scores:
    return Scores(label=np.asarray(label, dtype=np.int8), score=np.asarray(score, dtype=float), patient=patient)


@pytest.mark.parametrize("column", ["cancerpredmarker", "famhistory"])
def test_equals_dcurves(shared_data: Path, column):
    folder = shared_data / "reference"
    published = json.loads((folder / "dca.json").read_text())
    table = pd.read_csv(folder / "dcurves_df_binary.csv")
    cohort = _scores(table.cancer, table[column])
    curve = net_benefit(cohort).details["curve"]
    for threshold, all_, model in zip(published["thresholds"], published["treat_all"], published[column], strict=True):
        found = net_benefit(cohort, threshold=threshold)
        assert found.details["net_benefit"] == pytest.approx(model, abs=1e-10)
        assert found.details["treat_all"] == pytest.approx(all_, abs=1e-10)
        assert found.estimate == pytest.approx(model - max(all_, 0), abs=1e-10)
        at = curve["threshold"].index(threshold)
        assert curve["model"][at] == pytest.approx(model, abs=1e-10)
        assert curve["treat_all"][at] == pytest.approx(all_, abs=1e-10)
    assert (found.n, found.events, found.support) == (750, 105, 105)
    assert len(curve["threshold"]) == len(curve["treat_none"]) == 99


def test_limits_in_large_samples_are_t_intervals_of_the_two_differences():
    rng = np.random.default_rng(1)
    score = rng.random(100_000)
    label = (rng.random(100_000) < score).astype(np.int8)
    for threshold in (0.3, 0.45, 0.6):
        found = net_benefit(_scores(label, score), threshold=threshold)
        worth, flagged = np.where(label == 1, 1, -threshold / (1 - threshold)), score >= threshold
        over = DescrStatsW(worth * flagged), DescrStatsW(-worth * ~flagged)
        assert found.estimate == pytest.approx(min(o.mean for o in over), abs=1e-14)
        assert found.lower == pytest.approx(min(o.tconfint_mean(0.05)[0] for o in over), abs=5e-5)
        assert found.upper == pytest.approx(min(o.tconfint_mean(0.025)[1] for o in over), abs=5e-5)


@pytest.mark.parametrize(("slope", "threshold"), [(0.0, 0.3), (1.0, 0.3), (1.0, 0.1)])
def test_each_limit_errs_in_at_most_one_sample_in_forty(slope, threshold):
    # slope 0: a useless model where treating all and none are worth the same; 0.1: few events lie below it
    def draw(n, rng):
        x = rng.normal(size=n)
        risk = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + slope * x)))
        return (rng.random(n) < risk).astype(np.int8), risk if slope else rng.random(n)

    rng = np.random.default_rng(2)
    true = net_benefit(_scores(*draw(1_000_000, rng)), threshold=threshold).estimate
    found = [net_benefit(_scores(*draw(400, rng)), threshold=threshold) for _ in range(500)]
    assert np.mean([m.lower > true for m in found]) <= 0.04
    assert np.mean([m.upper < true for m in found]) <= 0.04


@pytest.mark.parametrize(("score", "word"), [(0.1, "nobody"), (0.9, "everybody")])
def test_a_model_that_is_a_policy_shows_no_gain(score, word):
    found = net_benefit(_scores([0, 1] * 20, np.full(40, score)), threshold=0.5)
    assert found.estimate == 0
    assert found.lower < -0.05 < 0.05 < found.upper
    assert word in found.message


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1], []])
def test_one_class_gives_no_estimate(label):
    found = net_benefit(_scores(label, np.full(len(label), 0.4)))
    assert (found.estimate, found.sufficient, found.support) == (None, False, 0)
