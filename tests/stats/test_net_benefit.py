"""The balance of gains and losses, against statsmodels, and where one of them is rare."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from govern.stats.net_benefit import balance


def _masks(gains: int, losses: int, n: int):
    place = np.arange(n)
    return place < gains, (place >= gains) & (place < gains + losses)


def test_one_share_alone_is_wilsons():
    gains, losses = _masks(7, 0, 40)
    found, limits = balance(gains, losses, gain=2, loss=0)
    assert found == 2 * 7 / 40
    assert limits == pytest.approx([2 * x for x in proportion_confint(7, 40, method="wilson")], abs=1e-14)


def test_is_the_formula_of_zou_and_donner_on_a_multinomial_table():
    gains, losses = _masks(12, 5, 80)
    found, (lower, upper) = balance(gains, losses, gain=1, loss=0.4)
    p, q = 12 / 80, 5 / 80
    (p_low, p_high), (q_low, q_high) = (proportion_confint(x, 80, method="wilson") for x in (12, 5))
    r = -np.sqrt(p * q / ((1 - p) * (1 - q)))
    down, up = (p - p_low, 0.4 * (q_high - q)), (p_high - p, 0.4 * (q - q_low))
    assert found == pytest.approx(p - 0.4 * q, abs=1e-15)
    assert found - lower == pytest.approx(np.sqrt(down[0] ** 2 + down[1] ** 2 - 2 * r * down[0] * down[1]), abs=1e-13)
    assert upper - found == pytest.approx(np.sqrt(up[0] ** 2 + up[1] ** 2 - 2 * r * up[0] * up[1]), abs=1e-13)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_many_rows_give_the_t_interval(level):
    gains, losses = _masks(20_000, 9_000, 100_000)
    _, limits = balance(gains, losses, gain=1, loss=0.5, level=level)
    expected = DescrStatsW(gains - 0.5 * losses).tconfint_mean(1 - level)
    assert limits == pytest.approx(expected, abs=2e-5)


def test_weights_stand_for_rows():
    rng = np.random.default_rng(1)
    kind, weight = rng.integers(0, 3, 60), rng.integers(1, 20, 60)
    found = balance(kind == 0, kind == 1, gain=1, loss=0.3, weight=weight)
    each = np.repeat(kind, weight)
    expected = balance(each == 0, each == 1, gain=1, loss=0.3)
    assert found[0] == pytest.approx(expected[0], abs=1e-14)
    assert found[1] == pytest.approx(expected[1], abs=1e-12)


def test_copies_of_patients_do_not_narrow_it():
    rng = np.random.default_rng(2)
    kind, copies = rng.integers(0, 3, 90), np.tile(np.arange(90), 12)
    once = balance(kind == 0, kind == 1, gain=1, loss=0.3)
    again = np.tile(kind, 12)
    found = balance(again == 0, again == 1, gain=1, loss=0.3, patient=copies)
    assert found[0] == pytest.approx(once[0], abs=1e-14)
    assert found[1][0] <= once[1][0]
    assert found[1][1] >= once[1][1]


def test_covers_where_the_t_interval_does_not():
    # rare losses that weigh much: 2 % of rows, nine times the worth of a gain
    rng, mover, t = np.random.default_rng(3), [], []
    true = 0.5 - 9 * 0.02
    for _ in range(1000):
        kind = rng.choice(3, size=100, p=[0.5, 0.02, 0.48])
        mover.append(balance(kind == 0, kind == 1, gain=1, loss=9)[1])
        t.append(DescrStatsW((kind == 0) - 9.0 * (kind == 1)).tconfint_mean())
    assert np.mean([low > true for low, _ in mover]) <= 0.04
    assert np.mean([low <= true <= high for low, high in mover]) >= 0.93
    assert np.mean([low > true for low, _ in t]) > 0.08


def test_no_row_of_either_kind_is_not_certain():
    found, (lower, upper) = balance(*_masks(0, 0, 30), gain=1, loss=0.5)
    assert found == 0
    assert lower < -0.02
    assert upper > 0.05
