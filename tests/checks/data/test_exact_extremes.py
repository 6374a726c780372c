from __future__ import annotations

import numpy as np
import pandas as pd

from govern.checks.data.exact_extremes import exact_extremes
from govern.scan.dataset import Recorded


def recorded(score):
    score = np.asarray(score, dtype=float)
    return Recorded(score=score, label=np.array(["0", "1"] * len(score), dtype=object)[: len(score)])


def test_exact_counts():
    found = exact_extremes(recorded([0.0, 0.0, 1.0, 1.0, 1 - 1e-17, 5e-324]))
    # 1 - 1e-17 is 1 to a float; 5e-324 is not 0.
    assert found.estimate == found.lower == found.upper == 5
    assert found.details == {"zero": 2, "one": 3, "left_out": 0}
    assert found.support is None


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
        assert found.estimate == int(((frame[name] == 0) | (frame[name] == 1)).sum())
        assert found.details["left_out"] == int(frame[name].isna().sum())
    assert exact_extremes(recorded(frame["physician_180d"])).details["one"] > 0
