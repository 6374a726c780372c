"""Real models logged once to a real MLflow on SQLite; tests that change files work on a copy."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest


def draw(n: int, seed: int = 7) -> pd.DataFrame:
    """Patients with the columns and oddities of SUPPORT2: text, whole numbers, missing values."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(62, 15, n).round(1),
            "sex": pd.Series(rng.choice(["male", "female"], n), dtype="str"),
            "race": pd.Series(rng.choice(["white", "black", "asian", None], n, p=[0.7, 0.2, 0.05, 0.05]), dtype="str"),
            "comorbidities": rng.integers(0, 6, n),
            "sodium": rng.normal(138, 6, n).round(),
            "albumin": rng.normal(3, 0.8, n).round(1),
        }
    )
    frame.loc[rng.random(n) < 0.3, "albumin"] = np.nan
    return frame


def die(frame: pd.DataFrame, seed: int = 8) -> pd.Series[Any]:
    risk = 1 / (1 + np.exp(-(frame["age"] - 62) / 8 + 0.3 * (frame["comorbidities"] - 2)))
    return (np.random.default_rng(seed).random(len(frame)) < risk).astype(int)


def unfitted() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (numbers, ["age", "comorbidities", "sodium", "albumin"]),
        (OneHotEncoder(handle_unknown="ignore"), ["sex", "race"]),
    )
    return make_pipeline(columns, LogisticRegression())


@pytest.fixture(scope="session")
def patients() -> Callable[..., pd.DataFrame]:
    """``patients(n, seed=7)``: a table of features."""
    return draw


@pytest.fixture(scope="session")
def outcome() -> Callable[..., pd.Series[Any]]:
    """``outcome(frame)``: 0 or 1 for each patient."""
    return die


@pytest.fixture(scope="session")
def pipeline() -> Callable[[], Any]:
    """``pipeline()``: a scikit-learn classifier, to be fitted."""
    return unfitted


@dataclass(frozen=True)
class Logged:
    """A model in MLflow: the store's address, the model's, its folder, and the fitted estimator."""

    store: str
    uri: str
    path: Path
    estimator: Any
    run_id: str


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    import mlflow

    root = tmp_path_factory.mktemp("mlflow")
    store = f"sqlite:///{root / 'mlflow.db'}"
    frame = draw(400)
    estimator = unfitted().fit(frame, die(frame))
    with warnings.catch_warnings(action="ignore"):
        client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
        experiment = client.create_experiment("test", artifact_location=(root / "artifacts").as_uri())
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(store)
        try:
            with mlflow.start_run(experiment_id=experiment) as run:
                signature = mlflow.models.infer_signature(frame, estimator.predict_proba(frame)[:, 1])
                info = mlflow.sklearn.log_model(
                    estimator,
                    name="risk",
                    signature=signature,
                    pip_requirements=["scikit-learn"],
                    serialization_format="pickle",
                )
            client.create_registered_model("sepsis")
            client.create_model_version("sepsis", info.model_uri, run_id=run.info.run_id, model_id=info.model_id)
            client.set_registered_model_alias("sepsis", "champion", "1")
            location = client.get_logged_model(info.model_id).artifact_location
        finally:
            mlflow.set_tracking_uri(before)
    return Logged(store, info.model_uri, Path(location.removeprefix("file://")), estimator, run.info.run_id)


@pytest.fixture
def copy(logged: Logged, tmp_path: Path) -> Path:
    """A copy of the logged model's folder, to be damaged."""
    return Path(shutil.copytree(logged.path, tmp_path / "model"))
