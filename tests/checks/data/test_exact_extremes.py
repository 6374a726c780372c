from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.data.exact_extremes import exact_extremes
from govern.scan.dataset import Recorded


def recorded(score):
    score = np.asarray(score, dtype=float)
    return Recorded(score=score, label=np.array(["0", "1"] * len(score), dtype=object)[: len(score)])


def test_exact_counts():
    found = exact_extremes(recorded([0.0, 0.0, 1.0, 1.0, 1 - 1e-17, 5e-324]))
    # 1 - 1e-17 is 1 to a float; 5e-324 is not 0, and no other row's.
    assert found.estimate == found.lower == found.upper == 5
    assert found.details == {"zero": 2, "one": 3, "exact": 5, "alone": 1, "left_out": 0}
    assert found.support is None


@pytest.mark.parametrize("constant", [1e-6, 1e-7, 1e-15, 5e-324])
def test_a_constant_at_which_scores_were_clipped_is_found(constant):
    """Keras clips at 1e-7, scikit-learn's log loss at 1e-15: nobody computes the same such risk twice."""
    for value in (constant, 1 - constant):
        found = exact_extremes(recorded([0.2, value, 0.4, value]))
        assert found.estimate == 2
        assert exact_extremes(recorded([0.2, value, 0.4, 0.5])).estimate == (value in (0, 1))
    alone = exact_extremes(recorded([1e-9, 2e-8, 1 - 1e-8, 0.5]))
    assert (alone.estimate, alone.details["alone"]) == (0, 3)


def test_single_precision_near_one_is_found():
    score = np.float32(1) - np.float32(2.0**-24) * np.arange(0, 4, dtype=np.float32).repeat(2)
    assert exact_extremes(recorded(score.astype(float))).estimate == 8


def test_the_tolerance():
    score = recorded([1e-5, 1e-5, 0.5])
    assert exact_extremes(score).estimate == 0
    assert exact_extremes(score, tolerance=1e-4).estimate == 2
    assert exact_extremes(recorded([1e-7, 1e-7, 0.0]), tolerance=1e-9).estimate == 1


def test_extremes_of_one_group_alone_are_found():
    score = np.full(2000, 0.3)
    score[:7] = 1
    assert exact_extremes(recorded(score)).estimate == 7


def test_none_is_none():
    assert exact_extremes(recorded([0.1, 0.999999])).estimate == 0


def test_scores_that_cannot_be_read_hide_none_and_are_told():
    found = exact_extremes(recorded([1.0, np.nan, np.inf, 0.5]))
    assert (found.estimate, found.n, found.details["left_out"]) == (1, 2, 2)
    assert "2 scores that cannot be read were left out" in found.message


def test_no_rows():
    assert exact_extremes(recorded([])).estimate is None
    assert exact_extremes(recorded([np.nan])).estimate is None


def test_the_exact_ones_of_support2_are_found(shared_data):
    """The SUPPORT investigators' own predictions, as published, the missing ones among them."""
    frame = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    for name in ("physician_60d", "physician_180d", "model_60d", "model_180d"):
        found = exact_extremes(recorded(frame[name]))
        assert found.details["exact"] == int(((frame[name] == 0) | (frame[name] == 1)).sum())
        assert found.estimate >= found.details["exact"]
        assert found.details["left_out"] == int(frame[name].isna().sum())
    assert exact_extremes(recorded(frame["physician_180d"])).details["one"] > 0
