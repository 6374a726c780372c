"""``bias.mae_gap`` against scikit-learn, and how often it accuses a fair model."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from govern.checks.bias.mae_gap import mae_gap
from govern.scan.outcomes import Values
from govern.scan.scores import Groups, groups


def _cohort(n: int, seed: int, worse: float = 1.0) -> tuple[Values, Groups]:
    rng = np.random.default_rng(seed)
    code = rng.choice(3, p=[0.5, 0.3, 0.2], size=n)
    true = rng.gamma(2, 3, size=n)
    noise = rng.normal(size=n) * np.where(code == 2, worse, 1.0)
    return Values(true=true, predicted=true + noise), groups("race", np.array(list("abc"))[code])


@pytest.mark.parametrize("relative", [False, True])
def test_a_gap_is_the_difference_of_sklearns_errors(relative):
    rows, by = _cohort(600, 1, worse=2.0)
    scale = mean_absolute_error(rows.true, np.full(rows.n, np.median(rows.true))) if relative else 1.0
    for i, found in enumerate(mae_gap(rows, by, relative=relative)):
        group, rest = (
            mean_absolute_error(rows.true[side], rows.predicted[side]) / scale
            for side in (by.codes == i, by.codes != i)
        )
        assert found.estimate == pytest.approx(abs(group - rest), abs=1e-13)
        assert (found.events, found.support) == (None, min((by.codes == i).sum(), (by.codes != i).sum()))


def test_a_fair_model_is_not_accused_and_a_worse_group_is_found():
    fair = [mae_gap(*_cohort(300, seed)) for seed in range(200)]
    assert np.mean([any((m.lower or 0) > 0 for m in found) for found in fair]) <= 0.07
    assert mae_gap(*_cohort(600, 1, worse=3.0))[2].lower > 1


def test_intervals_cover_the_true_gap():
    true = np.sqrt(2 / np.pi)  # E|2 z| - E|z|
    found = [mae_gap(*_cohort(300, seed, worse=2.0))[2] for seed in range(200)]
    assert np.mean([m.lower <= true <= m.upper for m in found]) >= 0.93


def test_few_rows_or_equal_errors_give_no_verdict():
    assert {m.estimate for m in mae_gap(*_cohort(50, 3)) if m.support < 20} == {None}
    rows, by = _cohort(300, 4)
    perfect = Values(true=rows.true, predicted=rows.true + 1)
    for found in mae_gap(perfect, by):
        assert (found.estimate, found.sufficient, found.message) == (None, False, "one side shows no uncertainty")
