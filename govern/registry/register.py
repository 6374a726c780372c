"""Register what the gate has allowed: once, completely, and again after a kill without a second version."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.errors import InputError, PolicyError
from govern.project import Workspace
from govern.registry import connect, facts, lookup, source
from govern.registry.admission import Admission, admit
from govern.registry.description import describe
from govern.types import Verdict

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

    from govern.evidence.bundle import Bundle

#: Folder among the run's artifacts that holds the dossiers, one folder in it for each evidence.
ARTIFACTS = "govern"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A registered version and the SHA-256 of the evidence it rests on."""

    name: str
    version: int
    evidence: str


def register(workspace: Workspace, bundle: Bundle, name: str, *, artifacts: Sequence[Path] = ()) -> Registered:
    """Register the model of an evidence bundle under ``name`` and say so in the log.

    Dossiers first, then the version with its tags and description in one transaction, then the log
    entry: each step finds what an earlier try left, so a second run finishes what was killed.

    Args:
        workspace: the project.
        bundle: evidence of an ``allow`` for this name, in the project's log.
        name: the registered model's name.
        artifacts: dossiers, kept among the artifacts of the model's run where it has one.

    Raises:
        PolicyError: the evidence does not allow this.
        InputError: the registry refused, a key is missing, or the model's files have changed.
        ServiceError: the registry does not answer.
    """
    from govern.signing.identity import load

    record = bundle.record
    if record.decision.verdict is not Verdict.ALLOW or record.registered_name != name:
        raise PolicyError(
            f"evidence {bundle.sha256[:12]} says {record.decision.verdict.value} for "
            f"{record.registered_name!r}, not allow for {name!r}",
            hint="run the gate for this name: `govern register MODEL_URI --name NAME --policy P`",
        )
    if record.subject.kind != "model":
        raise InputError("recorded predictions are no model that could be registered", hint="register a model")
    signer = load(workspace.keys, workspace.project.identity)
    admission = admit(workspace, name, record.subject.sha256, evidence=bundle.sha256)
    with connect.errors(*connect.addresses(workspace)):
        _keep(workspace, bundle, artifacts)
        store = connect.registry(workspace)
        stored = _existing(store, name, bundle.sha256) or _create(workspace, store, admission, name)
        found, location = lookup.version_of(store, name, str(stored.version))
        steps = lookup.check(workspace, found, location, connect.tracking_uri(workspace))[1]
    broken = next((s for s in steps if not s.ok and s.name != lookup.REGISTRATION), None)
    if broken is not None:
        raise InputError(
            f"version {name}/{found.version} does not agree with its evidence: {broken.name}: {broken.found}",
            hint="something was written around the gate; see `govern verify` on this version",
        )
    _log(workspace, found, bundle, signer)
    return Registered(name=name, version=int(found.version), evidence=bundle.sha256)


def _keep(workspace: Workspace, bundle: Bundle, artifacts: Sequence[Path]) -> None:
    """Log the dossiers to the model's run; the same name again replaces the file."""
    from mlflow.tracking import MlflowClient

    run_id = bundle.record.subject.run_id
    if run_id is None or not artifacts:
        return
    client = MlflowClient(tracking_uri=connect.tracking_uri(workspace))
    for path in artifacts:
        client.log_artifact(run_id, str(path), folder_of(bundle.sha256))


def replace_kept(workspace: Workspace, bundle: Bundle, dossiers: Mapping[str, bytes]) -> None:
    """Replace dossiers that :func:`kept` returned, by the same paths.

    Raises:
        InputError: the run is gone.
        ServiceError: the tracking store does not answer.
    """
    with connect.errors(*connect.addresses(workspace)), tempfile.TemporaryDirectory() as folder:
        for path, pdf in dossiers.items():
            file = Path(folder) / Path(path).name
            file.write_bytes(pdf)
            _keep(workspace, bundle, [file])


def folder_of(evidence: str) -> str:
    """Return where a run keeps the dossiers of an evidence, relative to its artifacts."""
    return f"{ARTIFACTS}/{evidence[:12]}"


def kept(workspace: Workspace, bundle: Bundle) -> dict[str, bytes]:
    """Return the dossiers that the model's run keeps for an evidence, by path relative to its artifacts.

    Raises:
        InputError: the run is gone.
        ServiceError: the tracking store does not answer.
    """
    run_id, inside = bundle.record.subject.run_id, folder_of(bundle.sha256)
    if run_id is None:
        return {}
    with connect.errors(*connect.addresses(workspace)):
        folder = source.artifact_folder(run_id, connect.tracking_uri(workspace))
        if folder is not None:
            return {
                f"{inside}/{p.name}": p.read_bytes() for p in sorted((folder / inside).glob("[!.]*")) if p.is_file()
            }
        return _downloaded(run_id, inside, connect.tracking_uri(workspace))


def _whole(path: str) -> bool:
    """Whether a file among the artifacts is no upload that was killed, which MLflow leaves under a hidden name."""
    return not path.rpartition("/")[2].startswith(".")


def _downloaded(run_id: str, inside: str, tracking_uri: str) -> dict[str, bytes]:
    from mlflow.tracking import MlflowClient

    with tempfile.TemporaryDirectory() as folder:
        client = MlflowClient(tracking_uri=tracking_uri)
        paths = sorted(f.path for f in client.list_artifacts(run_id, inside) if not f.is_dir and _whole(f.path))
        return {p: Path(client.download_artifacts(run_id, p, folder)).read_bytes() for p in paths}


def _existing(store: Any, name: str, evidence: str) -> ModelVersion | None:
    found = store.search_model_versions(f"tags.`{facts.EVIDENCE}` = '{evidence}'")
    return next((v for v in found if v.name == name), None)


def _create(workspace: Workspace, store: Any, admission: Admission, name: str) -> ModelVersion:
    from mlflow.entities.model_registry import ModelVersionTag
    from mlflow.exceptions import MlflowException

    subject, tracking_uri = admission.bundle.record.subject, connect.tracking_uri(workspace)
    place = lookup.place(workspace, subject.uri)
    try:
        store.create_registered_model(name)
    except MlflowException as e:
        if e.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made: ModelVersion = store.create_model_version(
        name,
        place.uri,
        run_id=subject.run_id,
        tags=[ModelVersionTag(k, v) for k, v in facts.tags(admission.bundle, admission.receipt).items()],
        description=describe(admission.bundle, admission.receipt),
        model_id=place.model_id,
    )
    if place.model_id and connect.is_direct(workspace):  # a server does this itself
        source.tracking_store(tracking_uri).set_model_versions_tags(name, made.version, place.model_id)
    return made


def _log(workspace: Workspace, version: ModelVersion, bundle: Bundle, signer: Any) -> None:
    from govern.evidence.log import Log

    log = Log(workspace.log)
    known = {"evidence": bundle.sha256, "name": version.name, "version": int(version.version)}
    if log.find(kind="registration", **known):
        return
    dossiers = {path: canonical.sha256(pdf) for path, pdf in kept(workspace, bundle).items()}
    body = {**known, "model_sha256": bundle.record.subject.sha256, "source": version.source, "dossiers": dossiers}
    log.append("registration", body, identity=signer)
