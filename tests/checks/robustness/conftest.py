"""A made-up model of mixed inputs, and datasets to ask it about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from govern.scan.local import dataset


@dataclass(frozen=True)
class Model:
    features: tuple[str, ...]
    predict: Any


@pytest.fixture(scope="session")
def patients():
    """A function that makes a frame of n patients."""

    def make(n, seed=0):
        rng = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "age": rng.integers(18, 90, n),
                "creatinine": np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(0.1, 0.4, n)),
                "temp_c": rng.normal(37.5, 1.0, n),
                "sex": rng.choice(["f", "m"], n),
                "smokes": rng.random(n) < 0.3,
                "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9**8, n), unit="s"),
            }
        )

    return make


@pytest.fixture(scope="session")
def data():
    """A function from a frame to a dataset; ``who`` are the patients of its rows."""

    def make(frame, who=None):
        held = frame if who is None else frame.assign(who=who)
        return dataset(held, features=list(frame.columns), patient_id="" if who is None else "who")

    return make


@pytest.fixture(scope="session")
def model(patients):
    """A function from a function of a frame to a model with the inputs of the patients."""

    def make(predict):
        return Model(tuple(patients(1).columns), predict)

    return make


def smooth(frame):
    """A risk that rises slowly with age and creatinine; missing creatinine is 1."""
    z = 0.04 * (frame["age"].astype(float) - 54) + 0.8 * (frame["creatinine"].fillna(1.0).astype(float) - 1.2)
    return (1 / (1 + np.exp(-z))).to_numpy()


@pytest.fixture(scope="session")
def smooth_risk():
    return smooth
