"""``bias.representation`` against scipy's binomial and chi-square tests, and declared groups that are absent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from govern.checks.bias.representation import representation as measured
from govern.checks.inputs import Population
from govern.errors import InputError, PolicyError, UnavailableError
from govern.scan.scores import Groups, Scores


def _rows(*counts: int, names: str = "abcdef", patient=None, weight=None) -> tuple[Scores, Groups]:
    codes = np.repeat(np.arange(len(counts)), counts)
    label = (np.arange(len(codes)) % 3 == 0).astype(np.int8)
    rows = Scores(label=label, score=np.full(len(codes), 0.5), patient=patient, weight=weight)
    return rows, Groups(attribute="race", names=tuple(names[: len(counts)]), codes=codes)


def representation(scores, groups, shares):
    return measured(scores, groups, Population(shares=shares, source="the intended population"))


def test_ratio_and_limits_are_those_of_the_share():
    counts, shares = [400, 140, 60], {"a": 0.6, "b": 0.3, "c": 0.1}
    found = representation(*_rows(*counts), {"race": shares})
    for m, count in zip(found, counts, strict=True):
        share = shares[m.slice["race"]]
        test = binomtest(count, 600, share)
        assert m.estimate == pytest.approx(count / 600 / share)
        assert m.details["p"] == pytest.approx(test.pvalue, rel=1e-12)
        limits = test.proportion_ci(1 - 0.05 / 3, method="wilson")
        low, high = limits.low / share, limits.high / share
        if m.details["p_holm"] > 0.05:
            low, high = min(low, 1), max(high, 1)
        assert (m.lower, m.upper) == pytest.approx((low, high), abs=1e-10)
        assert m.support == int(600 * share)
    assert found[0].lower > 1 > found[1].upper
    fit = found[0].details["goodness_of_fit"]
    theirs = chisquare(counts, [360, 180, 60])
    assert (fit["chi_square"], fit["p"]) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-12)
    assert (fit["degrees_of_freedom"], fit["smallest_expected"]) == pytest.approx((2, 60))


def test_a_representative_set_is_not_accused():
    rng, accused = np.random.default_rng(0), 0
    shares = np.array([0.7, 0.2, 0.07, 0.03])
    declared = {"race": dict(zip("abcd", shares, strict=True))}
    for _ in range(200):
        found = representation(*_rows(*rng.multinomial(300, shares)), declared)
        accused += any(not m.lower <= 1 <= m.upper for m in found)
    assert accused / 200 <= 0.08


def test_two_groups_are_one_comparison():
    first, second = representation(*_rows(30, 70), {"race": {"a": 0.5, "b": 0.5}})
    assert "over 1 comparison" in first.method
    assert first.details["p_holm"] == first.details["p"] == second.details["p"]
    assert first.upper < 1 < second.lower


def test_a_declared_group_that_is_absent_leaves_no_verdict():
    found = representation(*_rows(50, 50), {"race": {"a": 0.4, "b": 0.4, "asian": 0.2}})
    for m in found:
        assert not m.sufficient
        assert m.message == "in the intended population, and absent from the test set: asian (20.0%, 20 expected)"
        assert m.details["absent"] == [{"group": "asian", "declared": 0.2, "expected": 20.0}]
        assert m.details["goodness_of_fit"]["chi_square"] == pytest.approx(
            chisquare([50, 50, 0], [40, 40, 20]).statistic
        )


def test_groups_that_are_not_declared_have_no_verdict_and_count_in_the_whole():
    found = representation(*_rows(60, 30, 10), {"race": {"a": 0.7, "b": 0.3, "c": 0}})
    assert found[0].estimate == pytest.approx(0.6 / 0.7)
    assert found[2].estimate is None
    assert not found[2].sufficient
    assert found[2].message == "its declared share is 0"
    found = representation(*_rows(60, 30, 10), {"race": {"a": 0.7, "b": 0.3}})
    assert found[2].message == "it has no share of the intended population"
    assert found[0].sufficient


def test_patients_are_counted_where_they_repeat():
    patient = np.r_[np.repeat(np.arange(10), 9), np.arange(10, 20)]  # 10 patients of nine rows, 10 of one
    first, second = representation(*_rows(90, 10, patient=patient), {"race": {"a": 0.5, "b": 0.5}})
    assert first.estimate == second.estimate == 1
    assert first.n == 90
    assert first.support == 10
    assert "share of patients" in first.method


def test_cells_equal_rows():
    weight = np.array([5, 7, 1, 2, 30])
    rows, by = _rows(2, 2, 1, weight=weight)
    whole = Scores(label=np.repeat(rows.label, weight), score=np.repeat(rows.score, weight))
    shares = {"race": {"a": 0.3, "b": 0.1, "c": 0.6}}
    cells = representation(rows, by, shares)
    again = representation(whole, Groups(attribute="race", names=by.names, codes=np.repeat(by.codes, weight)), shares)
    assert cells == again


@pytest.mark.parametrize(
    ("declared", "error", "match"),
    [
        ({"sex": {"f": 1.0}}, UnavailableError, "no intended population is declared for race"),
        ({"race": {"a": 0.5, "b": 0.4}}, PolicyError, "add up to 0.9"),
        ({"race": {"a": 1.5, "b": -0.5}}, PolicyError, "outside 0 to 1"),
        ({"race": {"a": float("nan"), "b": 1.0}}, PolicyError, "outside 0 to 1"),
        ({"race": {}}, PolicyError, "add up to 0"),
    ],
)
def test_bad_declarations_are_refused(declared, error, match):
    with pytest.raises(error, match=match):
        representation(*_rows(5, 5), declared)


def test_groups_of_other_rows_are_refused():
    rows, _ = _rows(2, 2)
    with pytest.raises(InputError, match="3 groups for 4 rows"):
        representation(rows, _rows(2, 1)[1], {"race": {"a": 0.5, "b": 0.5}})


def test_a_group_that_is_not_there_is_no_smaller_fault_than_one_that_nearly_is():
    shares = {"race": {"a": 0.45, "b": 0.45, "other": 0.1}}
    for found in representation(*_rows(550, 450), shares):
        assert (found.estimate, found.lower, found.sufficient) == (None, 0.0, False)
        assert found.upper < 0.5  # so that no rule that asks for half may call it a limitation
