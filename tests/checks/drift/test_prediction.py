from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest

from govern.checks.drift.prediction import prediction
from govern.scan.scores import scores
from govern.scan.table import read


def risks(values, patient=None):
    return scores(np.arange(len(values)) % 2, values, patient=patient)


def test_by_hand():
    reference = np.repeat([0.1, 0.3, 0.6, 0.9], 250)
    test = np.repeat([0.1, 0.3, 0.6, 0.9], [100, 200, 300, 400])
    found = prediction(risks(test), reference, bins=4)
    raw = sum((q - 0.25) * log(q / 0.25) for q in (0.1, 0.2, 0.3, 0.4))
    assert found.details["raw"] == pytest.approx(raw, abs=1e-12)
    assert found.estimate == pytest.approx(raw - 3 * 2 / 1000, abs=1e-12)
    bins = found.details["bins"]
    assert [b["reference"] for b in bins] == [0.25] * 4
    assert [b["current"] for b in bins] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert [b["upper"] for b in bins] == [0.1, 0.3, 0.6, 0.9]
    assert all(a["upper"] <= b["lower"] <= b["upper"] for a, b in pairwise(bins))
    assert found.method.startswith("PSI on 4 cells")


def test_cells_span_all_risks_and_those_of_equal_mass_meet():
    bins = prediction(risks(np.linspace(0, 1, 1000)), np.linspace(0.2, 0.8, 1000)).details["bins"]
    assert (bins[0]["lower"], bins[-1]["upper"]) == (0, 1)
    assert len(bins) == 12
    assert all(a["upper"] == b["lower"] for a, b in pairwise(bins))


def test_shifted_and_steady_risk():
    rng = np.random.default_rng(4)
    reference = rng.beta(2, 5, 3000)
    assert prediction(risks(rng.beta(2, 5, 3000)), reference).upper < 0.03
    assert prediction(risks(rng.beta(3, 5, 3000)), reference).lower > 0.15


def test_too_little_is_inconclusive():
    rng = np.random.default_rng(4)
    found = prediction(risks(rng.random(60)), rng.random(3000))
    assert not found.sufficient
    assert not prediction(risks(rng.random(600), np.arange(600) // 10), rng.random(3000)).sufficient
    empty = prediction(risks(rng.random(60)), np.array([]))
    assert empty.estimate is None
    assert not empty.sufficient


def test_a_shift_of_tied_risks_is_seen():
    assert prediction(risks(np.full(900, 0.95)), np.full(900, 0.05)).lower > 1
    assert prediction(risks(np.full(900, 0.05)), np.full(900, 0.95)).lower > 1
    zeros = np.zeros(950)
    here, there = (np.append(zeros, np.full(50, value)) for value in (0.01, 0.99))
    assert prediction(risks(there), here).lower > 0.1
    assert prediction(risks(here), there).lower > 0.1
    assert prediction(risks(there), np.append(zeros, np.linspace(0.001, 0.05, 50))).lower > 0.1
    same = prediction(risks(here), here)
    assert (same.estimate, same.lower, same.sufficient) == (0, 0, True)


def test_a_constant_risk():
    same = prediction(risks(np.full(900, 0.2)), np.full(900, 0.2))
    assert same.estimate is None
    assert not same.sufficient
    assert "one cell" in same.message
    assert prediction(risks(np.full(900, 0.7)), np.linspace(0, 1, 900)).lower > 1


def test_support2(shared_data):
    frame = read(shared_data / "support2" / "support2.csv.gz").dropna(subset=["model_risk_180d"])
    frame = frame.sample(frac=1, random_state=1)
    test, reference = frame[:2000], frame[2000:]
    found = prediction(scores(test["died_180d"], test["model_risk_180d"]), reference["model_risk_180d"].to_numpy())
    assert found.upper < 0.03
    dead = frame[frame["died_180d"] == 1]["model_risk_180d"].to_numpy()
    assert prediction(scores(test["died_180d"], test["model_risk_180d"]), dead).lower > 0.25
