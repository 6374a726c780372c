"""What is checked before a server is started, and how it ends; test_ways_around.py starts one and stops it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from govern.errors import InputError, ServiceError
from govern.registry import serve


def test_a_scheme_that_mlflow_would_not_open_through_the_gate() -> None:
    serve.must_load("govern+sqlite")
    for scheme in ("sqlite", "govern+mysql"):
        with pytest.raises(InputError, match="MLflow would load nothing"):
            serve.must_load(scheme)


def test_what_the_server_is_told(project: Any) -> None:
    """It listens on this machine, its registry is the governed one, and its artifacts go through it."""
    prepared = serve.prepare(project.workspace, "127.0.0.1", 5001, 2)
    command = list(prepared.command)
    value = {a: command[i + 1] for i, a in enumerate(command[:-1]) if a.startswith("--")}
    assert value["--host"] == "127.0.0.1"
    assert value["--registry-store-uri"] == f"{project.uri}?project={project.root}"
    assert value["--backend-store-uri"] == project.plain_uri
    assert value["--artifacts-destination"] == str(project.root / "mlartifacts")
    assert value["--default-artifact-root"] == "mlflow-artifacts:/"
    assert any("entered as Ada Lee" in line for line in prepared.told)


def test_no_key_is_said(project: Any) -> None:
    (project.workspace.keys / "author").rename(project.root / "elsewhere")
    assert any("NOT entered" in line for line in serve.prepare(project.workspace, "127.0.0.1", 5001, 1).told)


def test_a_project_whose_registry_is_a_server(project: Any) -> None:
    with (project.root / "govern.yaml").open("a") as stream:
        stream.write("registry: {tracking_uri: 'http://127.0.0.1:9', registry_uri: 'http://127.0.0.1:9'}\n")
    with pytest.raises(InputError, match="names a server"):
        serve.prepare(project.workspace, "127.0.0.1", 5001, 1)
    command = serve.prepare(project.workspace, "127.0.0.1", 5001, 1, project.plain_uri).command
    assert project.plain_uri in command


def test_a_server_that_ends_by_itself_has_failed() -> None:
    with pytest.raises(ServiceError, match="ended with code 0"):
        serve.run(serve.Server(command=[sys.executable, "-c", ""], told=()))
    with pytest.raises(ServiceError, match="cannot be started"):
        serve.run(serve.Server(command=["/nowhere/python"], told=()))
