"""``bias.concordance_gap`` against the checks of each side, and how often it accuses a fair model."""

from __future__ import annotations

import numpy as np
import pytest

from govern.checks.bias.concordance_gap import concordance_gap
from govern.checks.performance.concordance import concordance
from govern.scan.outcomes import Survival
from govern.scan.scores import Groups, groups


def _cohort(n: int, seed: int, shares=(0.6, 0.4), spoilt: float = 0.0) -> tuple[Survival, Groups]:
    """A proportional-hazards cohort; the risks of the last group are mixed with ``spoilt`` times noise."""
    rng = np.random.default_rng(seed)
    code = rng.choice(len(shares), p=shares, size=n)
    eta = rng.normal(size=n)
    time, censored = rng.exponential(size=n) * np.exp(-eta), rng.exponential(size=n)
    risk = eta + spoilt * rng.normal(size=n) * (code == len(shares) - 1)
    rows = Survival(time=np.minimum(time, censored), event=(time <= censored).astype(np.int8), risk=risk)
    return rows, groups("site", np.array(list("abcdef"))[code])


def test_a_gap_is_the_difference_of_the_two_concordances():
    rows, by = _cohort(800, 1, (0.5, 0.3, 0.2), spoilt=3.0)
    for i, found in enumerate(concordance_gap(rows, by)):
        inside = by.codes == i
        group, rest = (concordance(rows.where(side)).estimate for side in (inside, ~inside))
        assert found.estimate == pytest.approx(abs(group - rest), abs=1e-14)
        assert found.details["group_value"] == pytest.approx(group, abs=1e-14)
        assert (found.n, found.events) == (int(inside.sum()), int(rows.event[inside].sum()))
        assert found.support == min(rows.event[inside].sum(), rows.event[~inside].sum())
        assert found.slice == {"site": by.names[i]}


def test_a_fair_model_is_not_accused_and_a_useless_group_is_found():
    fair = [concordance_gap(*_cohort(300, seed, (0.5, 0.3, 0.2))) for seed in range(150)]
    assert np.mean([any((m.lower or 0) > 0 for m in found) for found in fair]) <= 0.07
    assert all(m.lower > 0 for m in concordance_gap(*_cohort(2000, 1, spoilt=20.0)))


def test_intervals_cover_the_true_gap():
    true = concordance_gap(*_cohort(200_000, 0, spoilt=1.5))[0].estimate
    found = [concordance_gap(*_cohort(300, seed, spoilt=1.5))[0] for seed in range(1, 201)]
    assert np.mean([m.lower <= true <= m.upper for m in found]) >= 0.92


def test_few_events_and_one_group_give_no_verdict():
    rows, by = _cohort(60, 3, (0.9, 0.1))
    for found in concordance_gap(rows, by):
        assert (found.estimate, found.sufficient) == (None, False)
        assert "where 20 are needed" in found.message
    (alone,) = concordance_gap(rows, groups("site", ["a"] * 60))
    assert (alone.estimate, alone.sufficient) == (None, False)


def test_repeating_rows_of_patients_changes_nothing():
    rows, by = _cohort(200, 4)
    patient = np.tile(np.arange(200), 3)
    again = Survival(**{k: np.tile(getattr(rows, k), 3) for k in ("time", "event", "risk")}, patient=patient)
    for one, many in zip(
        concordance_gap(rows, by),
        concordance_gap(again, groups("site", np.tile(np.array(by.names)[by.codes], 3))),
        strict=True,
    ):
        assert (many.estimate, many.lower, many.upper) == pytest.approx((one.estimate, one.lower, one.upper))
        assert many.support == one.support
