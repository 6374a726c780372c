"""Scores in bins that are the same everywhere: mergeable in any order, exact at thresholds, within their bound."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from govern.errors import InputError
from govern.scan.bins import Binned, binned

THRESHOLDS = (0.1, 0.3, 0.5, 0.9)


def rows(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.beta(0.3, 0.8, n)
    score[: n // 4] = np.round(score[: n // 4], 2)
    odd = [0.0, 1.0, 0.5, *THRESHOLDS, 1e-15, 1 - 1e-15, 5e-324]
    odd += [np.nextafter(t, d) for t in (0.5, *THRESHOLDS) for d in (0.0, 1.0)]
    score[-len(odd) :] = odd
    return rng.random(n) < score, score


def same(a: Binned, b: Binned) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_any_split_in_any_order_gives_the_same_bins(seed: int) -> None:
    label, score = rows(500, seed)
    whole = binned(label, score, THRESHOLDS)
    rng = np.random.default_rng(seed)
    parts = [
        binned(label[i], score[i], THRESHOLDS) for i in np.array_split(rng.permutation(500), int(rng.integers(1, 9)))
    ]
    while len(parts) > 1:
        a, b = (parts.pop(int(rng.integers(len(parts)))) for _ in range(2))
        parts.append(a + b)
    assert same(parts[0], whole)


@pytest.mark.parametrize("seed", range(3))
def test_cells(seed: int) -> None:
    label, score = rows(20_000, seed)
    held = binned(label, score, THRESHOLDS)
    cells = held.scores()
    assert (cells.n, cells.events) == (len(score), int(label.sum()))
    assert cells.ranked is cells
    assert cells.total(cells.score) == pytest.approx(score.sum(), abs=1e-5)
    for threshold in (*THRESHOLDS, 0.0, 1.0):
        for which in (0, 1):
            found = cells.count(cells.flagged(threshold) & (cells.label == which))
            expected = int(((score >= threshold) & (label == which)).sum())
            assert found == expected or threshold not in THRESHOLDS
    assert cells.whole is not None
    assert abs(cells.whole.area - roc_auc_score(label, score)) <= cells.whole.tie_bound
    assert cells.whole.area == pytest.approx(roc_auc_score(cells.label, cells.score, sample_weight=cells.weight))
    off = (score - label) ** 2
    assert cells.whole.squared_error == pytest.approx(off.mean(), abs=1e-9)
    assert cells.whole.squared_error_sd == pytest.approx(off.std(ddof=1), rel=1e-5)


def test_no_bin_is_wide() -> None:
    score = np.sort(np.concatenate([10.0 ** -np.linspace(0, 11, 20_000), 1 - 10.0 ** -np.linspace(0.4, 11, 20_000)]))
    held = binned(np.zeros(len(score), dtype=bool), score)
    cells = held.scores()
    mean = np.repeat(cells.score, cells.weight)
    near = np.minimum(score, 1 - score)
    assert (np.abs(mean - score) <= near / 1000 + 1e-11).all()
    assert cells.whole is None  # no event, so no area


def test_nothing() -> None:
    held = binned(np.zeros(0, dtype=bool), np.zeros(0), THRESHOLDS)
    label, score = rows(100)
    assert same(held + binned(label, score, THRESHOLDS), binned(label, score, THRESHOLDS))
    assert held.scores().n == 0


@pytest.mark.parametrize("others", [(), (0.1, 0.3, 0.5), (0.1, 0.3, 0.5, 0.91)])
def test_bins_of_other_thresholds_are_not_added(others: tuple[float, ...]) -> None:
    label, score = rows(100)
    with pytest.raises(InputError, match="different thresholds"):
        binned(label, score, THRESHOLDS) + binned(label, score, others)
