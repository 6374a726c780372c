from __future__ import annotations

import numpy as np
import pytest

from govern.checks.robustness._units import confusions
from govern.checks.robustness.unit_shift import unit_shift
from govern.stats.proportion import wilson


def guarded(frame, risk):
    if (frame["creatinine"] > 30).any() or (frame["temp_c"] > 60).any() or (frame["temp_c"] < 20).any():
        raise ValueError("out of range")
    return risk(frame)


@pytest.mark.parametrize(
    ("column", "value", "there"),
    [
        ("creatinine", 1.0, 88.4),
        ("serum_creatinine", 1.13, 99.892),
        ("glucose_fasting", 5.0, 90.08),
        ("temp_c", 37.0, 98.6),
        ("temp", 40.0, 104.0),
        ("bilirubin", 1.2, 20.5248),
        ("pafi", 40.0, 300.04),
        ("height", 70.0, 177.8),
        ("carbonate", 24.0, 240.0),
    ],
)
def test_conversions_are_the_published_ones_and_go_back(column, value, there):
    (_, convert), (what, back) = confusions(column, 10.0)
    assert convert(np.array([value]))[0] == pytest.approx(there, rel=1e-6)
    assert back(convert(np.array([value])))[0] == pytest.approx(value)
    assert what.endswith("reversed")


def test_the_share_is_that_of_changed_decisions_where_the_input_is_there(data, model, patients, smooth_risk):
    rows = patients(400)
    found = unit_shift(model(smooth_risk), data(rows), data(patients(300, 1)), 1)
    entries = {e["feature"]: e for e in found.details["features"]}
    there = rows["creatinine"].notna().to_numpy()
    before, after = smooth_risk(rows)[there], smooth_risk(rows.assign(creatinine=rows["creatinine"] * 88.4))[there]
    entry = entries["creatinine (mg/dL as umol/L)"]
    flipped = (before >= 0.5) != (after >= 0.5)
    assert entry["n"] == there.sum()
    assert entry["value"] == pytest.approx(flipped.mean(), abs=1e-12)
    assert (entry["lower"], entry["upper"]) == pytest.approx(wilson(flipped.sum(), there.sum()))
    assert entry["mean_change"] == pytest.approx(np.abs(after - before).mean())
    assert entry["outside"] == 1
    assert found.estimate == max(e["value"] for e in entries.values())
    assert found.upper == max(e["upper"] for e in entries.values())
    assert entries["temp_c (Celsius as Fahrenheit)"]["value"] == 0
    assert not any(name.startswith(("sex", "smokes", "seen")) for name in entries)


def test_a_model_that_refuses_has_noticed(data, model, patients, smooth_risk):
    rows, reference = data(patients(400)), data(patients(300, 1))
    found = unit_shift(model(lambda f: guarded(f, smooth_risk)), rows, reference, 1)
    entries = {e["feature"]: e for e in found.details["features"]}
    refused = entries["creatinine (mg/dL as umol/L)"]
    assert (refused["value"], refused["upper"]) == (0, 0)
    assert "out of range" in refused["refused"]
    assert entries["age (years as months)"]["value"] > 0.2
    assert "3 of 6 mistakes were refused" in found.message


def test_whole_numbers_stay_whole(data, model, patients, smooth_risk):
    seen = []
    small = patients(200).assign(age=lambda f: f["age"].astype("int8"))
    unit_shift(model(lambda f: seen.append(f["age"]) or smooth_risk(f)), data(small), data(patients(300, 1)), 1)
    ages = np.concatenate([s.to_numpy(dtype=float) for s in seen])
    assert (ages % 1 == 0).all()
    assert ages.max() == small["age"].max() * 12.0


def test_too_little_is_never_a_pass(data, model, patients, smooth_risk):
    rows = patients(400)
    rows.loc[10:, "creatinine"] = np.nan
    found = unit_shift(model(smooth_risk), data(rows), data(patients(300, 1)), 1)
    assert found.details["left_out"] == ["creatinine"]
    assert "too rarely present to try: creatinine" in found.message
    few = unit_shift(model(smooth_risk), data(patients(15)), data(patients(300, 1)), 1)
    assert (few.estimate, few.sufficient) == (None, False)
