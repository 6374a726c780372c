"""The proper way in: complete, once, and finished by a second run."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil
import time
from typing import Any

import pytest

from govern.errors import GovernError, InputError, PolicyError, SigningError
from govern.evidence.log import Log
from govern.policy import Policy
from govern.registry.description import LIMIT, describe
from govern.registry.lookup import evidence_of
from govern.registry.register import register
from govern.types import Measurement, Outcome, Verdict


def registrations(project: Any) -> list[Any]:
    return Log(project.workspace.log).find(kind="registration")


def test_version_tags_description_and_log(project: Any) -> None:
    evidence = project.decide()
    done = register(project.workspace, evidence, project.name)
    assert (done.name, done.version, done.evidence) == (project.name, 1, evidence.sha256)
    stored = project.client().get_model_version(project.name, "1")
    assert stored.run_id == project.run_id
    assert stored.source == project.source
    assert project.store().get_model_version_download_uri(project.name, "1") == str(project.model)
    receipt = evidence.receipt
    assert stored.tags == {
        "govern.evidence": evidence.sha256,
        "govern.decision": "allow",
        "govern.policy": "small 1.0.0",
        "govern.policy_sha256": evidence.record.policy["sha256"],
        "govern.model_sha256": evidence.record.subject.sha256,
        "govern.log_index": "0",
        "govern.log_size": str(receipt.size),
        "govern.log_root": receipt.root,
    }
    assert "| pass | `discrimination` | everybody | 0.800 [0.750, 0.850] | lower >= 0.7 |" in stored.description
    assert "Adults only" in stored.description
    assert evidence.sha256 in stored.description
    (entry,) = registrations(project)
    assert entry.body["version"] == 1
    assert entry.body["model_sha256"] == evidence.record.subject.sha256


def test_twice_gives_one_version(project: Any) -> None:
    evidence = project.decide()
    first = register(project.workspace, evidence, project.name)
    assert register(project.workspace, evidence, project.name) == first
    assert len(project.rows("model_versions")) == len(registrations(project)) == 1


def test_new_evidence_gives_the_next_version(project: Any) -> None:
    """The same files under another policy are another registration."""
    body = {k: v for k, v in project.record().policy.items() if k != "sha256"}
    policy = Policy.model_validate({**body, "version": "2.0.0"}).as_json()
    first = project.decide()
    second = project.decide(dataclasses.replace(project.record(), policy=policy))
    assert register(project.workspace, second, project.name).version == 1
    assert register(project.workspace, first, project.name).version == 2
    assert project.client().get_model_version(project.name, "2").tags["govern.policy"] == "small 1.0.0"


def test_mlflow_shows_the_version_on_the_models_page(project: Any) -> None:
    register(project.workspace, project.decide(), project.name)
    tags = project.client().get_logged_model(project.model_id).tags
    assert project.name in tags["mlflow.modelVersions"]


def test_a_dossier_is_kept_with_the_run(project: Any, tmp_path: Any) -> None:
    dossier = tmp_path / "fda.pdf"
    dossier.write_bytes(b"%PDF-1.7")
    evidence = project.decide()
    for _ in range(2):
        register(project.workspace, evidence, project.name, artifacts=[dossier])
    (found,) = project.client().list_artifacts(project.run_id, f"govern/{evidence.sha256[:12]}")
    assert found.path.endswith("/fda.pdf")


@pytest.mark.parametrize("form", ["runs", "folder", "file"])
def test_other_addresses_of_the_model(project: Any, form: str) -> None:
    uri = {"runs": f"runs:/{project.run_id}/model", "folder": str(project.model), "file": project.model.as_uri()}[form]
    record = project.record()
    evidence = project.decide(dataclasses.replace(record, subject=dataclasses.replace(record.subject, uri=uri)))
    register(project.workspace, evidence, project.name)
    stored = project.client().get_model_version(project.name, "1")
    assert stored.source == (project.source if form == "runs" else str(project.model))


def test_a_registered_version_under_a_second_name(project: Any) -> None:
    """Copying is refused; passing the gate for the other name is the way."""
    register(project.workspace, project.decide(), project.name)
    record = project.record(name="second")
    subject = dataclasses.replace(record.subject, uri=f"models:/{project.name}/1")
    evidence = project.decide(dataclasses.replace(record, subject=subject))
    assert register(project.workspace, evidence, "second").version == 1
    assert project.client().get_model_version("second", "1").source == project.source


def test_a_plain_database_gets_the_same_version(project: Any) -> None:
    """Where the project names its database plainly, govern still writes through the gate, and MLflow reads it."""
    from mlflow.tracking import MlflowClient

    with (project.root / "govern.yaml").open("a") as stream:
        stream.write("registry: {tracking_uri: 'sqlite:///mlflow.db', registry_uri: 'sqlite:///mlflow.db'}\n")
    evidence = project.decide()
    register(project.workspace, evidence, project.name)
    plain = MlflowClient(project.plain_uri, project.plain_uri)
    assert plain.get_model_version(project.name, "1").tags["govern.evidence"] == evidence.sha256


def test_what_does_not_allow_is_not_registered(project: Any) -> None:
    denied = project.decide(project.record(verdict=Verdict.DENY))
    allowed = project.decide()
    nameless = project.decide(project.record(name=None))
    for evidence, name in ((denied, project.name), (allowed, "other"), (nameless, project.name)):
        with pytest.raises(PolicyError, match="not allow for"):
            register(project.workspace, evidence, name)
    assert project.rows("registered_models") == registrations(project) == []


def test_recorded_predictions_are_no_model(project: Any) -> None:
    record = project.record()
    subject = dataclasses.replace(record.subject, kind="predictions")
    with pytest.raises(InputError, match="recorded predictions"):
        register(project.workspace, project.decide(dataclasses.replace(record, subject=subject)), project.name)


def test_files_changed_since_the_gate(project: Any) -> None:
    evidence = project.decide()
    (project.model / "extra.py").write_text("x = 1\n")
    with pytest.raises(InputError, match="is for other files"):
        register(project.workspace, evidence, project.name)
    assert project.rows("registered_models") == []


def test_without_a_key_nothing_is_written(project: Any) -> None:
    evidence = project.decide()
    shutil.rmtree(project.workspace.keys / "author")
    with pytest.raises(SigningError):
        register(project.workspace, evidence, project.name)
    assert project.rows("registered_models") == []


def test_a_version_that_claims_the_evidence_is_not_believed(project: Any) -> None:
    evidence = project.decide()
    other = project.root / "mlruns" / "other"
    shutil.copytree(project.model, other)
    (other / "MLmodel").write_text("other")
    project.write("INSERT INTO registered_models (name) VALUES (?)", project.name)
    project.write(
        "INSERT INTO model_versions (name, version, source, status, current_stage, creation_time)"
        " VALUES (?, 1, ?, 'READY', 'None', 1)",
        project.name,
        str(other),
    )
    project.write(
        "INSERT INTO model_version_tags (name, version, key, value) VALUES (?, 1, 'govern.evidence', ?)",
        project.name,
        evidence.sha256,
    )
    with pytest.raises(InputError, match="does not agree with its evidence"):
        register(project.workspace, evidence, project.name)
    assert registrations(project) == []


def test_two_at_once_give_one_version(project: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    project.decide()
    store = project.store()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: store.create_model_version(project.name, project.source), range(8)))
    assert {d.version for d in done} == {1}
    assert len(project.rows("model_versions")) == 1


def test_killed_at_any_moment(project: Any, tmp_path: Any) -> None:
    """Afterwards there is nothing or a complete version, and a second run finishes either."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["govern.registry.store", "govern.registry.register", "mlflow"])
    evidence = project.decide()
    seen = set()

    def attempt(after: float | None) -> float:
        root = tmp_path / f"killed-{after}"
        shutil.copytree(project.root, root)
        copied = dataclasses.replace(project, root=root)
        copied.write(
            "UPDATE logged_models SET artifact_location = replace(artifact_location, ?, ?)",
            str(project.root),
            str(root),
        )
        process = context.Process(target=register, args=(copied.workspace, evidence, project.name))
        begun = time.monotonic()
        process.start()
        process.join(after)
        taken = time.monotonic() - begun
        process.kill()
        process.join()
        versions, tags = copied.rows("model_versions"), copied.rows("model_version_tags")
        assert len(copied.rows("registered_models")) == len(versions)
        assert len(tags) == 8 * len(versions)
        seen.add((len(versions), len(registrations(copied))))
        assert register(copied.workspace, evidence, project.name).version == 1
        assert len(copied.rows("model_versions")) == len(registrations(copied)) == 1
        return taken

    attempt(30.0)  # starts the fork server, which imports MLflow once
    whole = attempt(20.0)
    assert seen == {(1, 1)}
    for part in (0.2, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        attempt(whole * part)
    assert (0, 0) in seen


def test_evidence_of_a_version(project: Any) -> None:
    evidence = project.decide()
    register(project.workspace, evidence, project.name)
    sha256, steps = evidence_of(project.workspace, project.name, "1")
    assert sha256 == evidence.sha256
    assert len(steps) == 6
    assert all(s.ok for s in steps)
    with pytest.raises(InputError, match="no version sepsis/2"):
        evidence_of(project.workspace, project.name, "2")


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("DELETE FROM model_version_tags WHERE key = 'govern.evidence'", "evidence tag"),
        ("UPDATE model_version_tags SET value = '00' WHERE key = 'govern.evidence'", "signed evidence"),
        ("UPDATE model_version_tags SET value = '9' WHERE key = 'govern.log_size'", "facts on the version"),
        ("DELETE FROM model_version_tags WHERE key = 'govern.log_root'", "facts on the version"),
        (
            "INSERT INTO model_version_tags (name, version, key) VALUES ('sepsis', 1, 'govern.more')",
            "facts on the version",
        ),
        ("UPDATE model_versions SET description = NULL", "facts on the version"),
        ("UPDATE model_versions SET version = 7", "registration in the log"),
        ("UPDATE model_versions SET source = '/nowhere'", "files at the source"),
        ("UPDATE model_versions SET storage_location = '/nowhere'", "files at the download location"),
    ],
)
def test_what_was_changed_around_the_gate_is_named(project: Any, statement: str, broken: str) -> None:
    register(project.workspace, project.decide(), project.name)
    if "version = 7" in statement:
        project.write("UPDATE model_version_tags SET version = 7")
    project.write(statement)
    version = "7" if "version = 7" in statement else "1"
    _, steps = evidence_of(project.workspace, project.name, version)
    assert [s.name for s in steps if not s.ok] == [broken]


