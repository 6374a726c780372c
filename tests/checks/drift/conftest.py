"""Datasets to compare, made up and real."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.scan.dataset import Data
from govern.scan.local import dataset
from govern.scan.table import read


@pytest.fixture
def population():
    """A function that draws n rows of three features: a number with gaps, a count, a word."""

    def draw(n: int, seed: int, *, shift: float = 0.0) -> Data:
        rng = np.random.default_rng(seed)
        lab = rng.normal(shift, 1, n)
        lab[rng.random(n) < 0.2] = np.nan
        frame = pd.DataFrame({"lab": lab, "visits": rng.poisson(2, n), "sex": rng.choice(["f", "m"], n)})
        return dataset(frame, features=("lab", "visits", "sex"))

    return draw


@pytest.fixture(scope="session")
def support2(shared_data):
    """SUPPORT2 split at random: 1,800 test and 3,000 reference rows."""
    frame = read(shared_data / "support2" / "support2.csv.gz").sample(4800, random_state=5)
    outcome = {"patient_id", "died_180d", "physician_risk_180d", "model_risk_180d"}
    names = tuple(c for c in frame.columns if c not in outcome)
    return tuple(
        dataset(part, label="died_180d", features=names, patient_id="patient_id")
        for part in (frame[:1800], frame[1800:])
    )


@pytest.fixture
def changed():
    """A function that makes a dataset again with columns of its sample replaced; equal where nothing is replaced."""

    def change(data: Data, **columns) -> Data:
        frame = data.sample.assign(**columns)
        return dataset(
            frame,
            label=data.label or "",
            features=data.features,
            patient_id="pid" if "pid" in columns else data.patient_id or "",
        )

    return change
