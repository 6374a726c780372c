from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from govern.checks.robustness.noise import noise
from govern.errors import InputError
from govern.stats.proportion import wilson


def test_the_share_of_changed_decisions_is_what_theory_gives(data, model):
    """Of x ~ N(0, 1) with noise of sd s, the sign changes in arctan(s) / pi of the rows (bivariate normal)."""
    rng = np.random.default_rng(0)
    test, reference = (data(pd.DataFrame({"x": rng.normal(size=n)})) for n in (20000, 5000))
    sign = model(lambda f: norm.cdf(f["x"].to_numpy()))
    sign = type(sign)(("x",), sign.predict)
    found = noise(sign, test, reference, 1, sd=0.5, rows=20000)
    share = np.arctan(0.5 * reference.columns["x"].sd) / np.pi
    assert found.lower < share < found.upper
    assert found.estimate == pytest.approx(share, abs=0.01)
    assert (found.lower, found.upper) == pytest.approx(wilson(found.estimate * 20000, 20000), abs=1e-12)


def test_inputs_keep_their_kind_and_range(data, model, patients):
    rows = patients(400)
    seen = []

    def predict(frame):
        seen.append(frame)
        return np.full(len(frame), 0.3)

    found = noise(model(predict), data(rows), data(patients(300, 1)), 1, flip=0.2)
    assert [len(f) for f in seen] == [800]
    before, after = seen[0].iloc[:400].reset_index(drop=True), seen[0].iloc[400:].reset_index(drop=True)
    assert (before.dtypes == rows.dtypes).all()
    assert (before["creatinine"].isna() == after["creatinine"].isna()).all()
    assert (after["age"] % 1 == 0).all()
    assert (after["age"] != before["age"]).any()
    for name in ("age", "creatinine"):
        assert after[name].max() <= max(before[name].max(), patients(300, 1)[name].max())
        assert after[name].min() >= min(before[name].min(), patients(300, 1)[name].min())
    assert after["creatinine"].sub(before["creatinine"]).abs().max() < 1
    for name in ("sex", "smokes"):
        assert set(after[name]) <= set(before[name])
        assert 0.12 < (after[name] != before[name]).mean() < 0.28
    assert (after["seen"] == before["seen"]).all()
    assert found.details["left_alone"] == ["seen"]
    assert "left as they are: seen" in found.message


def test_a_smooth_model_withstands_noise_and_a_jumpy_one_does_not(data, model, patients, smooth_risk):
    test, reference = data(patients(600)), data(patients(300, 1))
    calm = noise(model(smooth_risk), test, reference, 1)
    assert calm.upper < 0.06
    assert calm.details["largest_change"] < 0.2
    jumpy = noise(model(lambda f: (np.sin(300 * f["temp_c"]) > 0).to_numpy(dtype=float)), test, reference, 1)
    assert jumpy.lower > 0.4
    assert jumpy.details["mean_change"]["lower"] < jumpy.details["mean_change"]["value"]
    assert noise(model(smooth_risk), test, reference, 1) == calm


def test_patients_are_the_unit_and_few_are_inconclusive(data, model, patients, smooth_risk):
    rows = patients(30)
    many = rows.loc[rows.index.repeat(20)].reset_index(drop=True)
    found = noise(model(smooth_risk), data(many, np.repeat(np.arange(30), 20)), data(rows), 1, rows=600)
    alone = noise(model(smooth_risk), data(many), data(rows), 1, rows=600)
    assert (found.n, found.support) == (600, 30)
    assert found.upper - found.lower > alone.upper - alone.lower
    assert not noise(model(smooth_risk), data(rows.head(15)), data(rows), 1).sufficient


def test_bad_models(data, model, patients, smooth_risk):
    rows = data(patients(50))
    for answer in (lambda f: np.full(len(f), np.nan), lambda f: np.zeros(1)):
        with pytest.raises(InputError, match="one finite risk"):
            noise(model(answer), rows, rows, 1)
