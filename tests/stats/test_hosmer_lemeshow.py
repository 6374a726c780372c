"""Hosmer-Lemeshow against R's ResourceSelection, and its misfit against scipy and simulation."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ncx2

from govern.stats.hosmer_lemeshow import hosmer_lemeshow, noncentrality


def _cohort(n: int, seed: int, stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.2, n)
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8), 1 / (1 + np.exp(-eta * stretch))


def test_support2_equals_resource_selection(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    compared = 0
    for name, result in results.items():
        for attribute, parts in result.items():
            for group, figures in parts.items() if attribute != "overall" else [(None, parts)]:
                rows = table[name.split("~")].notna().all(axis=1) & (group is None or table[attribute] == group)
                label, score = (table[column][rows].to_numpy() for column in name.split("~"))
                found, expected = hosmer_lemeshow(label, score, 10), figures["hosmer_lemeshow_g10"]
                assert found.statistic == pytest.approx(expected["chisq"], rel=1e-10)
                assert found.freedom == expected["df_external"] == expected["groups"]
                assert found.p == pytest.approx(expected["p_external"], rel=1e-8)
                compared += 1
    assert compared == 28


def test_groups_are_counted_out():
    label, score = np.array([0, 1, 0, 1], dtype=np.int8), np.array([0.1, 0.2, 0.6, 0.8])
    found = hosmer_lemeshow(label, score, 2)
    assert (found.rows.tolist(), found.observed.tolist()) == ([2, 2], [1, 1])
    assert found.expected == pytest.approx([0.3, 1.4])
    by_hand = 0.7**2 / 0.3 + 0.7**2 / 1.7 + 0.4**2 / 1.4 + 0.4**2 / 0.6
    assert found.statistic == pytest.approx(by_hand)
    assert found.p == pytest.approx(chi2.sf(by_hand, 2))
    assert found.smallest == pytest.approx(0.3)


@pytest.mark.parametrize("statistic", [21.0, 100.0, 1e4, 1e7])
def test_limits_invert_the_non_central_distribution(statistic):
    lower, upper = noncentrality(statistic, 10)
    assert ncx2.sf(statistic, 10, lower) == pytest.approx(0.025, rel=1e-6)
    assert ncx2.cdf(statistic, 10, upper) == pytest.approx(0.025, rel=1e-6)


def test_an_uncommonly_good_fit_is_no_certainty():
    assert noncentrality(0.5, 10) == noncentrality(10.0, 10)
    lower, upper = noncentrality(0.5, 10)
    assert (lower, upper > 10) == (0.0, True)
    assert noncentrality(inf, 10) == (inf, inf)


def test_misfit_does_not_grow_with_the_rows_and_is_covered():
    true = hosmer_lemeshow(*_cohort(400_000, 0, stretch=1.5), 10)
    small = [hosmer_lemeshow(*_cohort(1000, seed, stretch=1.5), 10) for seed in range(200)]
    # a little larger: chi-square divides by the variance of the risks, which are wrong here
    assert np.mean([s.misfit for s in small]) == pytest.approx(true.misfit, rel=0.08)
    assert np.mean([s.lower <= true.misfit <= s.upper for s in small]) >= 0.91
    calibrated = [hosmer_lemeshow(*_cohort(1000, seed), 10) for seed in range(200)]
    assert np.mean([s.lower == 0 for s in calibrated]) >= 0.94
    assert 0.01 <= np.mean([s.p < 0.05 for s in calibrated]) <= 0.1


def test_repeating_rows_of_patients_changes_nothing():
    label, score = _cohort(500, 1, stretch=1.4)
    once = hosmer_lemeshow(label, score, 10)
    again = hosmer_lemeshow(np.tile(label, 5), np.tile(score, 5), 10, np.tile(np.arange(500), 5))
    rows = hosmer_lemeshow(np.tile(label, 5), np.tile(score, 5), 10)
    assert again.design == pytest.approx(5, rel=0.05)
    assert again.statistic == pytest.approx(once.statistic, rel=0.05)
    assert again.upper == pytest.approx(once.upper, rel=0.1)
    assert rows.statistic == pytest.approx(5 * once.statistic, rel=0.05)


def test_patients_are_no_reason_for_a_narrower_interval():
    label = np.tile([1, 0], 100).astype(np.int8)  # within each patient one of each: less variable than chance
    found = hosmer_lemeshow(label, np.linspace(0.3, 0.7, 200), 5, np.repeat(np.arange(100), 2))
    assert found.design == 1


def test_certain_risks():
    label = np.repeat([0, 0, 1, 1], 50).astype(np.int8)
    right = hosmer_lemeshow(label, np.repeat([0.0, 0.3, 0.7, 1.0], 50), 4)
    assert np.isfinite(right.statistic)
    assert right.smallest == 0
    label[0] = 1
    assert hosmer_lemeshow(label, np.repeat([0.0, 0.3, 0.7, 1.0], 50), 4).statistic == inf


def test_constant_scores_are_one_group():
    found = hosmer_lemeshow(np.repeat([1, 0], [30, 70]).astype(np.int8), np.full(100, 0.25), 10)
    assert (found.freedom, found.rows.tolist()) == (1, [100])
    assert found.statistic == pytest.approx(25 / 25 + 25 / 75)
