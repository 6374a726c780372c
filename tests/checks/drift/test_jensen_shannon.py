from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from govern.checks.drift.features import features
from govern.checks.drift.jensen_shannon import jensen_shannon
from govern.scan.local import dataset


def one(test, reference, **params):
    both = (dataset(pd.DataFrame({"x": values}), features=("x",)) for values in (test, reference))
    return jensen_shannon(*both, **params)


def test_by_scipy_for_categories():
    found = one(["a"] * 600 + ["b"] * 400, ["a"] * 500 + ["b"] * 500)
    assert found.estimate == pytest.approx(jensenshannon([0.6, 0.4], [0.5, 0.5]), abs=1e-12)
    assert found.lower < found.estimate < found.upper


def test_categories_as_evidently_gives_them(population):
    test, reference = population(1500, 1), population(2000, 2)
    ours = {e["feature"]: e["value"] for e in jensen_shannon(test, reference).details["features"]}
    theirs = {e["feature"]: e["value"] for e in features(test, reference, 0).details["features"]}
    assert ours["sex"] == pytest.approx(theirs["sex"], abs=1e-9)


def test_unseen_categories_and_ten_thousand_of_them():
    rng = np.random.default_rng(0)
    codes = np.array([f"c{i}" for i in range(10_000)])
    then, now = rng.choice(codes, 8000), rng.choice(codes, 8000)
    still = one(now, then)
    assert still.sufficient
    assert still.details["features"][0]["cells"] <= 12
    # Half of the words of a window were never seen before, as half of the reference's are of one row only.
    assert still.upper < 0.1
    assert one(np.where(np.arange(8000) < 2000, "new", now), then).lower > 0.05
    assert one(["a"] * 900 + ["new"] * 100, ["a"] * 1000).lower > 0.1


def test_what_is_apart_is_at_the_largest():
    apart = one(["a"] * 500, ["b"] * 500)
    assert apart.estimate == pytest.approx(np.sqrt(np.log(2)), abs=1e-9)
    assert apart.estimate <= apart.upper


def test_no_shift_and_a_small_window(population):
    still = jensen_shannon(population(3000, 1), population(3000, 2))
    assert (still.sufficient, still.lower) == (True, 0)
    assert not jensen_shannon(population(80, 1), population(3000, 2)).sufficient
    shifted = jensen_shannon(population(3000, 1, shift=0.6), population(3000, 2))
    assert shifted.details["worst"] == "lab"
    assert shifted.lower > 0.1


def test_more_words_than_are_counted_are_never_a_pass(monkeypatch):
    monkeypatch.setattr("govern.scan.cells.WORDS", 50)
    found = one([f"n{i}" for i in range(2000)], [f"m{i}" for i in range(2000)])
    assert found.estimate is None
    assert "more different words than are counted" in found.message


def test_bad_input(population):
    test, reference = population(100, 1), population(100, 2)
    assert not jensen_shannon(replace(test, features=()), replace(reference, features=())).sufficient
