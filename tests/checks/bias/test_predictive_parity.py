"""``bias.predictive_parity`` against scikit-learn on Fairlearn's quickstart, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from govern.checks.bias.predictive_parity import predictive_parity
from govern.scan.scores import Groups, Scores, groups, scores
from govern.stats.proportion import newcombe


def _cells(*groups_of: tuple[int, int, int, int]) -> tuple[Scores, Groups]:
    """Groups of (found, false alarm, missed, rightly not flagged) rows."""
    counts = np.array(groups_of)
    label, score = np.tile([1, 0, 1, 0], len(counts)), np.tile([0.9, 0.9, 0.1, 0.1], len(counts))
    codes = np.repeat(np.arange(len(counts)), 4)
    n = counts.ravel()
    return (
        Scores(label=np.repeat(label, n).astype(np.int8), score=np.repeat(score, n)),
        Groups(attribute="site", names=tuple("abcdef"[: len(counts)]), codes=np.repeat(codes, n)),
    )


def test_fairlearn_quickstart_predictive_values(shared_data: Path):
    table = pd.read_csv(shared_data / "reference" / "fairlearn_quickstart_test.csv.gz")
    found = predictive_parity(scores(table.y, table.p), groups("race", table.race), 0, threshold=0.1, negative=True)
    for m in found:
        rows = table[table.race == m.slice["race"]]
        tn, fp, fn, tp = confusion_matrix(rows.y, rows.p >= 0.1).ravel()
        values = {d["rate"]: (d["group_rate"], d["fairlearn_rate"]) for d in m.details["rates"]}
        assert values["positive predictive value"] == pytest.approx((tp / (tp + fp),) * 2, abs=1e-12)
        assert values["negative predictive value"] == pytest.approx((tn / (tn + fn),) * 2, abs=1e-12)
    assert "over 12 comparison" in found[0].method


def test_by_hand():
    first, second = predictive_parity(*_cells((80, 20, 10, 90), (50, 50, 20, 80)), 0)
    low, high = newcombe(80, 100, 50, 100)
    assert (first.estimate, first.lower, first.upper) == pytest.approx((0.3, low, high))
    assert (second.estimate, second.lower, second.upper) == pytest.approx((0.3, low, high))
    assert (first.support, first.n, first.events) == (100, 200, 90)
    assert first.details["signed_difference"] == pytest.approx(0.3)
    assert first.details["p_holm"] == first.details["p"] < 0.01
    assert first.details["permutation_p"] < 0.01


def test_negative_values_are_compared_when_asked():
    rows = _cells((50, 50, 40, 60), (50, 50, 5, 95))
    assert predictive_parity(*rows, 0)[0].estimate == 0
    first = predictive_parity(*rows, 0, negative=True)[0]
    assert first.estimate == pytest.approx(0.35)
    assert first.details["rate"] == "negative predictive value"
    assert first.lower > 0.1
    assert [d["rate"] for d in first.details["rates"]] == ["positive predictive value", "negative predictive value"]


def test_a_group_in_which_nobody_is_flagged_has_no_predictive_value():
    found = predictive_parity(*_cells((30, 20, 10, 40), (0, 0, 20, 80), (20, 30, 10, 40)), 0)
    assert [m.estimate for m in found] == pytest.approx([0.2, None, 0.2])
    assert not found[1].sufficient
    assert found[1].support == 0
    assert found[1].message == "no positive predictive value in the group: it has no flagged rows"
    assert "over 2 comparison" in found[0].method


def test_nobody_is_flagged_at_all():
    found = predictive_parity(*_cells((0, 0, 20, 80), (0, 0, 10, 90)), 0)
    assert all(m.estimate is None and not m.sufficient for m in found)
    assert "null_95" not in found[0].details
