"""Everything that can be written around the gate is told by name when the registry is compared with the log."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from govern import verify as verifier
from govern.errors import InputError
from govern.evidence import log_check
from govern.evidence.log import Log
from govern.registry.reconcile import reconcile
from govern.registry.register import register
from govern.signing.trust import Trust
from govern.types import Step
from tests.registry.conftest import Project, copied

COPY_VERSION = (
    "INSERT INTO model_versions (workspace, name, version, current_stage, source, status) "
    "SELECT workspace, name, 2, current_stage, source, status FROM model_versions"
)


@dataclass(frozen=True)
class Around:
    """A way to write around the gate, and what the comparison tells of it."""

    how: str
    do: Callable[[Project], Any]
    #: Part of the failing step's name, and of what it found.
    step: str
    told: str


def plain(project: Project) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=project.plain_uri, registry_uri=project.plain_uri)


def new_model(project: Project) -> None:
    plain(project).create_registered_model("other")
    plain(project).create_model_version("other", str(project.model))


def tag(project: Project, key: str, value: str) -> None:
    plain(project).set_model_version_tag(project.name, "1", key, value)


def re_created(project: Project) -> None:
    plain(project).delete_registered_model(project.name)
    plain(project).create_registered_model(project.name)
    plain(project).create_model_version(project.name, str(project.model))


def copied_row(project: Project) -> None:
    """A second version with the tags of the first."""
    project.write(COPY_VERSION)
    project.write("INSERT INTO model_version_tags SELECT key, value, name, 2, workspace FROM model_version_tags")


def other_place(project: Project, column: str) -> None:
    """Equal files in a folder that is not the registered one."""
    other = project.root / "elsewhere"
    shutil.copytree(project.model, other)
    project.write(f"UPDATE model_versions SET {column} = ?", str(other))  # noqa: S608


def linked(project: Project) -> None:
    shutil.move(project.model, project.root / "moved")
    project.model.symlink_to(project.root / "moved")


def webhook(project: Project) -> None:
    project.write(
        "INSERT INTO webhooks (webhook_id, name, url, status, creation_timestamp, workspace) "
        "VALUES ('1', 'spy', 'https://example.org', 'ACTIVE', 0, 'default')"
    )


AROUND = (
    Around("another name for the same files", new_model, "other/1: evidence tag", "registered around the gate"),
    Around("an empty model", lambda p: plain(p).create_registered_model("other"), "model other", "no version"),
    Around("a version of a registered model", lambda p: plain(p).create_model_version(p.name, str(p.model)),
           "sepsis/2: evidence tag", "registered around the gate"),
    Around("a copy of the version's rows", copied_row, "sepsis/2: registration in the log", "none"),
    Around("an alias", lambda p: plain(p).set_registered_model_alias(p.name, "champion", "1"),
           "alias champion of sepsis", "no promotion in the log"),
    Around("an alias of a version that is not there",
           lambda p: p.write("INSERT INTO registered_model_aliases VALUES ('champion', 9, 'sepsis', 'default')"),
           "alias champion of sepsis", "version 9"),
    Around("a stage", lambda p: p.write("UPDATE model_versions SET current_stage = 'Production'"),
           "stage Production of sepsis/1", "no promotion in the log"),
    Around("a stage in other letters", lambda p: p.write("UPDATE model_versions SET current_stage = 'production'"),
           "sepsis/1: stage", "production"),
    Around("the description", lambda p: plain(p).update_model_version(p.name, "1", "fine"),
           "sepsis/1: facts on the version", "the description"),
    Around("a tag of the gate", lambda p: tag(p, "govern.decision", "deny"),
           "sepsis/1: facts on the version", "govern.decision"),
    Around("a tag like the gate's", lambda p: tag(p, "Govern.Approved", "yes"),
           "sepsis/1: facts on the version", "Govern.Approved"),
    Around("a tag of the gate, deleted", lambda p: plain(p).delete_model_version_tag(p.name, "1", "govern.policy"),
           "sepsis/1: facts on the version", "govern.policy"),
    Around("the run", lambda p: p.write("UPDATE model_versions SET run_id = ?", "0" * 32),
           "sepsis/1: facts on the version", "the run"),
    Around("the version's state", lambda p: p.write("UPDATE model_versions SET status = 'FAILED_REGISTRATION'"),
           "sepsis/1: place", "FAILED_REGISTRATION"),
    Around("a new name", lambda p: plain(p).rename_registered_model(p.name, "other"),
           "registration in entry 1", "its evidence is on other/1"),
    Around("the version deleted", lambda p: plain(p).delete_model_version(p.name, "1"),
           "registration in entry 1", "deleted around the gate"),
    Around("the model deleted", lambda p: plain(p).delete_registered_model(p.name),
           "registration in entry 1", "deleted around the gate"),
    Around("the model deleted and created again", re_created, "registration in entry 1", "replaced around the gate"),
    Around("a prompt's tag on the version", lambda p: tag(p, "mlflow.prompt.is_prompt", "true"),
           "model sepsis", "hides it from searches"),
    Around("a prompt's tag on the model",
           lambda p: plain(p).set_registered_model_tag(p.name, "mlflow.prompt.is_prompt", "true"),
           "model sepsis", "hides it from searches"),
    Around("a file of the model", lambda p: (p.model / "MLmodel").write_text("other"),
           "sepsis/1: files at the source", ""),
    Around("a file more", lambda p: (p.model / "extra.py").write_text("x = 1"),
           "sepsis/1: files at the download location", ""),
    Around("the model's folder replaced by a symbolic link", linked, "sepsis/1: files at the source", "symbolic link"),
    Around("equal files at another source", lambda p: other_place(p, "source"), "sepsis/1: place", "elsewhere"),
    Around("another place to download from",
           lambda p: p.write("UPDATE model_versions SET storage_location = '/nowhere'"),
           "sepsis/1: files at the download location", ""),
    Around("a name that differs in case", lambda p: plain(p).create_registered_model("Sepsis"),
           "model Sepsis", "it looks like 'sepsis'"),
    Around("a name with a zero-width space", lambda p: plain(p).create_registered_model("sepsis\u200b"),
           "model sepsis\u200b", "nobody sees"),
    Around("a name with a Cyrillic letter", lambda p: plain(p).create_registered_model("s\u0435psis"),
           "model s\u0435psis", "it looks like 'sepsis'"),
    Around("a name with a space at its end", lambda p: p.write("UPDATE registered_models SET name = 'sepsis '"),
           "model sepsis ", "nobody sees"),
    Around("a model in another MLflow workspace",
           lambda p: p.write("INSERT INTO registered_models (workspace, name) VALUES ('w', 'sepsis')"),
           "model sepsis (MLflow workspace w)", "no version"),
    Around("a webhook", webhook, "webhooks", "spy"),
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(template: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project with a version registered through the gate; what tests break is put back."""
    project = copied(template, tmp_path_factory.mktemp("kept") / "project")
    register(project.workspace, project.decide(), project.name)
    return project


