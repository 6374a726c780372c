"""Ways into the registry that do not pass the gate: each is refused and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from govern.evidence.log import Log
from govern.registry.register import register
from govern.signing import identity
from govern.types import Verdict


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as caught:
        call(*arguments, **named)
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert caught.value.get_http_status_code() == 403
    message = str(caught.value.message)
    assert "govern register MODEL_URI --name NAME --policy P" in message
    return message


def empty(project: Any) -> bool:
    return not project.rows("registered_models") and not project.rows("model_versions")


@pytest.fixture
def registered(project: Any) -> Any:
    """The project with its model registered through the gate."""
    register(project.workspace, project.decide(), project.name)
    return project


def test_fluent_registration_without_evidence(project: Any, mlflow_at: Any) -> None:
    assert "no log" in refused(mlflow_at.register_model, project.source, project.name)
    assert empty(project)


def test_registration_while_logging(project: Any, mlflow_at: Any) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with mlflow_at.start_run(experiment_id=mlflow_at.get_experiment_by_name("training").experiment_id):
        refused(
            mlflow_at.sklearn.log_model,
            model,
            name="other",
            pip_requirements=["scikit-learn"],
            registered_model_name=project.name,
        )
    assert empty(project)


def test_client_without_evidence(project: Any) -> None:
    client = project.client()
    refused(client.create_registered_model, project.name)
    refused(client.create_model_version, project.name, project.source, run_id=project.run_id)
    assert empty(project)


def test_a_denial_opens_nothing(project: Any, mlflow_at: Any) -> None:
    project.decide(project.record(verdict=Verdict.DENY))
    assert "denied it (discrimination)" in refused(mlflow_at.register_model, project.source, project.name)
    assert empty(project)


def test_evidence_without_a_name_opens_nothing(project: Any) -> None:
    project.decide(project.record(name=None))
    refused(project.client().create_model_version, project.name, project.source)
    refused(project.client().create_model_version, "None", project.source)


@pytest.mark.parametrize(
    "name", ["Sepsis", "sepsis ", " sepsis", "\u0455epsis", "sepsis\u200b", "\uff53epsis", "other"]
)
def test_the_same_digest_under_another_name(project: Any, name: str) -> None:
    project.decide()
    refused(project.client().create_registered_model, name)
    refused(project.client().create_model_version, name, project.source)
    assert empty(project)


def test_other_files_under_the_name(project: Any, mlflow_at: Any) -> None:
    """The name has passed, so MLflow asks for the model first; still nothing empty is left."""
    project.decide()
    other = project.root / "mlruns" / "other"
    shutil.copytree(project.model, other)
    (other / "MLmodel").write_text((other / "MLmodel").read_text() + "\n")
    assert "is for other files" in refused(mlflow_at.register_model, str(other), project.name)
    assert empty(project)


def test_one_line_changed_after_the_evidence(project: Any) -> None:
    project.decide()
    with (project.model / "requirements.txt").open("a") as stream:
        stream.write("# changed\n")
    refused(project.client().create_model_version, project.name, project.source)
    assert empty(project)


def test_evidence_that_nobody_trusted_signed(project: Any) -> None:
    keys, trust = project.root / "other-keys", project.root / "other-trust"
    stranger = identity.create_development(keys, trust, identity="author", name="Ada Lee")
    project.decide(signer=stranger)
    refused(project.client().create_model_version, project.name, project.source)
    assert empty(project)


def test_evidence_that_is_not_in_the_log(project: Any) -> None:
    from govern.evidence import bundle

    workspace = project.workspace
    author = identity.load(workspace.keys, "author")
    bundle.write(project.record(), workspace.evidence, author)
    Log(workspace.log).append("decision", {"evidence": "0" * 64, "name": project.name}, identity=author)
    refused(project.client().create_model_version, project.name, project.source)


@pytest.mark.parametrize("file", ["decision.json", "subject.json", "statement.dsse.json", "signer.pem"])
def test_evidence_changed_by_one_byte(project: Any, file: str) -> None:
    path = project.decide().path / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(project.client().create_model_version, project.name, project.source)
    assert empty(project)


def test_evidence_moved_under_another_name_in_the_log(project: Any) -> None:
    """A denial's folder holding an allowance's files is not the denial."""
    allowed = project.decide()
    denied = project.decide(project.record(name="other", verdict=Verdict.DENY))
    shutil.rmtree(denied.path)
    shutil.copytree(allowed.path, denied.path)
    refused(project.client().create_model_version, "other", project.source)


def test_a_log_entry_that_misnames_its_evidence(project: Any) -> None:
    """Entries lead to evidence; what counts is what the evidence itself says."""
    allowed = project.decide()
    workspace = project.workspace
    author = identity.load(workspace.keys, "author")
    Log(workspace.log).append("decision", {"evidence": allowed.sha256, "name": "other"}, identity=author)
    message = refused(project.client().create_model_version, "other", project.source)
    assert "speaks for the name 'sepsis'" in message
    for sha256 in ("../evidence", "", 7, None):
        Log(workspace.log).append("decision", {"evidence": sha256, "name": "other"}, identity=author)
    refused(project.client().create_model_version, "other", project.source)


def test_evidence_of_a_stranger_in_the_projects_own_log(project: Any) -> None:
    from govern.evidence import bundle

    workspace = project.workspace
    stranger = identity.create_development(project.root / "k", project.root / "t", identity="author", name="Ada Lee")
    written = bundle.write(project.record(), workspace.evidence, stranger)
    author = identity.load(workspace.keys, "author")
    Log(workspace.log).append("decision", {"evidence": written.sha256, "name": project.name}, identity=author)
    assert "signer is trusted" in refused(project.client().create_model_version, project.name, project.source)


def test_a_log_that_was_edited(project: Any) -> None:
    import sqlite3

    project.decide()
    with sqlite3.connect(project.workspace.log) as log:
        log.execute("DROP TRIGGER entry_update")
        log.execute("UPDATE entry SET record = replace(record, 'Ada', 'Eve')")
    assert "the log does not verify" in refused(project.client().create_model_version, project.name, project.source)


@pytest.mark.parametrize("tags", [{"govern.decision": "deny"}, {"govern.evidence": "0" * 64}, {"Govern.extra": "yes"}])
def test_forged_tags(project: Any, tags: dict[str, str]) -> None:
    project.decide()
    refused(project.client().create_model_version, project.name, project.source, tags=tags)
    assert empty(project)


def test_forged_tags_instead_of_evidence(project: Any) -> None:
    tags = {"govern.decision": "allow", "govern.evidence": "0" * 64}
    refused(project.client().create_model_version, project.name, project.source, tags=tags)
    refused(project.client().create_registered_model, project.name, tags=tags)
    assert empty(project)


def test_sources_that_can_be_moved(project: Any, tmp_path: Any) -> None:
    project.decide()
    client = project.client()
    link = tmp_path / "link"
    link.symlink_to(project.model)
    (tmp_path / "above").symlink_to(project.model.parent)
    (tmp_path / "x").mkdir()
    escaped = tmp_path / "mo%64el"  # MLflow reads it as `model` on some ways
    shutil.copytree(project.model, escaped)
    for uri in (
        str(link),
        link.as_uri(),
        str(tmp_path / "above" / "artifacts"),
        f"{project.model}/../artifacts",
        f"file://{project.model}/%2e%2e/artifacts",
        f"file://{project.model}/%252e%252e/artifacts",
        f"file://elsewhere{project.model}",
        str(escaped),
        "mlruns/models",
        f"models:/{project.name}/1",
        f"models:/{project.name}@champion",
        f"models://host/{project.model_id}",
        f"{project.source}/",
        f"runs:/{project.run_id}/../model",
        f"runs:/{project.run_id}/absent",
        "mlflow-artifacts:/x",
        "s3://bucket/model",
        "http://127.0.0.1:9/model",
        "",
    ):
        refused(client.create_model_version, project.name, uri)
    assert empty(project)


def test_a_link_inside_the_model(project: Any, tmp_path: Any) -> None:
    project.decide()
    moved = tmp_path / "MLmodel"
    shutil.move(project.model / "MLmodel", moved)
    (project.model / "MLmodel").symlink_to(moved)
    refused(project.client().create_model_version, project.name, project.source)


def test_moves_of_a_governed_version(registered: Any) -> None:
    client, name = registered.client(), registered.name
    version = client.get_model_version(name, "1")
    before = {t: registered.rows(t) for t in ("registered_models", "model_versions", "model_version_tags")}
    refused(client.copy_model_version, f"models:/{name}/1", "copy")
    refused(client.create_model_version, "copy", version.source)
    refused(client.rename_registered_model, name, "renamed")
    refused(client.delete_model_version, name, "1")
    refused(client.delete_registered_model, name)
    refused(client.update_model_version, name, "1", description="**allow**, whatever it says below")
    for key in ("govern.decision", "GOVERN.decision", "\uff47overn.decision", " govern.x", "mlflow.prompt.is_prompt"):
        refused(client.set_model_version_tag, name, "1", key, "allow")
        refused(client.set_registered_model_tag, name, key, "true")
        refused(client.delete_model_version_tag, name, "1", key)
        refused(client.delete_registered_model_tag, name, key)
    assert before == {t: registered.rows(t) for t in before}


def test_alias_and_stage_need_evidence_that_holds_now(registered: Any) -> None:
    client, name = registered.client(), registered.name
    client.set_registered_model_alias(name, "champion", "1")
    assert client.get_model_version_by_alias(name, "champion").version == 1
    with (registered.model / "requirements.txt").open("a") as stream:
        stream.write("# changed\n")
    message = refused(client.set_registered_model_alias, name, "champion", "1")
    assert "files at the source" in message
    store = registered.store()
    refused(store.transition_model_version_stage, name, "1", "Production", False)
    refused(client.set_registered_model_alias, name, "champion", "2")
    refused(store.set_registered_model_alias, "absent", "champion", "1")


def test_reading_a_model_changes_nothing(registered: Any, mlflow_at: Any) -> None:
    """MLflow writes a file into the model's folder when a registered version is loaded."""
    mlflow_at.pyfunc.load_model(f"models:/{registered.name}/1")
    assert (registered.model / "registered_model_meta").exists()
    registered.client().set_registered_model_alias(registered.name, "champion", "1")


