from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from govern.checks.data.single_feature_leakage import single_feature_leakage
from govern.errors import InputError
from govern.scan.local import dataset, scan
from govern.scan.request import Columns
from govern.scan.table import read


def made(y, **columns):
    frame = pd.DataFrame({"y": y, **columns})
    return dataset(frame, label="y", features=tuple(columns))


def by_name(found):
    return {(e["feature"], e["by"]): e for e in found.details["features"]}


@pytest.fixture
def y():
    return np.random.default_rng(0).integers(0, 2, 2000)


def test_a_number_is_sklearns_area_whichever_way_it_points(y):
    rng = np.random.default_rng(1)
    up, down = y + rng.normal(0, 2, 2000), -y + rng.normal(0, 1, 2000).round(1)
    found = single_feature_leakage(made(y, up=up, down=down), 0)
    entries = by_name(found)
    assert entries["up", "value"]["value"] == pytest.approx(roc_auc_score(y, up), abs=1e-12)
    assert entries["down", "value"]["value"] == pytest.approx(1 - roc_auc_score(y, down), abs=1e-12)
    # By event rate a number that rises or falls tells as much, and no more but for chance.
    assert entries["down", "event rate"]["value"] == pytest.approx(entries["down", "value"]["value"], abs=0.01)
    assert found.estimate == max(e["value"] for e in entries.values())
    assert found.details["worst"] == "down"
    # Bonferroni over two inputs makes the lower bound wider, and the upper one is the largest.
    assert found.lower < entries["down", "value"]["lower"] < found.estimate < found.upper
    assert found.support == min(y.sum(), 2000 - y.sum())


@pytest.mark.parametrize("shape", ["middle", "ends", "waves"])
def test_a_number_that_tells_without_rising_or_falling(shape, y):
    """The area by value of such an input is near a half; of the distance from its middle it is what was planted."""
    rng = np.random.default_rng(4)
    event, other = rng.uniform(-0.3, 0.3, 2000), rng.choice([-1, 1], 2000) * rng.uniform(0.28, 2, 2000)
    x = np.where(y == (shape != "ends"), event, other)
    if shape == "waves":
        x = rng.integers(0, 5, 2000) + 0.5 * y + rng.uniform(0, 0.5, 2000)
    entries = by_name(single_feature_leakage(made(y, sodium=x), 0))
    assert entries["sodium", "value"]["value"] < 0.7
    assert entries["sodium", "event rate"]["value"] > 0.93
    if shape != "waves":
        assert entries["sodium", "event rate"]["value"] == pytest.approx(
            roc_auc_score(y == (shape != "ends"), -abs(x)), abs=0.05
        )


def test_chance_tells_nothing_by_event_rate():
    """Rates are judged on other rows than they were taken of: noise of any kind stays near a half."""
    rng = np.random.default_rng(8)
    found = []
    for _ in range(60):
        y = rng.integers(0, 2, 400)
        entries = by_name(single_feature_leakage(made(y, x=rng.normal(size=400)), int(rng.integers(1e6))))
        found.append(entries["x", "event rate"]["value"])
    assert np.mean(found) < 0.53
    assert max(found) < 0.62


def test_a_copy_of_the_label(y):
    found = single_feature_leakage(made(y, x=np.random.default_rng(1).normal(size=2000), died=1 - y), 0)
    assert found.estimate == 1
    assert found.lower > 0.99


def test_that_a_value_is_there_tells():
    """A date of death, which only those who died have: its values tell nothing, that there is one everything."""
    y = np.arange(2000) % 2
    found = single_feature_leakage(made(y, day=np.where(y == 1, np.arange(2000.0), np.nan)), 0)
    assert (found.estimate, found.details["features"][0]["by"]) == (1, "missing")
    assert found.details["values_unjudged"] == ["day"]
    half = np.where((y == 1) & (np.arange(2000) % 4 == 1), np.nan, 1.0)
    area = by_name(single_feature_leakage(made(y, lab=half), 0))["lab", "missing"]["value"]
    assert area == pytest.approx(roc_auc_score(y, np.isnan(half)), abs=1e-12)


