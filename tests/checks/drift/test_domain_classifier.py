from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from govern.checks.drift.domain_classifier import _out_of_fold, domain_classifier
from govern.checks.drift.ks import ks
from govern.errors import InputError
from govern.scan.local import dataset


def test_identical_populations_cannot_be_told_apart(population):
    found = domain_classifier(population(1500, 1), population(1500, 2), 0)
    assert found.lower < 0.5 < found.upper + 0.02
    assert found.upper < 0.56
    assert found.sufficient
    assert (found.n, found.events, found.support) == (3000, 1500, 1500)


def test_the_interval_covers_where_nothing_differs():
    """DeLong's own standard error does not: it takes the rows for new to one model."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        sides = [dataset(pd.DataFrame(rng.normal(size=(250, 4)), columns=list("abcd")), features=tuple("abcd"))]
        sides.append(dataset(pd.DataFrame(rng.normal(size=(250, 4)), columns=list("abcd")), features=tuple("abcd")))
        found.append(domain_classifier(*sides, seed))
    assert np.mean([m.lower <= 0.5 <= m.upper for m in found]) >= 0.9
    assert np.mean([m.lower > 0.5 for m in found]) <= 0.1


def test_a_known_shift_is_found_at_its_size():
    """Of normal distributions that are d apart, no classifier reaches more than Phi(d / sqrt 2)."""
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": rng.normal(shift, 1, 2500), "z": rng.normal(size=2500)}) for shift in (0.0, 1.0)]
    found = domain_classifier(*(dataset(f, features=("x", "z")) for f in frames), 0)
    assert found.estimate == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)
    assert found.details["features"][0]["feature"] == "x"
    assert found.details["features"][0]["lost"] > 0.1


def test_a_changed_relation_is_seen_where_no_feature_moved():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4000))
    frames = [pd.DataFrame({"a": a[:2000], "b": a[:2000] + 0.3 * b[:2000]})]
    frames.append(pd.DataFrame({"a": a[2000:], "b": -a[2000:] + 0.3 * b[2000:]}))
    test, reference = (dataset(f, features=("a", "b")) for f in frames)
    assert ks(test, reference).lower == 0
    assert domain_classifier(test, reference, 0).lower > 0.8


def test_missing_values_and_categories_tell():
    frame = pd.DataFrame({"x": np.ones(1000), "w": ["a", "b"] * 500})
    reference = dataset(frame, features=("x", "w"))
    gaps = dataset(frame.assign(x=np.where(np.arange(1000) % 2, 1.0, np.nan)), features=("x", "w"))
    assert domain_classifier(gaps, reference, 0).lower > 0.7
    new = dataset(frame.assign(w=["a", "new"] * 500), features=("x", "w"))
    assert domain_classifier(new, reference, 0).lower > 0.7
    empty = dataset(frame.assign(x=np.nan), features=("x", "w"))
    assert domain_classifier(empty, reference, 0).lower > 0.95


def test_scores_are_of_trees_that_did_not_see_the_row_and_the_area_is_sklearns(population, monkeypatch):
    seen = {}

    def watched(*args):
        seen["origin"] = args[2]
        seen["score"], lost = _out_of_fold(*args)
        return seen["score"], lost

    monkeypatch.setattr("govern.checks.drift.domain_classifier._out_of_fold", watched)
    found = domain_classifier(population(600, 1, shift=0.4), population(800, 2), 0)
    assert found.estimate == pytest.approx(roc_auc_score(seen["origin"], seen["score"]), abs=1e-12)


def test_the_rows_of_a_patient_are_in_one_fold():
    """Each patient's rows are alike: where they lie in several folds, trees remember from which dataset they are."""
    rng = np.random.default_rng(0)

    def made(first):
        who = np.repeat(np.arange(first, first + 150), 8)
        return dataset(
            pd.DataFrame({"pid": who, "x": rng.normal(size=150).repeat(8)}), features=("x",), patient_id="pid"
        )

    test, reference = made(0), made(1000)
    honest = domain_classifier(test, reference, 0)
    assert honest.support == 150
    assert honest.estimate < 0.6
    assert domain_classifier(replace(test, patient_id=None), replace(reference, patient_id=None), 0).estimate > 0.8


def test_seeded_and_sampled(population):
    test, reference = population(3000, 1), population(3000, 2)
    first, again = (domain_classifier(test, reference, 5, sample=400) for _ in range(2))
    assert first == again
    assert first.details["sampled"] == [400, 400]
    assert domain_classifier(test, reference, 6, sample=400).estimate != first.estimate


def test_a_small_window_is_inconclusive(population):
    assert not domain_classifier(population(40, 1), population(40, 2), 0).sufficient
    few = domain_classifier(population(6, 1), population(3000, 2), 0)
    assert few.estimate is None
    assert "too few" in few.message


def test_bad_input(population):
    test, reference = population(100, 1), population(100, 2)
    with pytest.raises(InputError, match="words in the reference dataset"):
        domain_classifier(test, dataset(reference.sample.assign(lab="x"), features=reference.features), 0)
    assert not domain_classifier(replace(test, features=()), replace(reference, features=()), 0).sufficient