def test_a_version_written_around_the_gate_cannot_be_promoted(registered: Any) -> None:
    registered.write(
        "INSERT INTO model_versions (workspace, name, version, creation_time, current_stage, source,"
        " storage_location, status) SELECT workspace, name, 2, creation_time, current_stage, source,"
        " storage_location, status FROM model_versions"
    )
    client, name = registered.client(), registered.name
    assert "around the gate" in refused(client.set_registered_model_alias, name, "champion", "2")
    registered.write(
        "INSERT INTO model_version_tags SELECT workspace, name, 2, key, value FROM model_version_tags WHERE version = 1"
    )
    refused(client.set_registered_model_alias, name, "champion", "2")


@pytest.mark.parametrize("column", ["source", "storage_location"])
def test_a_version_pointed_elsewhere_cannot_be_promoted(registered: Any, column: str) -> None:
    other = registered.root / "mlruns" / "other"
    shutil.copytree(registered.model, other)
    (other / "MLmodel").write_text("other")
    registered.write(f"UPDATE model_versions SET {column} = ?", str(other))  # noqa: S608
    refused(registered.client().set_registered_model_alias, registered.name, "champion", "1")


def test_a_description_changed_around_the_gate(registered: Any) -> None:
    registered.write("UPDATE model_versions SET description = 'fine'")
    message = refused(registered.client().set_registered_model_alias, registered.name, "champion", "1")
    assert "the description" in message


