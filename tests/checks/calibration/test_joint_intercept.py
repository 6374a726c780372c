"""``calibration.joint_intercept`` against rms, and beside calibration-in-the-large."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from govern.checks.calibration.in_the_large import in_the_large
from govern.checks.calibration.joint_intercept import joint_intercept
from govern.scan.scores import scores


def test_support2_equals_rms_in_every_subgroup(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    results = json.loads((shared_data / "reference" / "support2.json").read_text())["results"]
    compared = 0
    for name, result in results.items():
        outcome, model = name.split("~")
        usable = table[table[[outcome, model]].notna().all(axis=1) & (table[model] > 0) & (table[model] < 1)]
        for attribute, parts in result.items():
            for group, figures in parts.items() if attribute != "overall" else [(None, parts)]:
                rows = usable if group is None else usable[usable[attribute] == group]
                found = joint_intercept(scores(rows[outcome], rows[model]))
                assert found.estimate == pytest.approx(figures["logistic_intercept_joint"], abs=1e-7)
                assert found.details["slope"] == pytest.approx(figures["calibration_slope"], abs=1e-7)
                compared += 1
    assert compared == 28


def test_interval_equals_statsmodels(cohort):
    import numpy as np
    import statsmodels.api as sm

    rows = cohort(800, 1, stretch=1.4, shift=0.3)
    design = sm.add_constant(np.log(rows.score / (1 - rows.score)))
    fit = sm.GLM(rows.label, design, family=sm.families.Binomial()).fit(tol=1e-13)
    found = joint_intercept(rows)
    assert found.estimate == pytest.approx(fit.params[0], abs=1e-8)
    assert (found.lower, found.upper) == pytest.approx(fit.conf_int()[0], abs=1e-6)


def test_it_is_not_calibration_in_the_large(cohort):
    rows = cohort(20_000, 2, stretch=2.0)
    assert joint_intercept(rows).estimate == pytest.approx(0, abs=0.05)
    assert in_the_large(rows).estimate > 0.3
