from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from govern.checks.drift._evidently import page
from govern.checks.drift.features import _counts, _judge, features, report_html
from govern.checks.drift.psi import psi
from govern.errors import InputError
from govern.scan.local import dataset


def lab_distance(test, reference):
    now, then = test.sample["lab"].dropna(), reference.sample["lab"].dropna()
    return wasserstein_distance(then, now) / np.std(then.to_numpy())


def by_name(found):
    return {entry["feature"]: entry for entry in found.details["features"]}


def test_values_are_evidentlys_own_and_equal_scipys(population):
    test, reference = population(1500, 1, shift=0.3), population(2000, 2)
    entries = by_name(features(test, reference, 0))
    assert entries["lab"]["value"] == pytest.approx(lab_distance(test, reference), abs=1e-9)
    shares = [f["sex"].value_counts(normalize=True).sort_index().to_numpy() for f in (reference.sample, test.sample)]
    assert entries["sex"]["value"] == pytest.approx(jensenshannon(*shares), abs=1e-9)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import ValueDrift
    definition = DataDefinition(numerical_columns=["visits"])
    both = [Dataset.from_pandas(d.sample[["visits"]], data_definition=definition) for d in (test, reference)]
    report = Report([ValueDrift(column="visits", method="wasserstein")]).run(*both)
    assert entries["visits"]["value"] == pytest.approx(report.dict()["metrics"][0]["value"], abs=1e-12)


def test_agrees_with_psi_on_which_feature_shifted(population):
    test, reference = population(3000, 1, shift=0.5), population(3000, 2)
    found = features(test, reference, 0)
    assert found.estimate == found.lower == found.upper == pytest.approx(1 / 3)
    assert found.details["worst"] == psi(test, reference).details["worst"] == "lab"
    still = features(population(3000, 3), reference, 0)
    assert (still.estimate, still.lower, still.sufficient) == (0, 0, True)


def test_a_feature_at_the_threshold_is_in_the_interval(population):
    found = features(population(2000, 1, shift=0.1), population(2000, 2), 0)
    entry = by_name(found)["lab"]
    assert entry["lower"] < 0.1 < entry["upper"]
    assert found.lower == 0
    assert by_name(found)["visits"]["value"] < 0.1 < by_name(found)["visits"]["upper"]
    assert found.upper == pytest.approx(2 / 3)


@pytest.mark.parametrize("truth", [0.1, 0.3])
def test_a_features_interval_covers(truth):
    """Of normal distributions with equal spread, the normed Wasserstein distance is the shift of the mean."""
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(120):
        then, now = rng.normal(0, 1, 2000), rng.normal(truth, 1, 600)
        value = wasserstein_distance(then, now) / then.std()
        entry = _judge(pd.Series(then), pd.Series(now), value, (2000, 600), numeric=True)
        covered.append(entry["lower"] <= truth <= entry["upper"])
    assert np.mean(covered) > 0.91


def test_the_method_does_not_flip_with_evidentlys_default_at_1000_rows(population):
    """Evidently on its own takes p-values up to 1,000 reference rows and distances above."""
    for n in (950, 1050):
        test, reference = population(n, 1), population(n, 2)
        found = features(test, reference, 0)
        methods = {name: entry["method"] for name, entry in by_name(found).items()}
        assert methods == {"lab": "wasserstein", "visits": "wasserstein", "sex": "jensenshannon"}
        assert by_name(found)["lab"]["value"] == pytest.approx(lab_distance(test, reference), abs=1e-9)


def test_the_sample_is_declared_and_seeded(population):
    test, reference = population(3000, 1), population(3000, 2)
    first, again = (features(test, reference, 5, sample=1000) for _ in range(2))
    assert first == again
    assert (first.n, first.details["sampled"]) == (1000, [1000, 1000])
    assert by_name(first)["lab"]["value"] != by_name(features(test, reference, 6, sample=1000))["lab"]["value"]


def test_a_small_window_is_inconclusive(population):
    found = features(population(30, 1), population(3000, 2), 0)
    assert not found.sufficient
    assert "chance alone" in found.message


def test_an_emptied_column_has_drifted_and_one_that_was_always_empty_has_not():
    frame = pd.DataFrame({"a, b": np.linspace(0, 1, 2000), "x": np.linspace(0, 1, 2000), "y": [None] * 2000, "z": 1.0})
    reference = dataset(frame, features=tuple(frame.columns))
    found = features(dataset(frame.assign(x=np.nan), features=tuple(frame.columns)), reference, 0)
    assert found.details["emptied"] == ["x"]
    assert found.estimate == found.lower == found.upper == 0.25
    assert found.details["worst"] == "x"


def test_nothing_is_printed_and_warnings_stay_on(population, capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        features(population(500, 1), population(500, 2), 0)
        assert warnings.filters == filters
    assert not caught
    assert capfd.readouterr() == ("", "")


def test_an_infinite_reference_value_never_hides_drift(population, changed):
    test, reference = population(500, 1, shift=3.0), population(500, 2)
    lab = reference.sample["lab"].copy()
    lab[0] = np.inf
    with pytest.raises(InputError, match="'lab' holds 1 infinite values"):
        features(test, changed(reference, lab=lab), 0)


@pytest.mark.parametrize("name", ["value", "lower", "upper", "chance_limit"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_bound_that_is_no_finite_number_decides_nothing(name, number):
    sure = {"value": 0.01, "lower": 0.0, "upper": 0.02, "chance_limit": 0.02}
    assert _counts([sure], 0.1) == (0, 0, 0)
    assert _counts([sure, {**sure, name: number}], 0.1) == (0, 1, 1)


def test_bad_input(population):
    test, reference = population(100, 1), population(100, 2)
    with pytest.raises(InputError, match="the test dataset: no column 'sex'"):
        features(replace(test, columns={n: test.columns[n] for n in ("lab", "visits")}), reference, 0)
    assert not features(replace(test, features=()), replace(reference, features=()), 0).sufficient


def test_support2(support2, changed):
    test, reference = support2
    assert features(test, reference, 1).estimate == 0
    older = changed(test, age=test.sample["age"] + 8)
    found = features(older, reference, 1)
    assert found.lower == pytest.approx(1 / len(test.features))
    assert found.details["worst"] == "age"


def test_evidentlys_own_page_is_kept_small_and_repeatable(population):
    test, reference = population(300, 1), population(300, 2)
    html = report_html(test, reference, 0)
    assert html == report_html(test, reference, 0)
    assert html.startswith(b"\n    <!DOCTYPE html>")
    assert len(html) < 5_000_000
    for name in (b"1: ", b"lab", b"visits", b"sex"):
        assert name in html
    assert report_html(replace(test, features=()), replace(reference, features=()), 0) is None


def test_a_page_that_would_be_too_large_draws_fewer(population, monkeypatch):
    frame = population(200, 1).sample
    whole = page(frame, frame, 0.1, first=["lab", "visits", "sex"])
    monkeypatch.setattr("govern.checks.drift._evidently._LARGEST", len(whole) - 1)
    less = page(frame, frame, 0.1, first=["lab", "visits", "sex"])
    assert len(less) < len(whole)
    assert b"1: lab" in less
    assert b"2: visits" not in less
