from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from govern.checks.robustness.missing_feature import missing_feature
from govern.errors import InputError, PolicyError


def tolerant(frame):
    z = 0.05 * (frame["age"].astype(float).fillna(54) - 54) + 0.5 * (frame["creatinine"].fillna(1.0).astype(float) - 1)
    return (1 / (1 + np.exp(-z - 0.3 * (frame["sex"] == "m")))).to_numpy()


def strict(frame):
    if frame["age"].isna().any():
        raise ValueError("Input contains NaN")
    return tolerant(frame)


def test_the_mean_change_and_its_interval(data, model, patients):
    rows = patients(300)
    found = missing_feature(model(tolerant), data(rows), 1)
    change = np.abs(tolerant(rows) - tolerant(rows.assign(age=np.nan)))
    assert found.details["worst"] == "age"
    assert found.estimate == pytest.approx(change.mean(), abs=1e-12)
    half = t.ppf(0.975, 299) * change.std(ddof=1) / np.sqrt(300)
    entries = {e["feature"]: e for e in found.details["features"]}
    assert entries["age"]["lower"] == pytest.approx(change.mean() - half, abs=1e-12)
    assert entries["age"]["upper"] == pytest.approx(change.mean() + half, abs=1e-12)
    assert entries["creatinine"]["missing_before"] == rows["creatinine"].isna().sum()
    assert entries["seen"]["value"] == 0
    assert 0 < entries["seen"]["upper"] < 0.02
    assert found.upper == max(e["upper"] for e in entries.values())


def test_no_answer_is_the_largest_change_and_the_rows_are_counted(data, model, patients):
    for predict in (strict, lambda f: np.where(f["age"].isna(), np.nan, tolerant(f))):
        found = missing_feature(model(predict), data(patients(200)), 1)
        assert found.estimate == 1
        assert found.lower > 0.97
        assert found.details["unanswered_rows"] == 200
        assert "no answer for 200 rows without age" in found.message
        entries = {e["feature"]: e for e in found.details["features"]}
        assert entries["age"]["error"]
        assert entries["sex"]["unanswered"] == 0
        assert 0 < entries["sex"]["value"] < 0.2


def test_what_the_system_requires_is_not_tried_and_is_said(data, model, patients):
    found = missing_feature(model(strict), data(patients(200)), 1, required=["age"])
    assert found.estimate < 0.2
    assert "not tried: age" in found.message
    everything = missing_feature(model(strict), data(patients(200)), 1, required=list(patients(1).columns))
    assert (everything.estimate, everything.sufficient) == (None, False)
    with pytest.raises(PolicyError, match="no input 'agee'"):
        missing_feature(model(strict), data(patients(200)), 1, required=["agee"])


def test_one_call_for_rows_and_one_for_all_that_is_missing(data, model, patients):
    asked = []
    missing_feature(model(lambda f: asked.append(len(f)) or tolerant(f)), data(patients(40)), 1)
    assert asked == [40, 40 * 6]


def test_a_model_that_never_answers_is_an_error_and_few_patients_inconclusive(data, model, patients):
    with pytest.raises(InputError, match="one finite risk"):
        missing_feature(model(lambda f: np.full(len(f), np.inf)), data(patients(40)), 1)
    found = missing_feature(model(tolerant), data(patients(200), np.arange(200) // 20), 1)
    assert (found.support, found.sufficient) == (10, False)
