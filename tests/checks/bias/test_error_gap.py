"""``bias.error_gap`` against R's Brier scores of SUPPORT2 and scipy's Welch test."""

from __future__ import annotations

import json
from pathlib import Path

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from govern.checks.bias.error_gap import error_gap
from govern.errors import GovernError
from govern.scan.scores import Groups, Scores, groups, scores


def _groups(codes, count: int) -> Groups:
    names = tuple(f"g{i}" for i in range(count))
    return Groups(attribute="race", names=names, codes=np.asarray(codes, dtype=np.int64))


def test_support2_equals_r_and_welch(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    for name, result in results.items():
        outcome, model = name.split("~")
        rows = table.dropna(subset=[outcome, model])
        error = ((rows[model] - rows[outcome]) ** 2).to_numpy()
        for m in error_gap(scores(rows[outcome], rows[model]), groups("sex", rows.sex)):
            inside = (rows.sex == m.slice["sex"]).to_numpy()
            assert m.details["group_value"] == pytest.approx(result["sex"][m.slice["sex"]]["brier"], abs=1e-10)
            limits = ttest_ind(error[inside], error[~inside], equal_var=False).confidence_interval(0.95)
            assert (m.details["signed_lower"], m.details["signed_upper"]) == pytest.approx(tuple(limits), abs=1e-12)


def test_cells_equal_rows():
    rng = np.random.default_rng(0)
    score, weight, codes = rng.random(200), rng.integers(1, 20, 200), rng.integers(0, 3, 200)
    label = (rng.random(200) < score).astype(np.int8)
    cells = error_gap(Scores(label=label, score=score, weight=weight), _groups(codes, 3))
    rows = Scores(label=np.repeat(label, weight), score=np.repeat(score, weight))
    for a, b in zip(cells, error_gap(rows, _groups(np.repeat(codes, weight), 3)), strict=True):
        assert (a.estimate, a.lower, a.upper) == pytest.approx((b.estimate, b.lower, b.upper), rel=1e-12, abs=1e-12)


def test_a_useless_model_in_one_group_is_found():
    rng = np.random.default_rng(1)
    score = rng.beta(0.4, 0.6, 4000)
    label, codes = (rng.random(4000) < score).astype(np.int8), rng.integers(0, 3, 4000)
    worse = np.flatnonzero(codes == 1)
    score[worse] = rng.permutation(score[worse])
    found = error_gap(Scores(label=label, score=score), _groups(codes, 3))
    assert found[1].lower > 0.1
    assert found[1].details["signed_lower"] > 0


def test_constant_errors_show_no_uncertainty():
    label = np.tile([0, 1], 100).astype(np.int8)
    found = error_gap(Scores(label=label, score=np.full(200, 0.5)), _groups(np.repeat([0, 1], 100), 2))
    assert all(m.estimate is None and not m.sufficient and "no uncertainty" in m.message for m in found)


def test_two_implementations_that_disagree_are_an_error(monkeypatch):
    monkeypatch.setattr(fairlearn.metrics, "mean_prediction", lambda *_: 0.2)
    rng = np.random.default_rng(2)
    rows = Scores(label=rng.integers(0, 2, 200).astype(np.int8), score=rng.random(200))
    with pytest.raises(GovernError, match="by Fairlearn"):
        error_gap(rows, _groups(np.repeat([0, 1], 100), 2))
