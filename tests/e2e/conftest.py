"""A small real project, made once with the installed command: real DVC, real MLflow on SQLite, real keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

GOVERN = Path(sys.executable).with_name("govern")

POLICY = """\
schema: govern/policy/1
id: small
version: 1.0.0
title: A small policy for a small model
data:
  test: {min_rows: 500, min_events: 100}
checks:
  - {id: discrimination, check: performance.auroc, accept: {lower: ">= 0.70"}, controls: [K14]}
  - {id: sensitivity, check: performance.sensitivity, params: {threshold: 0.3}, by: [sex, race],
     insufficient: limit, accept: {lower: ">= 0.50"}}
  - {id: fair, check: bias.equal_opportunity, params: {threshold: 0.3}, by: [sex], accept: {upper: "<= 0.15"}}
  - {id: calibrated, check: calibration.slope, accept: {lower: ">= 0.80", upper: "<= 1.25"}}
  - {id: steady, check: drift.psi, accept: {upper: "<= 0.25"}}
  - {id: explained, check: explainability.concentration, accept: {upper: "<= 0.90"}}
  - {id: apart, check: data.patient_overlap, accept: {estimate: "<= 0"}}
  - {id: declared, check: documentation.completeness, accept: {estimate: ">= 1"}}
documentation: {required: [intended_use, limitations]}
"""

PROJECT = """\
schema: govern/project/1
system:
  name: small-model
  intended_use: To show in a test that the main path works from end to end.
  limitations: [Made of numbers that a generator drew; it must never meet a patient.]
  owner: {name: Ada Lee, organisation: Test Hospital, email: ada@example.org}
data:
  label: died
  patient_id: pid
  features: [age, x1, x2, ward]
  groups: {sex: sex, race: race}
policy: policies/small.yaml
"""

TRAIN = """\
import sys, mlflow, pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
features, out = sys.argv[1].split(","), sys.argv[2]
mlflow.set_tracking_uri("sqlite:///mlflow.db")
train = pd.read_csv("data/train.csv")
words = [c for c in features if c == "ward"]
model = make_pipeline(
    make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), remainder=StandardScaler()),
    LogisticRegression(),
).fit(train[features], train["died"])
with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, name="model", pyfunc_predict_fn="predict_proba",
                                    input_example=train[features].head(), serialization_format="cloudpickle")
open(out, "w").write(info.model_uri)
"""


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


def rows(n: int, seed: int, first: int) -> pd.DataFrame:
    """Return patients whose death follows a logistic model of age, x1 and the ward; race is a rare attribute."""
    rng = np.random.default_rng(seed)
    age = rng.normal(62, 14, n).round(1)
    x1, x2 = rng.normal(size=n), rng.normal(size=n)
    ward = rng.choice(["icu", "ward"], n, p=[0.4, 0.6])
    logit = -0.4 + 0.05 * (age - 62) + 1.0 * x1 + 0.8 * (ward == "icu")
    return pd.DataFrame(
        {
            "pid": np.arange(first, first + n),
            "age": age,
            "x1": x1.round(4),
            "x2": x2.round(4),
            "ward": ward,
            "sex": rng.choice(["female", "male"], n),
            "race": rng.choice(["a", "b", "c"], n, p=[0.7, 0.29, 0.01]),
            "died": (rng.uniform(size=n) < 1 / (1 + np.exp(-logit))).astype(int),
        }
    )


def run_in(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Answer:
    """Run the installed command in a folder."""
    done = subprocess.run(
        [str(GOVERN), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **(environment or {})},
        timeout=300,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def run() -> Run:
    """The installed command: ``run(folder, *arguments, environment=...)``."""
    return run_in


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with snapshots and a trained model; treat as read-only, and use ``project`` for a copy."""
    root = tmp_path_factory.mktemp("e2e") / "project"
    (root / "policies").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "policies" / "small.yaml").write_text(POLICY)
    (root / "govern.yaml").write_text(PROJECT)
    for i, (role, n) in enumerate({"train": 3000, "reference": 2000, "test": 3000}.items()):
        rows(n, seed=i, first=100_000 * i).to_csv(root / "data" / f"{role}.csv", index=False)
    assert run_in(root, "init").code == 0
    for role in ("train", "reference", "test"):
        answer = run_in(root, "data", "snapshot", f"data/{role}.csv", "--role", role)
        assert answer.code == 0, answer.err
    (root / "train.py").write_text(TRAIN)
    for name, features in (("good", "age,x1,x2,ward"),):
        subprocess.run([sys.executable, "-W", "ignore", "train.py", features, f"{name}.uri"], cwd=root, check=True)
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of the project that a test may spoil.

    MLflow keeps absolute paths of artifacts, so the copy's models lie in the original; no test spoils those.
    """
    copy = tmp_path / "project"
    shutil.copytree(made, copy, symlinks=True)
    return copy


@pytest.fixture(scope="session")
def model(made: Path) -> str:
    """The URI of a model that passes."""
    return (made / "good.uri").read_text()
