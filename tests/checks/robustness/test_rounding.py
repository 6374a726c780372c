from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.checks.robustness.rounding import _significant, rounding
from govern.stats.proportion import wilson

numbers = st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-9)


@given(numbers, st.integers(1, 6))
def test_significant_digits_are_those_that_python_prints(value, digits):
    found = _significant(np.array([value]), digits)[0]
    printed = float(f"{Decimal(value):.{digits - 1}e}")
    step = 10 ** (np.floor(np.log10(abs(value))) - digits + 1) if value else 0
    # Ties fall either way: what is printed is decimal, what is computed is binary.
    assert found == pytest.approx(printed, rel=1e-12) or abs(abs(value - printed) - step / 2) < 1e-9 * abs(value)


def test_what_is_not_there_stays():
    values = np.array([np.nan, np.inf, 0.0, 7.36])
    np.testing.assert_array_equal(_significant(values, 2), [np.nan, np.inf, 0.0, 7.4])


def test_a_step_is_found_and_a_smooth_risk_passes(data, model, patients, smooth_risk):
    test = data(patients(600))
    calm = rounding(model(smooth_risk), test, 1)
    assert calm.estimate == 0
    assert calm.upper == pytest.approx(wilson(0, 500)[1])
    step = model(lambda f: (f["temp_c"] % 1 > 0.4).to_numpy() * 0.5)
    steep = rounding(step, test, 1)
    assert steep.lower > 0.4
    assert steep.details["worst"] == "temp_c"
    values = test.sample["temp_c"].to_numpy()
    changed = ((values % 1 > 0.4) != (np.round(values) % 1 > 0.4)).mean()
    assert steep.estimate == pytest.approx(changed, abs=0.03)
    assert {e["feature"] for e in steep.details["features"]} == {"age", "creatinine", "temp_c"}


def test_one_call_for_all(data, model, patients, smooth_risk):
    asked = []
    rounding(model(lambda f: asked.append(len(f)) or smooth_risk(f)), data(patients(50)), 1)
    assert asked == [50 * 5]


def test_nothing_to_round_or_too_few_is_never_a_pass(data, model, patients, smooth_risk):
    words = patients(50)[["sex", "smokes"]]
    only_words = type(model(smooth_risk))(("sex", "smokes"), lambda f: np.full(len(f), 0.5))
    nothing = rounding(only_words, data(words), 1)
    assert (nothing.estimate, nothing.sufficient) == (None, False)
    assert not rounding(model(smooth_risk), data(patients(10)), 1).sufficient
