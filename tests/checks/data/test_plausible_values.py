from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from govern.checks.data.plausible_values import plausible_values
from govern.errors import InputError
from govern.scan.local import dataset
from govern.stats.proportion import wilson

N, M = 2000, 1200


def frame(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(62, 14, n).clip(18, 100).round(1),
            "bp": rng.normal(85, 20, n).clip(40, 180).round(),
            "creatinine": np.exp(rng.normal(0.2, 0.5, n)).round(1),
            "kind": rng.choice(["copd", "chf", "sepsis"], n),
            "sex": rng.choice(["female", "male"], n),
            "race": rng.choice(["white", "black", "asian"], n, p=[0.75, 0.2, 0.05]),
        }
    )


def made(rows, groups=("sex", "race"), **more):
    return dataset(rows, features=("age", "bp", "creatinine", "kind"), groups=groups, **more)


@pytest.fixture(scope="module")
def reference():
    return made(frame(M, 1))


@pytest.fixture
def test_rows():
    return frame(N, 0)


def share(found, column):
    return next(c for c in found.details["columns"] if c["column"] == column)


def test_data_of_one_population_have_nothing_new(test_rows, reference):
    found = plausible_values(made(test_rows), reference)
    assert (found.estimate, found.lower, found.sufficient) == (0, 0, True)
    assert found.upper == pytest.approx(wilson(0, N)[1], abs=1e-12)
    assert found.details["worst"] is None
    assert found.details["not_compared"] == []


@pytest.mark.parametrize(
    ("column", "change", "least"),
    [
        ("age", lambda v: -v, 0.03),
        ("bp", lambda v: v * 0, 0.03),
        ("creatinine", lambda v: v * 10, 0.02),
        ("creatinine", lambda v: v * 88.4, 0.03),
        ("age", lambda v: v * 0 + 45.05, 0.03),
        ("sex", lambda v: v.map({"female": "2", "male": "1"}), 0.03),
        ("race", lambda v: v.map(lambda word: f"{word} or other"), 0.02),
    ],
)
def test_what_is_wrong_in_three_rows_of_a_hundred_is_found(column, change, least, test_rows, reference):
    spoilt = np.arange(N) % 33 == 0
    found = plausible_values(
        made(test_rows.assign(**{column: test_rows[column].where(~spoilt, change(test_rows[column]))})), reference
    )
    assert found.details["worst"] == column
    assert found.estimate >= least
    assert found.estimate <= 0.04 + (column == "bp") * 0.02
    assert (found.lower, found.upper) == pytest.approx(wilson(round(found.estimate * N), N), abs=1e-12)
    assert column in found.message


def test_the_bound_of_a_new_word_is_scipys_binomial_tail(reference):
    """At 1 % over six columns: with n = 2000 and m = 1200 a new word needs so many rows, and no fewer."""
    alpha = 0.01 / 6 / 3  # six columns; sex has three words with it
    needed = next(k for k in range(1, 99) if binom.sf(k - 1, k, N / (N + M)) <= alpha)
    for rows, new in ((needed, True), (needed - 1, False)):
        test = frame(N, 0)
        test.loc[test.index[:rows], "sex"] = "other"
        assert (plausible_values(made(test), reference).estimate > 0) is new


def test_a_category_that_is_rare_in_both_is_not_new(test_rows, reference):
    few = frame(M, 1)
    few.loc[few.index[:3], "race"] = "samoan"
    rows = test_rows.assign(race=test_rows["race"].where(np.arange(N) % 400 != 0, "samoan"))
    assert plausible_values(made(rows), made(few)).estimate == 0


def test_rounding_is_nothing_new(test_rows, reference):
    rng = np.random.default_rng(5)
    coarse = test_rows.assign(bp=(test_rows["bp"] / 5).round() * 5, age=test_rows["age"].round())
    assert plausible_values(made(coarse), reference).estimate == 0
    fine = test_rows.assign(age=test_rows["age"] + rng.uniform(-0.05, 0.05, N))
    assert plausible_values(made(fine), reference).estimate == 0
    assert plausible_values(made(frame(N, 3)), made(coarse)).estimate == 0


def test_a_small_reference_shows_nothing(test_rows):
    found = plausible_values(made(test_rows), made(frame(60, 1)))
    assert not found.sufficient
    assert "would show against a reference of this size" in found.message


def test_patients_who_repeat_count_less():
    rows = frame(N, 0)
    rows.loc[rows.index[:40], "age"] = -5.0
    rows["pid"] = np.append(np.zeros(40, dtype=int), np.arange(1, N - 39))
    alone = plausible_values(made(rows), made(frame(M, 1)))
    assert alone.estimate > 0.019
    rows["pid"] = np.arange(N) // 20
    clustered = plausible_values(made(rows, patient_id="pid"), made(frame(M, 1)))
    assert clustered.estimate == 0
    assert clustered.upper > wilson(0, N)[1]


def test_what_cannot_be_compared_is_said(test_rows, reference):
    found = plausible_values(made(test_rows.assign(site="a"), groups=("sex", "site")), reference)
    assert found.details["not_compared"] == ["site"]  # race is no group here, and is held by both
    assert "not compared: site" in found.message
    with pytest.raises(InputError, match="numbers in the reference dataset, words in the test dataset"):
        plausible_values(made(test_rows.assign(bp="85 mmHg")), reference)
    with pytest.raises(InputError, match="infinite"):
        plausible_values(made(test_rows.assign(bp=np.inf)), reference)
    nothing = plausible_values(dataset(test_rows), dataset(test_rows))
    assert nothing.estimate is None
    assert not nothing.sufficient


def test_a_large_dataset_in_stretches_shows_the_same():
    rows, other = frame(100_000, 0), frame(80_000, 1)
    reference = made(other)
    clean = made(rows)
    assert clean.columns["age"].grid is not None
    assert plausible_values(clean, reference).estimate < 1e-3
    for column, value, most in (("age", -3.0, 0.031), ("bp", 0.0, 0.031), ("age", 62.3, 0.06)):
        spoilt = rows.assign(**{column: rows[column].where(np.arange(len(rows)) % 33 != 0, value)})
        grids = {n: c.grid for n, c in reference.columns.items() if c.grid is not None}
        found = plausible_values(made(spoilt, grids=grids), reference)
        assert found.details["worst"] == column
        assert 0.03 < found.estimate < most


def test_honest_samples_are_rarely_blamed():
    """Held to 1 in 100 over all columns: of 100 honest pairs no more than 4 (99.9 % quantile)."""
    both = frame(2600, 9)
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(100):
        order = rng.permutation(2600)
        wrong += plausible_values(made(both.iloc[order[:1600]]), made(both.iloc[order[1600:]])).estimate > 0
    assert wrong <= 4