def test_without_a_project_nothing_is_admitted(project: Any) -> None:
    project.decide()
    (project.root / "govern.yaml").rename(project.root / "hidden.yaml")
    assert "no govern.yaml" in refused(project.client().create_model_version, project.name, project.source)
    assert project.client().search_registered_models() == []


def test_a_project_named_in_the_address(project: Any, tmp_path: Any) -> None:
    from mlflow.tracking import MlflowClient

    project.decide()
    elsewhere = tmp_path / "elsewhere.db"
    shutil.copy(project.database, elsewhere)
    uri = f"govern+sqlite:///{elsewhere}"
    refused(MlflowClient(project.plain_uri, uri).create_model_version, project.name, project.source)
    named = MlflowClient(project.plain_uri, f"{uri}?project={project.root}")
    assert named.create_model_version(project.name, project.source).version == 1


def test_a_guard_that_crashes_refuses(project: Any) -> None:
    """The log is a folder, the trust store garbage: neither is a pass, nor a server's error."""
    project.decide()
    for path in (project.workspace.trust / "root.pem", project.workspace.log):
        kept = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        path.write_bytes(b"\0garbage")
        refused(project.client().create_model_version, project.name, project.source)
        path.unlink() if kept is None else path.write_bytes(kept)
    unspeakable = project.model / os.fsdecode(b"\xff")  # no canonical JSON has such a name
    unspeakable.write_text("")
    assert "could not be checked" in refused(project.client().create_model_version, project.name, project.source)
    unspeakable.unlink()
    (project.root / "govern.yaml").write_bytes(b"\xff\xfe")
    refused(project.client().create_model_version, project.name, project.source)


def test_a_plugin_that_is_not_there_fails_closed(project: Any) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    with pytest.raises(MlflowException):
        MlflowClient(project.plain_uri, f"governed+{project.plain_uri}").create_registered_model(project.name)


def test_raw_creation_with_evidence_writes_the_gates_facts(project: Any, mlflow_at: Any) -> None:
    """The positive control: what is refused above is refused for want of evidence, not always."""
    evidence = project.decide()
    made = mlflow_at.register_model(project.source, project.name, tags={"team": "icu"})
    stored = project.client().get_model_version(project.name, made.version)
    assert stored.tags["govern.evidence"] == evidence.sha256
    assert stored.tags["team"] == "icu"
    assert stored.description.startswith("**allow**")
    assert "registration in the log" in refused(
        project.client().set_registered_model_alias, project.name, "champion", made.version
    )
    again = mlflow_at.register_model(project.source, project.name)
    assert again.version == made.version


def test_record_is_what_is_bound(project: Any) -> None:
    """The same evidence for files with another digest is no evidence for these."""
    subject = dataclasses.replace(project.subject(), sha256="a" * 64)
    project.decide(dataclasses.replace(project.record(), subject=subject))
    refused(project.client().create_model_version, project.name, project.source)
