"""Eight processes register at once, on SQLite and on PostgreSQL: nothing is lost, and the log is one."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from govern import project as projects
from govern.evidence import bundle
from govern.evidence.log import Log
from govern.registry.reconcile import reconcile
from govern.registry.register import register
from govern.signing.trust import Trust
from tests.postgres import Server, postgres
from tests.registry.conftest import Project

__all__ = ["postgres"]
pytestmark = pytest.mark.slow
PROCESSES = 8


def registering(root: Path, work: tuple[str, str]) -> tuple[str, int]:
    """Register some evidence, in a process of its own."""
    evidence, name = work
    workspace = projects.load(root)
    made = register(workspace, bundle.load(workspace.evidence / evidence), name)
    return made.name, made.version


def at_once(root: Path, works: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.registry.preloaded"])
    with context.Pool(PROCESSES, maxtasksperchild=1) as pool:
        return pool.starmap(registering, [(root, work) for work in works], chunksize=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, project: Project) -> Project:
    """The project, its registry in either database."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh()
        with (project.root / "govern.yaml").open("a") as stream:
            stream.write(f"registry: {{registry_uri: 'govern+{url}'}}\n")
    return project


def whole(project: Project) -> bool:
    trust = Trust.of(project.workspace.trust)
    return all(s.ok for s in [*Log(project.workspace.log).verify(trust), *reconcile(project.workspace, trust)])


def test_eight_at_once(shared: Project) -> None:
    """Eight models, then eight versions of one model, then one version eight times."""
    workspace = shared.workspace
    names = [f"model-{i}" for i in range(PROCESSES)]
    works = [(shared.decide(shared.record(name=name)).sha256, name) for name in names]
    register(workspace, bundle.load(workspace.evidence / works[0][0]), names[0])  # also makes the tables
    assert sorted(at_once(shared.root, works)) == [(name, 1) for name in names]
    assert len(Log(workspace.log).find("registration")) == PROCESSES

    records = [dataclasses.replace(shared.record(), system={"name": f"sepsis {i}"}) for i in range(PROCESSES)]
    works = [(shared.decide(record).sha256, shared.name) for record in records]
    assert sorted(at_once(shared.root, works)) == [(shared.name, i + 1) for i in range(PROCESSES)]

    (evidence,) = {shared.decide(shared.record(name="one")).sha256}
    assert set(at_once(shared.root, [(evidence, "one")] * PROCESSES)) == {("one", 1)}
    assert whole(shared)


def test_the_gate_in_front_of_postgresql(project: Project, postgres: Server) -> None:
    """The same refusals and admissions as in SQLite, and the same comparison with the log."""
    from mlflow.exceptions import MlflowException
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    from govern.registry import connect
    from govern.registry.store import GovernRegistryStore

    url = postgres.fresh()
    store: Any = GovernRegistryStore(connect.governed(url, project.root), project.plain_uri)
    with pytest.raises(MlflowException, match="govern refuses"):
        store.create_model_version(project.name, project.source)
    project.decide()
    assert store.create_model_version(project.name, project.source).version == 1
    for call in (
        lambda: store.rename_registered_model(project.name, "other"),
        lambda: store.set_registered_model_alias(project.name, "champion", "1"),  # not in the log
        lambda: store.delete_model_version(project.name, "1"),
    ):
        with pytest.raises(MlflowException, match="govern refuses"):
            call()
    trust = Trust.of(project.workspace.trust)
    assert any(
        "registration in the log" in s.name for s in reconcile(project.workspace, trust, database=url) if not s.ok
    )
    SqlAlchemyStore(connect.plain(url)).create_registered_model("other")
    assert any(s.name == "model other" for s in reconcile(project.workspace, trust, database=url) if not s.ok)
