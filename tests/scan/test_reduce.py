"""Cells of rows: what is exact is what scikit-learn and the rows say; what is not is within its bound."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from govern.scan import reduce as module
from govern.scan.reduce import FEW, LARGE, by_group, reduce
from govern.scan.scores import Scores
from govern.stats.auroc import area, variance


def rows(n: int, seed: int = 0, ties: int | None = None) -> Scores:
    rng = np.random.default_rng(seed)
    eta = rng.standard_normal(n) - 2
    label = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.int8)
    score = 1 / (1 + np.exp(-eta - rng.standard_normal(n)))
    return Scores(label=label, score=score if ties is None else np.round(score, ties))


@pytest.mark.parametrize("ties", [None, 2, 1])
@pytest.mark.parametrize("block", [1 << 20, 5000])
def test_what_needs_all_rows_is_exact(ties: int | None, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    scores = rows(30_000, ties=ties)
    whole = reduce(scores).whole
    assert whole is not None
    assert whole.area == pytest.approx(roc_auc_score(scores.label, scores.score), abs=1e-14)
    exact = area(scores.label, scores.score)
    expected = variance(exact.influence, scores.label)
    assert expected is not None
    assert whole.area == exact.estimate
    assert whole.area_se == pytest.approx(expected**0.5, rel=1e-10)
    assert whole.average_precision == pytest.approx(average_precision_score(scores.label, scores.score), rel=1e-12)
    off = (scores.score - scores.label) ** 2
    assert whole.squared_error == pytest.approx(brier_score_loss(scores.label, scores.score), rel=1e-13)
    assert whole.squared_error_sd == pytest.approx(off.std(ddof=1), rel=1e-11)


@pytest.mark.parametrize("ties", [None, 2, 1])
def test_cells(ties: int | None) -> None:
    scores = rows(150_000, ties=ties)
    thresholds = [0.0, 0.1, 0.30001, 0.5, 1.0]
    cells = reduce(scores, most=256, thresholds=thresholds)
    assert cells.weight is not None
    assert cells.n == scores.n
    assert cells.events == scores.events
    assert cells.ranked is cells
    assert cells.total(cells.score) == pytest.approx(scores.score.sum(), rel=1e-12)
    for threshold in thresholds:
        for label in (0, 1):
            found = cells.count(cells.flagged(threshold) & (cells.label == label))
            assert found == int((scores.flagged(threshold) & (scores.label == label)).sum())
    # Rows that are tied lie in one stretch: no two stretches share a score.
    assert len(np.unique(cells.score)) == len(np.unique(np.column_stack([cells.score])))
    spread = {float(s): int((scores.score == s).sum()) for s in np.unique(scores.score)} if ties == 1 else {}
    for score, count in spread.items():
        assert cells.count(cells.score == score) == count  # a stretch of one score has that score


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [None, 3, 2])
def test_the_area_of_the_cells_is_within_its_bound(seed: int, ties: int | None) -> None:
    scores = rows(140_000, seed, ties)
    cells = reduce(scores, most=32)
    assert cells.whole is not None
    assert cells.whole.area_se is not None
    binned = roc_auc_score(cells.label, cells.score, sample_weight=cells.weight)
    assert abs(binned - cells.whole.area) <= cells.whole.tie_bound + 1e-12
    assert cells.whole.tie_bound <= 0.1 * cells.whole.area_se


def test_most_is_doubled_only_where_it_must_be() -> None:
    scores = rows(140_000)
    few, many = reduce(scores, most=64), reduce(scores, most=1 << 15)
    assert few.whole is not None
    assert few.whole.tie_bound <= 0.1 * (few.whole.area_se or 0)
    assert len(few.score) < len(many.score)
    assert len(reduce(rows(140_000, ties=2), most=64).score) <= 202


def test_every_score_its_own_cell_where_they_are_few() -> None:
    scores = Scores(label=np.array([1, 0, 1, 0], dtype=np.int8), score=np.array([0.5, 0.5, 0.2, 0.0]))
    cells = reduce(scores)
    assert cells.score.tolist() == [0.0, 0.2, 0.5, 0.5]
    assert cells.label.tolist() == [0, 1, 0, 1]
    assert cells.weight is not None
    assert cells.weight.tolist() == [1, 1, 1, 1]
    assert cells.whole is not None
    assert cells.whole.area == roc_auc_score(scores.label, scores.score)


def test_what_is_not_reduced() -> None:
    scores = rows(100)
    patients = Scores(label=scores.label, score=scores.score, patient=np.arange(100) // 2)
    assert reduce(patients) is patients
    cells = reduce(scores)
    assert reduce(cells) is cells


def test_one_class_alone_has_cells_and_no_area() -> None:
    scores = Scores(label=np.zeros(1000, dtype=np.int8), score=rows(1000).score)
    cells = reduce(scores, most=8)
    assert (cells.n, cells.events, cells.whole) == (1000, 0, None)


class TestByGroup:
    def test_each_group_is_reduced_alone(self) -> None:
        scores = rows(4 * FEW, 1)
        codes = np.random.default_rng(2).choice([0, 1, 2, 3], p=[0.5, 0.3, 0.1, 0.1], size=scores.n)
        found = by_group(scores, codes, 5, [0.2])
        for code, group in enumerate(found):
            mask = codes == code
            assert group.n == mask.sum()
            expected = scores.where(mask)
            if group.n < FEW:
                assert group.weight is None
                assert np.array_equal(group.score, expected.score)
                continue
            alone = reduce(expected, thresholds=[0.2])
            assert np.array_equal(group.score, alone.score)
            assert np.array_equal(group.weight, alone.weight)
            assert group.whole == alone.whole
        assert [g.weight is None for g in found] == [False, False, True, True, True]
        assert found[4].n == 0

    def test_patients_are_kept(self) -> None:
        scores = rows(2 * FEW)
        scores = Scores(label=scores.label, score=scores.score, patient=np.arange(scores.n) // 2)
        (only,) = by_group(scores, np.zeros(scores.n, dtype=np.int64), 1)
        assert only.patient is not None
        assert np.array_equal(only.score, scores.score)

    def test_more_groups_than_fit_a_byte(self) -> None:
        scores = rows(1000)
        codes = np.arange(1000) % 300
        assert [g.n for g in by_group(scores, codes, 300)] == np.bincount(codes).tolist()


def test_cut_offs() -> None:
    assert (LARGE, FEW) == (131_072, 50_000)


@pytest.mark.parametrize("block", [1 << 17, 3])
@pytest.mark.parametrize(
    ("label", "score"),
    [
        ([0, 1], [0.5, 0.5]),
        ([1, 0, 0, 0, 0], [0.2, 0.2, 0.2, 0.1, 0.9]),
        ([1, 0, 0, 0, 0], [0.0, 0.2, 0.2, 0.1, 0.9]),
        ([0, 1, 1, 1, 1], [1.0, 0.2, 0.2, 1.0, 0.9]),
        ([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.7, 0.3, 0.2, 0.1]),
        ([0, 0, 0, 1, 1, 1], [0.9, 0.8, 0.7, 0.3, 0.2, 0.1]),
        ([0, 1, 0, 1, 0, 1, 1, 0], [0.0, 0.0, 0.4, 0.4, 0.4, 1.0, 1.0, 1.0]),
    ],
)
def test_few_rows_and_ties(label: list[int], score: list[float], block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    rows = Scores(label=np.array(label, dtype=np.int8), score=np.array(score))
    cells = reduce(rows)
    exact = area(rows.label, rows.score)
    assert cells.whole is not None
    assert cells.whole.area == pytest.approx(roc_auc_score(label, score), abs=1e-15)
    assert cells.whole.average_precision == pytest.approx(average_precision_score(label, score), abs=1e-15)
    assert cells.whole.squared_error == pytest.approx(brier_score_loss(label, score), abs=1e-15)
    expected = variance(exact.influence, rows.label)
    found = cells.whole.area_se
    assert found == (None if expected is None else pytest.approx(expected**0.5, abs=1e-12))
    assert cells.whole.tie_bound == 0
