"""Models to explain, made up and real."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability._attributions import ShapAttributions
from govern.scan.table import read


@pytest.fixture(scope="session")
def linear():
    """A function that gives attributions of a risk that is linear in independent features with these weights."""

    def make(weights, n=400, seed=0):
        weights = np.asarray(weights)
        rng = np.random.default_rng(seed)
        frames = [pd.DataFrame(rng.random((n, len(weights)))).rename(columns="x{}".format) for _ in range(2)]
        return ShapAttributions(lambda frame: frame.to_numpy() @ weights, *frames)

    return make


@pytest.fixture(scope="session")
def support2(shared_data):
    """A function that fits a pipeline on SUPPORT2 with extra columns, and gives attributions of its risk."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = read(shared_data / "support2" / "support2.csv.gz").sample(4000, random_state=3).reset_index(drop=True)
    words = ["sex", "race", "disease_group"]
    numbers = ["age", "comorbidities", "meanbp", "heart_rate", "resp_rate", "creatinine", "albumin", "pafi"]

    def make(**extra):
        full = frame.assign(**{name: column(frame) for name, column in extra.items()})
        features = full[[*words, *numbers, *extra]]
        prepare = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), words),
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [*numbers, *extra]),
        )
        model = make_pipeline(prepare, LogisticRegression(max_iter=500))
        model.fit(features[:2500], full["died_180d"][:2500])
        return ShapAttributions(lambda f: model.predict_proba(f)[:, 1], features[2500:], features[:2500])

    return make
