"""``calibration.hosmer_lemeshow`` against R's ResourceSelection, and why p is no criterion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern.checks.calibration.hosmer_lemeshow import hosmer_lemeshow
from govern.scan.scores import Scores, scores


def test_support2_equals_resource_selection(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz").dropna(subset=["model_60d"])
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    expected = results["death_60d~model_60d"]["overall"]["hosmer_lemeshow_g10"]
    found = hosmer_lemeshow(scores(table.death_60d, table.model_60d))
    assert found.details["chi_square"] == pytest.approx(expected["chisq"], rel=1e-10)
    assert found.details["degrees_of_freedom"] == expected["df_external"]
    assert found.details["p"] == pytest.approx(expected["p_external"], rel=1e-8)
    assert "chi-square 68.18 on 10 degrees of freedom, p 1e-10" in found.message
    assert [sum(g[key] for g in found.details["groups"]) for key in ("n", "events")] == [found.n, found.events]
    # Nattino's epsilon, whose null variance is that of the risks: near it, since the risks are nearly right
    assert found.estimate == pytest.approx(np.sqrt((expected["chisq"] - 10) / found.n), rel=0.02)


def test_few_rows_do_not_pass_and_many_do_not_fail(cohort):
    few, many = hosmer_lemeshow(cohort(100, 1, stretch=1.5), groups=4), hosmer_lemeshow(cohort(300_000, 1, shift=0.05))
    assert few.details["p"] > 0.05
    assert few.upper > 0.2
    assert many.details["p"] < 1e-6
    assert many.upper < 0.05


def test_groups_in_which_little_is_expected_allow_no_verdict(cohort):
    rows = cohort(400, 2)
    rare = Scores(label=rows.label, score=rows.score * 1e-3)
    found = hosmer_lemeshow(rare)
    assert found.estimate is not None
    assert not found.sufficient
    assert "where 1 is the least" in found.message


def test_what_was_ruled_out_and_happened_has_no_number():
    found = hosmer_lemeshow(scores([1, 0, 0, 0, 1, 0, 1, 1], [0.0] * 4 + [0.5] * 4), groups=2)
    assert (found.estimate, found.sufficient) == (None, False)
    assert "infinite" in found.message