@pytest.fixture
def registered(kept: Project, tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(kept.root, tmp_path / "before")
    yield kept
    log_check._held.clear()  # else the log that is put back would be one that was cut
    for name in ("mlruns", ".govern", "evidence"):
        shutil.rmtree(kept.root / name)
        shutil.copytree(tmp_path / "before" / name, kept.root / name)
    shutil.rmtree(kept.root / "elsewhere", ignore_errors=True)
    shutil.copy(tmp_path / "before" / "govern.yaml", kept.root / "govern.yaml")
    # Through SQLite, so that connections which MLflow keeps open see that the file is another one.
    with (
        closing(sqlite3.connect(tmp_path / "before" / "mlflow.db")) as before,
        closing(sqlite3.connect(kept.root / "mlflow.db")) as now,
    ):
        before.backup(now)


def compare(project: Project) -> list[Step]:
    return reconcile(project.workspace, Trust.of(project.workspace.trust))


def test_a_registry_that_is_as_the_log_says(registered: Project) -> None:
    registered.client().register_prompt("greeting", "Hello {{name}}")
    registered.client().set_registered_model_alias(registered.name, "champion", "1")
    registered.store().transition_model_version_stage(registered.name, "1", "Staging", False)
    steps = compare(registered)
    assert [s for s in steps if not s.ok] == []
    names = {s.name for s in steps}
    assert {"sepsis/1", "prompt greeting", "model sepsis", "alias champion of sepsis"} <= names
    assert verifier.verify("registry", registered.workspace) == tuple(steps)


@pytest.mark.parametrize("around", AROUND, ids=lambda a: a.how)
def test_what_was_written_around_the_gate(registered: Project, around: Around) -> None:
    around.do(registered)
    failed = {s.name: s.found for s in compare(registered) if not s.ok}
    hits = [name for name, found in failed.items() if name.startswith(around.step) and around.told in found]
    assert hits, failed


def test_an_alias_moved_around_the_gate_is_not_what_was_promoted(registered: Project) -> None:
    registered.client().set_registered_model_alias(registered.name, "champion", "1")
    plain(registered).create_model_version(registered.name, str(registered.model))
    plain(registered).set_registered_model_alias(registered.name, "champion", "2")
    failed = {s.name: s.found for s in compare(registered) if not s.ok}
    assert "the last promotion (entry 2) was of version 1" in failed["alias champion of sepsis"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE model_versions SET version = 'abc'",
        "UPDATE model_version_tags SET value = x'ff00fe' WHERE key = 'govern.evidence'",
        "UPDATE registered_model_aliases SET version = 'abc'",
        "UPDATE registered_models SET description = x'ff'",
    ],
)
def test_what_mlflow_never_writes_is_named_and_is_no_bug(registered: Project, statement: str) -> None:
    registered.client().set_registered_model_alias(registered.name, "champion", "1")
    registered.write(statement)
    with pytest.raises(InputError, match="MLflow never writes"):
        compare(registered)


