"""MLflow's database read without MLflow says what MLflow says of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from govern.errors import InputError
from govern.models.stored import REVISION, NotStoredError, Stored, database, logged_models, stored
from govern.registry.register import register


@pytest.fixture
def registered(project: Any) -> Any:
    """A project with a registered version and an alias."""
    register(project.workspace, project.decide(), project.name)
    project.client().set_registered_model_alias(project.name, "champion", "1")
    return project


def reader(project: Any) -> Stored:
    found = stored(project.plain_uri)
    assert found is not None
    return found


def test_the_form_is_the_one_that_this_mlflow_writes(project: Any) -> None:
    assert reader(project).revision() == REVISION


def test_a_version_is_what_mlflow_says(registered: Any) -> None:
    found, told = reader(registered), registered.client().get_model_version(registered.name, "1")
    version = found.get_model_version(registered.name, "1")
    for field in ("name", "source", "run_id", "description", "aliases", "current_stage"):
        assert getattr(version, field) == getattr(told, field)
    assert int(version.version) == int(told.version) == 1
    assert version.tags == told.tags
    assert len(version.tags) > 5
    place = registered.client().get_model_version_download_uri(registered.name, "1")
    assert found.get_model_version_download_uri(registered.name, 1) == place


@pytest.mark.parametrize("alias", ["champion", "latest", "Latest"])
def test_an_alias_names_the_same_version(registered: Any, alias: str) -> None:
    told = registered.client().get_model_version_by_alias(registered.name, alias)
    found = reader(registered).get_model_version_by_alias(registered.name, alias)
    assert (found.name, int(found.version)) == (told.name, int(told.version))


def test_runs_and_logged_models_are_what_mlflow_says(project: Any) -> None:
    found, client = reader(project), project.client()
    told = client.get_logged_model(project.model_id)
    model = found.get_logged_model(project.model_id)
    for field in ("model_id", "name", "artifact_location", "source_run_id"):
        assert getattr(model, field) == getattr(told, field)
    mine, theirs = (logged_models(store, project.run_id, "model") for store in (found, client))
    assert mine[0].info.artifact_uri == theirs[0].info.artifact_uri
    assert [m.model_id for m in mine[1]] == [m.model_id for m in theirs[1]] == [project.model_id]
    assert logged_models(found, project.run_id, "other")[1] == []


def test_what_is_deleted_is_not_there(registered: Any) -> None:
    found, client = reader(registered), registered.client()
    client.delete_logged_model(registered.model_id)
    registered.write("UPDATE model_versions SET current_stage = 'Deleted_Internal'")
    for ask in (
        lambda store: store.get_logged_model(registered.model_id),
        lambda store: store.get_model_version(registered.name, "1"),
        lambda store: store.get_model_version_by_alias(registered.name, "latest"),
        lambda store: store.get_model_version_by_alias(registered.name, "champion"),
    ):
        with pytest.raises(Exception, match="not found"):
            ask(client)
        with pytest.raises(NotStoredError, match="not found"):
            ask(found)
    assert logged_models(found, registered.run_id, "model")[1] == []
    assert logged_models(client, registered.run_id, "model")[1] == []


def test_what_was_never_there(project: Any) -> None:
    found = reader(project)
    for ask in (
        lambda: found.get_model_version("sepsis", "7"),
        lambda: found.get_model_version_by_alias("sepsis", "absent"),
        lambda: found.get_logged_model("m-0"),
        lambda: found.get_run("0"),
    ):
        with pytest.raises(NotStoredError, match="not found"):
            ask()


def test_nothing_can_be_written(project: Any) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader(project)._rows("DELETE FROM runs")


def test_mlflow_itself_is_asked_where_the_form_is_another(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "true")
    assert stored(project.plain_uri) is None
    monkeypatch.delenv("MLFLOW_ENABLE_WORKSPACES")
    assert stored(project.plain_uri) is not None
    project.write("UPDATE alembic_version SET version_num = 'of tomorrow'")
    assert stored(project.plain_uri) is None
    project.write("DROP TABLE alembic_version")
    assert stored(project.plain_uri) is None
    project.database.write_bytes(b"no database")
    assert stored(project.plain_uri) is None
    project.database.unlink()
    assert stored(project.plain_uri) is None
    assert stored("http://127.0.0.1:9") is None


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:////a/b.db", "/a/b.db"),
        ("govern+sqlite:////a/b.db?project=/c", "/a/b.db"),
        ("sqlite:///b.db", "b.db"),
        ("postgresql://host/b", None),
        ("http://host:1", None),
        ("/a/b", None),
    ],
)
def test_addresses(address: str, path: str | None) -> None:
    assert database(address) == (None if path is None else Path(path))


def test_a_value_that_mlflow_never_writes_is_refused(registered: Any) -> None:
    registered.write("UPDATE model_version_tags SET value = x'ff00fe' WHERE key = 'govern.evidence'")
    with pytest.raises(InputError, match="MLflow never writes"):
        reader(registered).get_model_version(registered.name, 1)
