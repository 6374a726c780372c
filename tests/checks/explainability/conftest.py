"""Models to explain, made up and real: each as its attributions and the test dataset that they are of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from govern.checks.explainability._attributions import ShapAttributions
from govern.scan.local import dataset
from govern.scan.table import read


@pytest.fixture(scope="session")
def explained():
    """A function from a predict function, a frame of rows and one of background to attributions and test data.

    ``who`` are the patients of the rows.
    """

    def make(predict, rows, background, who=None):
        frame = rows if who is None else rows.assign(who=who)
        test = dataset(frame, features=list(rows.columns), patient_id="" if who is None else "who")
        return ShapAttributions(predict, rows, background), test

    return make


@pytest.fixture(scope="session")
def linear(explained):
    """A function that gives a risk that is linear in independent features with these weights."""

    def make(weights, n=400, seed=0):
        weights = np.asarray(weights)
        rng = np.random.default_rng(seed)
        frames = [pd.DataFrame(rng.random((n, len(weights)))).rename(columns="x{}".format) for _ in range(2)]
        return explained(lambda frame: frame.to_numpy() @ weights, *frames)

    return make


@pytest.fixture(scope="session")
def support2(shared_data, explained):
    """A function that fits a pipeline on SUPPORT2 with extra columns, and explains its risk."""
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
        rows = features[2500:].reset_index(drop=True)
        return explained(lambda f: model.predict_proba(f)[:, 1], rows, features[:2500])

    return make
