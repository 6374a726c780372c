from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from govern.checks.data.temporal_order import temporal_order
from govern.errors import InputError
from govern.scan.local import dataset, scan
from govern.scan.request import Columns
from govern.types import Role


def days(first, n):
    return pd.date_range(first, periods=n, freq="D").to_series(index=range(n))


def data(times, time="t"):
    return dataset(pd.DataFrame({"t": times, "x": 1.0}), time=time)


def order(test, train, **others):
    return temporal_order(data(test), {Role.TEST: data(test), Role.TRAIN: data(train), **others})


def test_rows_before_the_latest_train_row_are_counted():
    found = order(days("2020-12-22", 100), days("2020-01-01", 366))  # train ends with 2020
    assert found.estimate == found.lower == found.upper == 9  # 22 to 30 December; the 31st is in order
    assert found.details["out_of_order"] == 9
    assert found.n == 100
    assert order(days("2021-01-01", 100), days("2020-01-01", 366)).estimate == 0


def test_the_reference_counts_too():
    reference = data(days("2021-01-01", 50))
    assert order(days("2021-02-01", 60), days("2020-01-01", 366), **{Role.REFERENCE: reference}).estimate == 18
    external = data(days("2030-01-01", 5))
    assert order(days("2021-02-01", 60), days("2020-01-01", 366), **{Role.EXTERNAL: external}).estimate == 0


def test_text_is_read_and_what_cannot_be_read_is_counted():
    train = days("2020-01-01", 366).dt.strftime("%Y-%m-%d")
    test = days("2021-01-01", 60).dt.strftime("%Y-%m-%dT08:30:00")
    assert order(test, train).estimate == 0
    broken = test.mask(test.index < 3, "31/12/2020").mask(test.index == 4, None)
    found = order(broken, train)
    assert (found.estimate, found.details["unreadable"]) == (4, 4)
    assert order(days("2020-12-30", 5), train).estimate == 1  # dates here, text there


def test_placeholders_are_far_from_all_others():
    test = days("2021-01-01", 60).mask(lambda s: s.index == 7, pd.Timestamp("1900-01-01"))
    train = days("2020-01-01", 366).mask(lambda s: s.index < 2, pd.Timestamp("2099-12-31"))
    found = order(test, train)
    assert found.details["far"] == 3
    assert found.details["out_of_order"] == 0  # 2099 is not when training ended
    assert found.estimate == 3


def test_numbers_are_times_too():
    assert order([2021, 2022, 2020], [2018, 2019, 2021] * 5).estimate == 1


def test_a_large_dataset_on_a_grid_is_in_order_only_if_its_rows_are():
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"t": np.sort(rng.uniform(0, 1000, 5000))})
    last = float(train["t"].max())
    before = scan(train, Columns(time="t", exact_rows=0)).data
    for shift, expected in ((1e-9, 0), (-1e-4, 1)):
        frame = pd.DataFrame({"t": np.append(last + shift, rng.uniform(last + 1, 1100, 3000))})
        after = scan(frame, Columns(time="t", exact_rows=0)).data
        assert temporal_order(after, {Role.TRAIN: before}).estimate == expected


def test_what_is_not_known_is_never_a_pass():
    test, train = days("2021-01-01", 9), days("2020-01-01", 9)
    undeclared = temporal_order(data(test, ""), {Role.TRAIN: data(train)})
    alone = temporal_order(data(test), {Role.TEST: data(test)})
    without = temporal_order(data(test), {Role.TRAIN: data(train, "")})
    only_reference = temporal_order(data(test), {Role.REFERENCE: data(train)})
    for found in (undeclared, alone, without, only_reference):
        assert found.estimate is None
        assert not found.sufficient
    found = temporal_order(data(train), {Role.REFERENCE: data(test)})
    assert found.estimate == 9  # what is found stands
    assert order(test, [None] * 5).estimate == 5


def test_bad_input():
    with pytest.raises(InputError, match="the time column holds dates in the test dataset, numbers in the train"):
        order(days("2021-01-01", 9), [1.0, 2.0])
    with pytest.raises(InputError, match="the train dataset: no column 't'"):
        temporal_order(data(days("2021-01-01", 9)), {Role.TRAIN: replace(data([1.0]), columns={})})