def test_a_description_never_outgrows_mlflow(project: Any) -> None:
    """Five hundred findings, one of which failed with a hostile name: the failure is shown, the rest counted."""
    passed = project.record().findings[0]
    many = [dataclasses.replace(passed, id=f"rule-{i}", slice={"race": "a" * 20}) for i in range(500)]
    measured = Measurement(estimate=0.1, lower=None, upper=None, n=3, method="m")
    bad = dataclasses.replace(passed, id="bad|`\n<b>", outcome=Outcome.INCONCLUSIVE, measurement=measured)
    evidence = project.decide(dataclasses.replace(project.record(), findings=(*many, bad)))
    assert evidence.receipt
    text = describe(evidence, evidence.receipt)
    assert len(text) <= LIMIT
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows[0] == "| inconclusive | `bad\\|' &lt;b>` | everybody | 0.100 | lower >= 0.7 |"
    assert f"{501 - len(rows)} more findings are in the evidence" in text


def test_errors_say_what_to_do(project: Any) -> None:
    """An address of a registry that is not there is the service's failure, not a traceback."""
    with (project.root / "govern.yaml").open("a") as stream:
        stream.write("registry: {tracking_uri: 'sqlite:///mlflow.db', registry_uri: 'nowhere://x'}\n")
    evidence = project.decide()
    with pytest.raises(GovernError) as caught:
        register(project.workspace, evidence, project.name)
    assert caught.value.hint
