"""Shared fixtures: where real data lies, and an environment that touches nothing outside the test's folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("DVC_NO_ANALYTICS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Roots of trust that tests make are not this person's.
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="govern-tests-")

#: MLflow keeps what a process last chose in these, and children inherit them.
_LEAKS = ("MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data and published reference results that are not part of this repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of reference data (../shared/data) is absent")
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let no test, and no command that it starts, inherit another's MLflow."""
    for name in _LEAKS:
        os.environ.pop(name, None)
