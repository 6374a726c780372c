"""Intervals for proportions, against Newcombe 1998, scipy, and the figures of FDA's draft guidance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from govern.stats.proportion import clopper_pearson, newcombe, wilson


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict:
    return json.loads((shared_data / "reference" / "binomial_cis.json").read_text())


def test_single_proportions_equal_the_published_ones(published):
    for case in published["single"]:
        assert wilson(case["x"], case["n"]) == pytest.approx(case["wilson95"], abs=1e-10)
        assert clopper_pearson(case["x"], case["n"]) == pytest.approx(case["clopper_pearson95"], abs=1e-10)


def test_other_levels_equal_the_published_ones(published):
    at = published["level90_99"]
    assert wilson(81, 263, level=0.90) == pytest.approx(at["w90"], abs=1e-10)
    assert wilson(81, 263, level=0.99) == pytest.approx(at["w99"], abs=1e-10)
    assert clopper_pearson(81, 263, level=0.90) == pytest.approx(at["cp90"], abs=1e-10)
    assert clopper_pearson(81, 263, level=0.99) == pytest.approx(at["cp99"], abs=1e-10)


def test_differences_equal_newcombe_1998(published):
    for case in published["difference_newcombe_score_method10"]:
        found = newcombe(case["x1"], case["n1"], case["x2"], case["n2"])
        assert found == pytest.approx(case["ci95"], abs=1e-10)


@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (0, 7), (7, 7), (3, 7), (1, 1000), (44, 51), (168, 169)])
def test_agrees_with_scipy(x, n):
    test = binomtest(x, n)
    assert wilson(x, n) == pytest.approx(tuple(test.proportion_ci(method="wilson")), abs=1e-12)
    assert clopper_pearson(x, n) == pytest.approx(tuple(test.proportion_ci(method="exact")), abs=1e-10)


@pytest.mark.parametrize(
    ("x", "n", "percent"),
    [
        (44, 51, (74.3, 93.2)),  # FDA 2007, worked example
        (168, 169, (96.7, 99.9)),
        (4200, 5000, (83.0, 85.0)),  # AI-DSF draft, appendix F
        (16600, 20000, (82.5, 83.5)),
        (4200, 7600, (54.1, 56.4)),
        (16600, 17400, (95.1, 95.7)),
        (5000, 25000, (19.5, 20.5)),
    ],
)
def test_fda_worked_examples(x, n, percent):
    assert tuple(round(100 * limit, 1) for limit in wilson(x, n)) == percent


@pytest.mark.parametrize(
    ("goal", "true", "power", "interval", "positives"),
    [
        (0.75, 0.84, 0.8, wilson, 173),
        (0.75, 0.84, 0.9, wilson, 223),
        (0.75, 0.84, 0.8, clopper_pearson, 179),
        (0.80, 0.88, 0.8, wilson, 184),
        (0.85, 0.90, 0.9, clopper_pearson, 492),
    ],
)
def test_positives_needed_for_a_lower_limit_at_the_goal(goal, true, power, interval, positives):
    def reached(n: int) -> float:
        least = next(x for x in range(int(goal * n), n + 1) if interval(x, n)[0] >= goal)
        return binom.sf(least - 1, n, true)

    # power saw-tooths with n: the figure is the least n from which power never falls below again
    assert reached(positives) >= power
    assert reached(positives - 1) < power


def test_limits_enclose_the_estimate_and_stay_in_range():
    for n in (1, 2, 10, 10_000):
        for x in {0, 1, n // 2, n - 1, n}:
            for interval in (wilson, clopper_pearson):
                low, high = interval(x, n)
                assert 0 <= low <= x / n <= high <= 1
                assert low < high


def test_wilson_covers_and_wald_would_not():
    rng = np.random.default_rng(7)
    x = rng.binomial(20, 0.9, size=2000)
    covered = np.mean([low <= 0.9 <= high for low, high in (wilson(int(c), 20) for c in x)])
    assert 0.93 <= covered <= 0.99


def test_newcombe_covers_a_difference():
    rng = np.random.default_rng(8)
    a, b = rng.binomial(30, 0.9, size=2000), rng.binomial(200, 0.8, size=2000)
    inside = [
        low <= 0.1 <= high for low, high in (newcombe(int(x), 30, int(y), 200) for x, y in zip(a, b, strict=True))
    ]
    assert 0.93 <= np.mean(inside) <= 0.98
