from __future__ import annotations

import numpy as np
import pandas as pd

from govern.checks.data.exact_extremes import exact_extremes
from govern.scan.reduce import reduce
from govern.scan.scores import Scores, scores


def test_exact_counts():
    found = exact_extremes(scores([0, 1, 0, 1, 1, 0], [0.0, 0.0, 1.0, 1.0, 1 - 1e-17, 5e-324]))
    # 1 - 1e-17 is 1 to a float; 5e-324 is not 0.
    assert found.estimate == found.lower == found.upper == 5
    assert {k: found.details[k] for k in ("zero", "one")} == {"zero": 2, "one": 3}
    assert (found.details["zero_with_event"], found.details["one_without_event"]) == (1, 1)
    assert found.support is None


def test_none_is_none():
    assert exact_extremes(scores([0, 1], [0.1, 0.999999])).estimate == 0


def test_cells_count_as_their_rows():
    label, score, weight = np.array([0, 1, 1], dtype=np.int8), np.array([0.0, 0.5, 1.0]), np.array([3, 4, 5])
    whole = scores(np.repeat(label, weight), np.repeat(score, weight))
    assert exact_extremes(Scores(label=label, score=score, weight=weight)) == exact_extremes(whole)


def test_a_reduction_that_cuts_beside_the_ends_loses_none():
    rng = np.random.default_rng(0)
    score = rng.beta(0.2, 0.2, 200_000)
    score[:70], score[70:90] = 0.0, 1.0
    rows = scores(rng.integers(0, 2, 200_000), score)
    cells = reduce(rows, thresholds=(5e-324, 1.0))
    assert len(cells.label) < 50_000
    assert exact_extremes(cells).details == exact_extremes(rows).details


def test_no_rows():
    assert exact_extremes(scores([0, 1], [0.0, 1.0]).where(np.array([False, False]))).estimate is None


def test_the_exact_ones_of_support2_are_found(shared_data):
    """The SUPPORT investigators' own predictions, as published."""
    frame = pd.read_csv(shared_data / "reference" / "support2_predictions.csv.gz")
    for name in ("physician_60d", "physician_180d", "model_60d", "model_180d"):
        known = frame.dropna(subset=[name])
        found = exact_extremes(scores(known[f"death_{name.split('_')[1]}"], known[name]))
        expected = int(((known[name] == 0) | (known[name] == 1)).sum())
        assert found.estimate == expected
        assert (expected > 0) or name.startswith("model")
    assert exact_extremes(scores(frame.dropna()["death_180d"], frame.dropna()["physician_180d"])).details["one"] > 0
