"""A real ``mlflow server`` in front of the governed registry: REST, the UI's calls and the unmodified client."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.registry.reconcile import reconcile
from govern.registry.register import register
from govern.signing.trust import Trust

pytestmark = pytest.mark.slow


@pytest.fixture
def server(project: Any) -> Iterator[str]:
    """The address of a server on this machine, its artifacts proxied into the project's folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", project.plain_uri, "--registry-store-uri", project.uri),
        *("--artifacts-destination", str(project.root / "proxied")),
    ]
    log = project.root / "server.txt"
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=project.root, stdout=output, stderr=output, start_new_session=True)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=2).close()  # noqa: S310
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.5)
        else:
            pytest.fail(log.read_text())
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def post(url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, json.load(e)


def through(project: Any, address: str) -> None:
    with (project.root / "govern.yaml").open("a") as stream:
        stream.write(f"registry: {{tracking_uri: '{address}', registry_uri: '{address}'}}\n")


def test_over_http(project: Any, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One server, for its start takes most of a minute: refusals first, then the proper way, then what it guards."""
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
    from mlflow.tracking._model_registry import utils

    create = {"name": project.name, "source": project.source, "model_id": project.model_id}
    alias = {"name": project.name, "alias": "champion", "version": "1"}
    for prefix in ("api", "ajax-api"):
        for call, body in (
            ("registered-models/create", {"name": project.name}),
            ("model-versions/create", create),
            ("registered-models/alias", alias),
            ("model-versions/transition-stage", {"name": project.name, "version": "1", "stage": "Production"}),
        ):
            status, answer = post(f"{server}/{prefix}/2.0/mlflow/{call}", body)
            assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED"), call
            assert "govern register" in answer["message"]
    assert project.rows("registered_models") == []

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", server)
    before, registry = mlflow.get_tracking_uri(), utils._registry_uri
    mlflow.set_tracking_uri(server)
    mlflow.set_registry_uri(server)
    try:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        mlflow.create_experiment("proxied")
        mlflow.set_experiment("proxied")
        with mlflow.start_run() as run:
            for name in ({}, {"registered_model_name": project.name}):
                logging = {"name": "model", "pip_requirements": ["scikit-learn"], **name}
                if name:
                    with pytest.raises(MlflowException) as caught:
                        mlflow.sklearn.log_model(model, **logging)
                    assert caught.value.error_code == "PERMISSION_DENIED"
                else:
                    logged = mlflow.sklearn.log_model(model, **logging)
        mlflow.genai.register_prompt("greeting", "Hello {{name}}")
    finally:
        mlflow.set_tracking_uri(before)
        utils._registry_uri = registry
    assert project.rows("registered_models", "name") == [("greeting",)]

    through(project, server)
    evidence = _evidence(project, logged.model_id, run.info.run_id)
    dossier = project.root / "fda.pdf"
    dossier.write_bytes(b"%PDF-1.7")
    first = register(project.workspace, evidence, project.name, artifacts=[dossier])
    assert register(project.workspace, evidence, project.name, artifacts=[dossier]) == first
    client = MlflowClient(server, server)
    stored = client.get_model_version(project.name, "1")
    assert stored.tags["govern.evidence"] == evidence.sha256
    client.set_registered_model_alias(project.name, "champion", "1")
    for call in (
        lambda: client.rename_registered_model(project.name, "other"),
        lambda: client.delete_registered_model(project.name),
        lambda: client.delete_model_version(project.name, "1"),
        lambda: client.set_model_version_tag(project.name, "1", "govern.decision", "deny"),
        lambda: client.update_model_version(project.name, "1", "fine"),
        lambda: client.copy_model_version(f"models:/{project.name}/1", "other"),
    ):
        with pytest.raises(MlflowException, match="govern refuses"):
            call()
    trust, database = Trust.of(project.workspace.trust), project.plain_uri
    assert [s for s in reconcile(project.workspace, trust, database=database) if not s.ok] == []
    # MLflow lets everybody write artifacts: who does so shows by the digest.
    inside = _files(project, logged.model_id).relative_to(project.root / "proxied")
    request = urllib.request.Request(  # noqa: S310
        f"{server}/api/2.0/mlflow-artifacts/artifacts/{inside}/extra.py", b"x = 1", method="PUT"
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    failed = {s.name for s in reconcile(project.workspace, trust, database=database) if not s.ok}
    assert failed == {f"{project.name}/1: files at the {where}" for where in ("source", "download location")}
    with pytest.raises(MlflowException, match="govern refuses"):
        client.set_registered_model_alias(project.name, "champion", "1")


def _files(project: Any, model_id: str) -> Path:
    (found,) = (project.root / "proxied").rglob(f"{model_id}/artifacts")
    return found


def _evidence(project: Any, model_id: str, run_id: str) -> Any:
    from govern.models.digest import model_manifest

    files = model_manifest(_files(project, model_id))
    record = project.record()
    subject = dataclasses.replace(
        record.subject,
        uri=f"models:/{model_id}",
        files=files,
        sha256=canonical.manifest_sha256(files),
        run_id=run_id,
    )
    return project.decide(dataclasses.replace(record, subject=subject))
