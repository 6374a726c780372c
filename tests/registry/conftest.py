"""A real project with a logged model and evidence about it, made once and copied for each test."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern import project as projects
from govern.evidence import bundle
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.gate import decide
from govern.policy import Policy
from govern.project import Workspace
from govern.signing import identity
from govern.types import (
    MANDATORY_FAMILIES,
    Environment,
    Finding,
    Insufficient,
    Measurement,
    Outcome,
    Record,
    Severity,
    Subject,
    Verdict,
)

NAME = "sepsis"
YAML = """\
schema: govern/project/1
system: {name: sepsis, limitations: [Adults only]}
data: {label: died}
policy: policies/p.yaml
"""
_REASON = {"reason": "the registry is tested here", "person": "Ada Lee"}
POLICY = Policy.model_validate(
    {
        "schema": "govern/policy/1",
        "id": "small",
        "version": "1.0.0",
        "title": "A small policy",
        "checks": [{"id": "discrimination", "check": "performance.auroc", "accept": {"lower": ">= 0.7"}}],
        "not_applicable": dict.fromkeys(MANDATORY_FAMILIES, _REASON),
    }
)
#: Columns of MLflow's database that hold paths of the project.
PATHS = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
}


@dataclass(frozen=True)
class Project:
    """A project folder with an MLflow database, one logged model in it and a signing key."""

    root: Path
    model_id: str
    run_id: str
    name: str = NAME

    @property
    def workspace(self) -> Workspace:
        return projects.load(self.root)

    @property
    def database(self) -> Path:
        return self.root / "mlflow.db"

    @property
    def plain_uri(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def uri(self) -> str:
        return f"govern+{self.plain_uri}"

    @property
    def model(self) -> Path:
        return self.root / "mlruns" / "models" / self.model_id / "artifacts"

    @property
    def source(self) -> str:
        return f"models:/{self.model_id}"

    def client(self) -> Any:
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri=self.plain_uri, registry_uri=self.uri)

    def store(self) -> Any:
        """The store itself, as the server calls it: MLflow's clients refuse some calls before they ask."""
        return self.client()._get_registry_client().store

    def subject(self) -> Subject:
        from govern.models.digest import model_manifest

        files = model_manifest(self.model)
        return Subject(
            kind="model",
            name="model",
            uri=self.source,
            sha256=canonical.manifest_sha256(files),
            files=files,
            run_id=self.run_id,
            flavors=("sklearn",),
        )

    def record(self, name: str | None = NAME, verdict: Verdict = Verdict.ALLOW, **other: Any) -> Record:
        findings = (finding(Outcome.PASS if verdict is Verdict.ALLOW else Outcome.FAIL),)
        return Record(
            subject=self.subject(),
            registered_name=name,
            policy=POLICY.as_json(),
            system={"name": "sepsis", "limitations": ["Adults only"]},
            datasets=(),
            findings=findings,
            decision=decide(POLICY, findings, today=date(2026, 1, 1)),
            environment=Environment(
                govern="0.1.0",
                python="3.11",
                platform="Linux",
                packages={},
                lock_sha256=None,
                git_commit=None,
                git_dirty=None,
                checks={},
                seed=1,
            ),
            **other,
        )

    def decide(self, record: Record | None = None, signer: identity.Identity | None = None) -> Bundle:
        """Write and log evidence, as a gate run does."""
        record = record or self.record()
        workspace = self.workspace
        signer = signer or identity.load(workspace.keys, "author")
        written = bundle.write(record, workspace.evidence, signer)
        body = {
            "evidence": written.sha256,
            "verdict": record.decision.verdict.value,
            "subject": record.subject.sha256,
            "name": record.registered_name,
            "policy": record.policy["sha256"],
        }
        return bundle.attach_receipt(written, Log(workspace.log).append("decision", body, identity=signer))

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database) as connection:
            return connection.execute(f"SELECT {columns} FROM {table}").fetchall()  # noqa: S608

    def write(self, statement: str, *values: Any) -> None:
        """Write around the gate, as somebody with the file can."""
        with sqlite3.connect(self.database) as connection:
            connection.execute(statement, values)


def finding(outcome: Outcome) -> Finding:
    lower, estimate, upper = (0.75, 0.8, 0.85) if outcome is Outcome.PASS else (0.55, 0.6, 0.65)
    return Finding(
        id="discrimination",
        rule="discrimination",
        check="performance.auroc",
        family="performance",
        outcome=outcome,
        severity=Severity.BLOCK,
        insufficient=Insufficient.BLOCK,
        criterion="lower >= 0.7",
        message="",
        measurement=Measurement(estimate=estimate, lower=lower, upper=upper, n=1000, method="DeLong"),
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that tests copy."""
    root = tmp_path_factory.mktemp("template")
    (root / "govern.yaml").write_text(YAML)
    workspace = projects.load(root)
    identity.create_development(workspace.keys, workspace.trust, identity="author", name="Ada Lee")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns about its own type hints and database queries
        return Project(root, *_train(root))


def _train(root: Path) -> tuple[str, str]:
    import mlflow
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{root / 'mlflow.db'}")
    try:
        mlflow.create_experiment("training", artifact_location=str(root / "mlruns"))
        mlflow.set_experiment("training")
        model = LogisticRegression().fit(np.arange(20.0).reshape(-1, 1), np.arange(20) > 9)
        with mlflow.start_run() as run:
            logged = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
        return logged.model_id, run.info.run_id
    finally:
        mlflow.set_tracking_uri(before)


def copied(template: Project, root: Path) -> Project:
    """Copy the project to another folder, its paths rewritten in the database."""
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()  # it goes by the run's id, which all copies share
    shutil.copytree(template.root, root)
    copy = dataclasses.replace(template, root=root)
    for table, column in PATHS.items():
        copy.write(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", str(template.root), str(root))  # noqa: S608
    return copy


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return copied(template, tmp_path / "project")


@pytest.fixture
def mlflow_at(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module mlflow, set up as a user of the governed registry sets it up."""
    import mlflow
    from mlflow.tracking._model_registry import utils

    monkeypatch.setenv("MLFLOW_TRACKING_URI", project.plain_uri)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", project.uri)
    before, registry = mlflow.get_tracking_uri(), utils._registry_uri
    mlflow.set_tracking_uri(project.plain_uri)
    mlflow.set_registry_uri(project.uri)
    yield mlflow
    mlflow.set_tracking_uri(before)
    utils._registry_uri = registry