def test_a_log_that_does_not_verify_says_nothing_about_the_registry(registered: Project) -> None:
    import sqlite3

    with sqlite3.connect(registered.workspace.log) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE entry SET record = replace(record, 'sepsis', 'sePsis')")
    (step,) = compare(registered)
    assert (step.name, step.ok) == ("log", False)


def test_without_a_log_everything_is_around_the_gate(registered: Project) -> None:
    Path(registered.workspace.log).unlink()
    assert not all(s.ok for s in compare(registered))


def test_a_server_shows_only_a_part(registered: Project) -> None:
    with (registered.root / "govern.yaml").open("a") as stream:
        stream.write("registry: {tracking_uri: 'http://127.0.0.1:9', registry_uri: 'http://127.0.0.1:9'}\n")
    with pytest.raises(InputError, match="is a server"):
        compare(registered)
    (registered.root / "other.db").write_text("")
    with pytest.raises(InputError):
        reconcile(
            registered.workspace, Trust.of(registered.workspace.trust), database=f"sqlite:///{registered.root}/other.db"
        )


def test_as_a_command(registered: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from govern.cli import app

    monkeypatch.chdir(registered.root)
    answer = CliRunner().invoke(app, ["registry", "reconcile", "--format", "json"])
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["ok"]
    new_model(registered)
    answer = CliRunner().invoke(app, ["registry", "reconcile"])
    assert answer.exit_code == 1
    assert "other/1" in answer.stdout


def test_refusals_stand_in_the_log_once(registered: Project) -> None:
    from mlflow.exceptions import MlflowException

    store = registered.store()
    for _ in range(3):
        with pytest.raises(MlflowException, match="govern refuses"):
            store.rename_registered_model(registered.name, "other")
    (entry,) = Log(registered.workspace.log).find("refusal")
    assert (entry.body["action"], entry.body["name"]) == ("rename_registered_model", "sepsis")


def test_a_refusal_stands_where_nobody_can_sign(registered: Project) -> None:
    from mlflow.exceptions import MlflowException

    shutil.rmtree(registered.workspace.keys / "author")
    with pytest.raises(MlflowException, match="govern refuses"):
        registered.store().rename_registered_model(registered.name, "other")
    assert Log(registered.workspace.log).find("refusal") == []


def test_webhooks_are_refused(registered: Project) -> None:
    from mlflow.exceptions import MlflowException

    store = registered.store()
    calls = (
        lambda: store.create_webhook(name="spy", url="https://example.org", events=[]),
        lambda: store.update_webhook("1", name="spy"),
        lambda: store.delete_webhook("1"),
    )
    for call in calls:
        with pytest.raises(MlflowException, match="no webhooks"):
            call()


def test_a_name_that_looks_like_one_that_is_registered(registered: Project) -> None:
    """Whoever may run the gate may not give a model another's name in other letters."""
    from mlflow.exceptions import MlflowException

    for name in ("SEPSIS", "s\u0435psis", "sepsis\u200b", "sep sis", "\uff53epsis"):
        registered.decide(registered.record(name=name))
        with pytest.raises(MlflowException, match=r"looks like|nobody sees"):
            registered.store().create_model_version(name, registered.source)
    assert registered.rows("registered_models", "name") == [("sepsis",)]
