from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability.concentration import concentration


def test_shares_of_a_linear_model_are_those_of_its_weights(linear):
    """The mean absolute attribution of w x is w times that of x, which is the same for all features."""
    found = concentration(*linear([0.3, 0.1, 0.1], n=4000), 1, rows=1000, background=500)
    assert found.estimate == pytest.approx(0.6, abs=0.02)
    assert found.lower < 0.6 < found.upper
    assert sum(e["share"] for e in found.details["features"]) == pytest.approx(1)
    assert found.details["worst"] == "x0"


def test_the_upper_bound_holds_whichever_feature_leads(explained):
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"steady": rng.random(600), "rare": rng.random(600) < 0.04}) for _ in range(2)]
    close = explained(lambda f: (0.27 * f["steady"] + f["rare"]).to_numpy(), *frames)
    found = [concentration(*close, seed, background=50) for seed in range(4)]
    pairs = [(each.upper, *(e["upper"] for e in each.details["features"])) for each in found]
    assert all(upper == max(leading, other) for upper, leading, other in pairs)
    assert any(other > leading for _, leading, other in pairs)
    assert all(each.lower < each.estimate < each.upper for each in found)


def test_thirty_rows_of_each_patient_are_no_more_evidence_than_one(explained):
    rng = np.random.default_rng(2)
    once, background = (pd.DataFrame(rng.random((40, 3))).rename(columns=str) for _ in range(2))

    def predict(frame):
        return (0.3 * frame["0"] ** 3 + 0.1 * frame["1"] * frame["2"]).to_numpy()

    single = concentration(*explained(predict, once, background, range(40)), 1, rows=1200, background=40)
    rows = once.loc[once.index.repeat(30)].reset_index(drop=True)
    many = concentration(
        *explained(predict, rows, background, np.repeat(np.arange(40), 30)), 1, rows=1200, background=40
    )
    ignored = concentration(*explained(predict, rows, background), 1, rows=1200, background=40)
    assert (many.n, many.support) == (1200, 40)
    # The order in which each copy takes its features in differs, so that attributions are equal but for that noise.
    assert many.estimate == pytest.approx(single.estimate, abs=0.01)
    assert many.upper - many.lower == pytest.approx(single.upper - single.lower, rel=0.15)
    assert ignored.upper - ignored.lower < 0.25 * (many.upper - many.lower)


def test_nothing_or_too_little_to_attribute_is_never_a_pass(linear):
    constant = concentration(*linear([0.0, 0.0]), 1)
    assert constant.estimate is None
    assert not constant.sufficient
    assert not concentration(*linear([0.1, 0.2], n=10), 1).sufficient


def test_a_planted_leak_is_found(support2):
    honest = concentration(*support2(), 1)
    assert honest.upper < 0.55
    rng = np.random.default_rng(0)
    leaking = concentration(*support2(palliative_consult=lambda f: f["died_180d"] * 3 + rng.normal(0, 0.5, len(f))), 1)
    assert leaking.details["worst"] == "palliative_consult"
    assert leaking.lower > 0.6
