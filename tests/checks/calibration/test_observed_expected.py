"""``calibration.observed_expected`` against R on SUPPORT2 and coverage."""

from __future__ import annotations

import json
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from govern.checks.calibration.observed_expected import observed_expected
from govern.scan.scores import Scores, scores


def test_support2_equals_r_in_every_subgroup(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    compared = 0
    for name, result in results.items():
        outcome, model = name.split("~")
        for attribute, parts in result.items():
            for group, figures in parts.items() if attribute != "overall" else [(None, parts)]:
                rows = table[table[[outcome, model]].notna().all(axis=1)]
                rows = rows if group is None else rows[rows[attribute] == group]
                found = observed_expected(scores(rows[outcome], rows[model]))
                assert found.estimate == pytest.approx(figures["observed_expected_ratio"], abs=1e-10)
                half = 1.959963984540054 * sqrt(1 / figures["events"] - 1 / figures["n"])
                limits = (found.estimate * exp(-half), found.estimate * exp(half))
                assert (found.lower, found.upper) == pytest.approx(limits, abs=1e-12)
                compared += 1
    assert compared == 28


def test_exact_limits_are_garwoods():
    rows = Scores(label=np.repeat([1, 0], [10, 90]).astype(np.int8), score=np.full(100, 0.08))
    found = observed_expected(rows, interval="exact")
    assert found.estimate == pytest.approx(10 / 8)
    garwood = (chi2.ppf(0.025, 20) / 2 / 8, chi2.ppf(0.975, 22) / 2 / 8)
    assert (found.lower, found.upper) == pytest.approx(garwood, rel=1e-10)


@pytest.mark.parametrize("interval", ["log", "exact"])
def test_interval_covers_also_where_patients_repeat(interval):
    covered = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(150), rng.integers(1, 6, 150))
        label = (rng.random(150) < 0.15)[patient].astype(np.int8)  # all rows of a patient end alike
        found = observed_expected(
            Scores(label=label, score=np.full(len(label), 0.15), patient=patient), interval=interval
        )
        covered.append(found.lower <= 1 <= found.upper)
    assert 0.92 <= np.mean(covered) <= 0.99


def test_certain_scores_count():
    found = observed_expected(scores([1, 1, 0, 0], [1.0, 0.0, 0.5, 0.5]))
    assert found.estimate == 1
    assert found.details == {"observed": 2, "expected": 2.0}


def test_nothing_expected_has_no_ratio():
    found = observed_expected(scores([1, 0, 0], [0.0, 0.0, 0.0]))
    assert (found.estimate, found.sufficient) == (None, False)
    assert "no event is expected" in found.message