def test_words_by_event_rate_without_remembering_rare_ones(y):
    rng = np.random.default_rng(2)
    noise = rng.choice([f"c{i}" for i in range(700)], 2000)
    code = np.where(y == 1, rng.choice(["J96", "R57"], 2000), rng.choice(["Z00", "I10"], 2000))
    entries = by_name(single_feature_leakage(made(y, noise=noise, code=code), 0))
    assert entries["code", "event rate"]["value"] == 1
    assert entries["noise", "event rate"]["value"] < 0.55
    # In the same rows, the rates of 700 words that mean nothing would seem to tell much.
    rates = pd.Series(y).groupby(noise).transform("mean")
    assert roc_auc_score(y, rates) > 0.7


def test_words_that_mean_nothing_are_covered():
    rng = np.random.default_rng(3)
    above = []
    for seed in range(60):
        y = rng.integers(0, 2, 400)
        found = single_feature_leakage(made(y, w=rng.choice(list("abcdefgh"), 400)), seed)
        above.append(found.lower > 0.5)
    assert np.mean(above) < 0.1


def test_a_large_dataset_on_a_grid_is_bounded(y):
    x = y + np.random.default_rng(1).normal(0, 1, 2000)
    frame = pd.DataFrame({"y": y, "x": x})
    found = single_feature_leakage(scan(frame, Columns(label="y", features=("x",), exact_rows=0)).data, 0)
    entry = found.details["features"][0]
    assert 0 < entry["error"] < 1e-3
    assert entry["value"] == pytest.approx(roc_auc_score(y, x), abs=entry["error"])


def test_repeated_patients_widen_the_interval(y):
    x = y + np.random.default_rng(1).normal(0, 1, 2000)
    frame = pd.DataFrame({"y": y, "x": x, "pid": np.arange(2000) // 5})
    alone, clustered = (
        single_feature_leakage(dataset(frame, label="y", features=("x",), patient_id=p), 0) for p in ("", "pid")
    )
    assert clustered.estimate == alone.estimate
    assert clustered.upper - clustered.lower > 2 * (alone.upper - alone.lower)


def test_constant_and_empty_inputs_tell_nothing(y):
    found = single_feature_leakage(made(y, one=np.ones(2000), none=np.full(2000, np.nan)), 0)
    assert found.estimate == 0.5
    assert found.sufficient


def test_what_could_not_be_judged_is_never_a_pass(y, monkeypatch):
    endless = np.where(np.arange(2000) == 5, np.inf, np.arange(2000.0))
    found = single_feature_leakage(made(y, x=endless), 0)
    assert not found.sufficient
    assert found.details["unjudged"] == ["x"]
    monkeypatch.setattr("govern.scan.cells.WORDS", 50)
    assert not single_feature_leakage(made(y, w=[f"n{i}" for i in range(2000)]), 0).sufficient


def test_too_little_or_nothing_declared(y):
    few = made([1] * 10 + [0] * 90, x=np.arange(100.0))
    assert single_feature_leakage(few, 0).estimate is None
    data = made(y, x=np.arange(2000.0))
    for undeclared in (replace(data, label=None), replace(data, features=())):
        assert not single_feature_leakage(undeclared, 0).sufficient
    with pytest.raises(InputError, match="no column 'xx'"):
        single_feature_leakage(replace(data, features=("xx",)), 0)


def test_support2(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz")
    outcome = {"patient_id", "died_180d", "physician_risk_180d", "model_risk_180d"}
    features = tuple(c for c in frame.columns if c not in outcome)
    honest = single_feature_leakage(dataset(frame, label="died_180d", features=features), 0)
    assert honest.upper < 0.75
    died = frame.assign(hospice=np.where(frame["died_180d"] == 1, "yes", np.where(frame.index % 9 == 0, "yes", "no")))
    leaked = single_feature_leakage(dataset(died, label="died_180d", features=(*features, "hospice")), 0)
    assert leaked.details["worst"] == "hospice"
    assert leaked.lower > 0.9
