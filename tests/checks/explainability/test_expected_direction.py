from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from govern.checks.explainability.expected_direction import expected_direction
from govern.errors import PolicyError


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(3)

    def make(n):
        frame = pd.DataFrame({"age": rng.normal(size=n), "bp": rng.normal(size=n), "unused": rng.random(n)})
        frame["sex"] = rng.choice(["f", "m"], n)
        frame["smokes"] = rng.random(n) < 0.4
        frame["seen"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n), unit="D")
        frame["asked"] = pd.array(np.where(rng.random(n) < 0.2, None, rng.integers(0, 4, n)), dtype="Int64")
        frame.loc[frame.index[::7], "bp"] = np.nan
        return frame

    return make(300), make(100)


def risk(frame):
    bend = 0.3 * np.sin(2 * frame["bp"].fillna(0)) + 0.2 * frame["smokes"]
    return (1 / (1 + np.exp(-0.8 * frame["age"] - bend - 0.1 * (frame["sex"] == "f")))).to_numpy()


def test_each_correlation_is_scipys(explained, frames):
    attributions, test = explained(risk, *frames)
    found = expected_direction(attributions, test, 4, increasing=["age", "smokes"], decreasing=["bp"])
    draw = attributions.draw(rows=200, background=25, seed=4)
    entries = {e["feature"]: e for e in found.details["features"]}
    for name, sign in (("age", 1), ("smokes", 1), ("bp", -1)):
        value = test.sample[name].to_numpy(dtype=float)[draw.places]
        there = ~np.isnan(value)
        expected = sign * spearmanr(value[there], draw.values[there, draw.features.index(name)]).statistic
        assert entries[name]["value"] == pytest.approx(expected, abs=1e-12)
        assert entries[name]["lower"] <= expected <= entries[name]["upper"]
        assert entries[name]["n"] + entries[name]["missing"] == 200
    assert entries["bp"]["missing"] > 0
    assert found.estimate == entries["bp"]["value"] < 0
    assert found.lower == min(e["lower"] for e in entries.values())
    assert found.support == entries["bp"]["n"]
    assert found.details["worst"] == "bp"
    assert "1 of 3 inputs act against what is expected: bp" in found.message


def test_the_right_direction_passes_and_the_wrong_one_fails(linear):
    attributions, test = linear([0.3, 0.2, 0.1])
    assert expected_direction(attributions, test, 1, increasing=["x0", "x1"]).lower > 0.99
    assert expected_direction(attributions, test, 1, increasing=["x0"], decreasing=["x1"]).upper < -0.99


def test_what_cannot_be_told_is_never_a_pass_and_hides_no_wrong_direction(explained, frames):
    attributions, test = explained(risk, *frames)
    nothing = expected_direction(attributions, test, 1)
    assert (nothing.estimate, nothing.sufficient) == (None, False)
    ignored = expected_direction(attributions, test, 1, increasing=["unused"])
    assert (ignored.estimate, ignored.sufficient) == (None, False)
    assert "unused" in ignored.message
    both = expected_direction(attributions, test, 1, increasing=["unused", "age"], decreasing=["smokes"])
    assert not both.sufficient
    assert both.upper < 0
    assert not expected_direction(attributions, test, 1, increasing=["asked"]).sufficient
    few = [f.head(15) for f in frames]
    assert not expected_direction(*explained(risk, *few), 1, increasing=["age"]).sufficient


def test_patients_are_the_unit(explained, frames):
    rows, background = frames
    few = rows.head(50)
    copies = few.loc[few.index.repeat(20)].reset_index(drop=True)
    once = expected_direction(*explained(risk, few, background), 1, decreasing=["bp"])
    many = expected_direction(
        *explained(risk, copies, background, np.repeat(np.arange(50), 20)), 1, decreasing=["bp"], rows=1000
    )
    assert many.support == once.support
    assert many.upper - many.lower == pytest.approx(once.upper - once.lower, rel=0.2)


def test_names_that_cannot_be_meant(explained, frames):
    made = explained(risk, *frames)
    for names, match in (
        ({"increasing": ["agee"]}, "no input 'agee'"),
        ({"decreasing": ["sex"]}, "'sex' holds words"),
        ({"decreasing": ["seen"]}, "'seen' holds dates"),
        ({"increasing": ["age"], "decreasing": ["age"]}, "'age' is named as increasing and as decreasing"),
    ):
        with pytest.raises(PolicyError, match=match):
            expected_direction(*made, 1, **names)


def test_support2_older_and_sicker_die_more_often(support2):
    found = expected_direction(*support2(), 1, increasing=["age", "comorbidities"], decreasing=["meanbp"])
    assert found.lower > 0.9
