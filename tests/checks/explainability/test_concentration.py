from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability._attributions import ShapAttributions
from govern.checks.explainability.concentration import concentration


def test_shares_of_a_linear_model_are_those_of_its_weights(linear):
    """The mean absolute attribution of w x is w times that of x, which is the same for all features."""
    found = concentration(linear([0.3, 0.1, 0.1], n=4000), 1, rows=1000, background=500)
    assert found.estimate == pytest.approx(0.6, abs=0.02)
    assert found.lower < 0.6 < found.upper
    assert sum(e["share"] for e in found.details["features"]) == pytest.approx(1)
    assert found.details["worst"] == "x0"


def test_the_upper_bound_holds_whichever_feature_leads(linear):
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"steady": rng.random(600), "rare": rng.random(600) < 0.04}) for _ in range(2)]
    close = ShapAttributions(lambda f: (0.27 * f["steady"] + f["rare"]).to_numpy(), *frames)
    found = [concentration(close, seed) for seed in range(4)]
    pairs = [(each.upper, *(e["upper"] for e in each.details["features"])) for each in found]
    assert all(upper == max(leading, other) for upper, leading, other in pairs)
    assert any(other > leading for _, leading, other in pairs)
    assert all(each.lower < each.estimate < each.upper for each in found)


def test_nothing_or_too_little_to_attribute_is_never_a_pass(linear):
    constant = concentration(linear([0.0, 0.0]), 1)
    assert constant.estimate is None
    assert not constant.sufficient
    assert not concentration(linear([0.1, 0.2], n=10), 1).sufficient


def test_a_planted_leak_is_found(support2):
    honest = concentration(support2(), 1)
    assert honest.upper < 0.55
    rng = np.random.default_rng(0)
    leaking = concentration(support2(palliative_consult=lambda f: f["died_180d"] * 3 + rng.normal(0, 0.5, len(f))), 1)
    assert leaking.details["worst"] == "palliative_consult"
    assert leaking.lower > 0.6
