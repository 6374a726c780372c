"""What a registered version rests on: its evidence, and whether version, files and log still agree."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from govern.errors import GovernError, InputError
from govern.project import Workspace
from govern.registry import connect, facts, source
from govern.registry.admission import Admission, admissions
from govern.registry.description import describe
from govern.registry.source import Source
from govern.types import Step

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow.entities.model_registry import ModelVersion

    from govern.evidence.log import Log
    from govern.lifecycle.approvals import Standing
    from govern.signing.trust import Trust
    from govern.types import Record

TAGGED, SIGNED, FACTS = "evidence tag", "signed evidence", "facts on the version"
#: The step that a registration fails which was killed before its log entry.
REGISTRATION = "registration in the log"
#: MLflow's codes for a version that is not there.
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_OTHER_VERSION = re.compile(r"models:/+(?P<name>[^/@]+)/(?P<version>[0-9]+)")
#: The stages in which a model is in use.
PROMOTED = ("Staging", "Production")
SOURCE, DOWNLOAD = "files at the source", "files at the download location"


def evidence_of(workspace: Workspace, name: str, version: str) -> tuple[str, list[Step]]:
    """Return the SHA-256 of the evidence that a version names (empty where none), and the steps that check it.

    Raises:
        InputError: the registry has no such version.
        ServiceError: the registry does not answer.
    """
    with connect.errors(*connect.addresses(workspace)):
        found, location = version_of(connect.reader(workspace), name, version)
        return check(workspace, found, location, connect.tracking_uri(workspace))


def place(workspace: Workspace, uri: str) -> Source:
    """Return where the model lies whose address the gate was given: also a relative path, or another version.

    Raises:
        InputError: nothing is there, or the address could lead elsewhere tomorrow.
        ServiceError: the registry does not answer.
    """
    tracking_uri = connect.tracking_uri(workspace)
    with connect.errors(*connect.addresses(workspace)):
        if match := _OTHER_VERSION.fullmatch(uri):
            uri = version_of(connect.reader(workspace), match["name"], match["version"])[0].source
        return source.resolve(workspace.located(uri), tracking_uri)


def version_of(store: Any, name: str, version: str) -> tuple[ModelVersion, str]:
    """Return a stored version and where clients download it from.

    Raises:
        InputError: there is none.
    """
    from govern.models.service import loaded
    from govern.models.stored import NotStoredError

    try:
        return store.get_model_version(name, version), store.get_model_version_download_uri(name, version)
    except loaded("mlflow.exceptions", "MlflowException", NotStoredError) as e:
        if getattr(e, "error_code", _ABSENT[0]) not in _ABSENT:
            raise
        raise InputError(
            f"the registry has no version {name}/{version}", hint="check name and version: `govern log list`"
        ) from None


def check(workspace: Workspace, version: ModelVersion, location: str, tracking_uri: str) -> tuple[str, list[Step]]:
    """Return the evidence that a stored version names, and the steps that check the version against it."""
    sha256 = version.tags.get(facts.EVIDENCE, "")
    tagged = Step(
        name=TAGGED,
        ok=bool(sha256),
        expected=f"a tag {facts.EVIDENCE} on {version.name}/{version.version}",
        found=sha256 or "none: registered around the gate, or before it",
    )
    if not sha256:
        return "", [tagged]
    admission, signed = _admission(workspace, version, sha256)
    if admission is None:
        return sha256, [tagged, signed]
    files = admission.bundle.record.subject.sha256
    return sha256, [
        tagged,
        signed,
        _facts(version, admission),
        _registration(workspace, version, sha256),
        _digest(SOURCE, version.source, files, tracking_uri),
        _digest(DOWNLOAD, location, files, tracking_uri),
    ]


def promotable(workspace: Workspace, version: ModelVersion, sha256: str) -> list[Step]:
    """Return the steps that must hold, besides those of :func:`check`, for a version to be promoted now.

    Its evidence has not expired, nor a waiver that it rests on; the roles that the policy names have approved it,
    and no rejection stands.

    Args:
        workspace: the project, whose log :func:`check` has verified.
        version: the version.
        sha256: the evidence that it names.

    Raises:
        GovernError: it cannot be said.
    """
    from govern.evidence.log import Log
    from govern.lifecycle import entries, expiry
    from govern.signing.trust import Trust

    log, trust = Log(workspace.log), Trust.of(workspace.trust)
    now = entries.signing_time(log.last())
    decided = entries.decided(log, sha256, version.name, trust).entry.moment
    stands, record = standing(workspace, log, version, sha256, trust, now)
    return [expiry.current(record, decided, now), expiry.decided_now(record, now), *stands.steps()]


def approvals_of(workspace: Workspace, name: str, version: str) -> list[Step]:
    """Return the steps for who approved or rejected a version; they are needed where an alias or a stage leads to it.

    Raises:
        GovernError: there is no such version, or it cannot be said.
        ServiceError: the registry does not answer.
    """
    from govern.evidence.log import Log
    from govern.lifecycle.entries import signing_time
    from govern.signing.trust import Trust

    with connect.errors(*connect.addresses(workspace)):
        found, _ = version_of(connect.reader(workspace), name, version)
    log, trust = Log(workspace.log), Trust.of(workspace.trust)
    now = signing_time(log.last())
    stands, _ = standing(workspace, log, found, found.tags.get(facts.EVIDENCE, ""), trust, now)
    return stands.steps(needed=bool(found.aliases) or found.current_stage in PROMOTED)


def standing(
    workspace: Workspace, log: Log, version: ModelVersion, sha256: str, trust: Trust, now: datetime
) -> tuple[Standing, Record]:
    """Return who approved or rejected a version at ``now``, and the record that it rests on.

    Raises:
        GovernError: it cannot be said.
    """
    from govern.evidence import bundle
    from govern.lifecycle import approvals
    from govern.lifecycle.entries import decided

    loaded = bundle.load(workspace.evidence / sha256)
    receipt = decided(log, sha256, version.name, trust)
    logged = bundle.attach_receipt(dataclasses.replace(loaded, path=None), receipt)
    number = int(version.version)
    found = approvals.receipts(log, logged, version.name, number, trust, now)
    return approvals.read(found, logged, version.name, number, trust), loaded.record


def _admission(workspace: Workspace, version: ModelVersion, sha256: str) -> tuple[Admission | None, Step]:
    """Return the evidence of a version, with the decision that its tags name where there were several."""
    name = version.name
    try:
        found, reasons = admissions(workspace, name, evidence=sha256)
    except GovernError as e:
        found, reasons = [], [e.message]
    mine = [a for a in found if a.bundle.sha256 == sha256]
    named = (a for a in mine if str(a.receipt.index) == version.tags.get(facts.INDEX))
    admission = next(named, mine[0] if mine else None)
    told = next((r for r in reasons if sha256[:12] in r), "; ".join(reasons) or "none in this project")
    return admission, Step(
        name=SIGNED,
        ok=admission is not None,
        expected=f"evidence {sha256[:12]}, signed, in the log, allowing {name!r}",
        found=f"evidence {sha256[:12]}" if admission else told,
    )


def _facts(version: ModelVersion, admission: Admission) -> Step:
    expected = facts.tags(admission.bundle, admission.receipt)
    changed = [k for k in sorted(expected) if version.tags.get(k) != expected[k]]
    changed += [k for k in sorted(version.tags) if facts.is_reserved(k) and k not in expected]
    if version.description != describe(admission.bundle, admission.receipt):
        changed.append("the description")
    if (version.run_id or None) != admission.bundle.record.subject.run_id:
        changed.append("the run")
    return Step(
        name=FACTS,
        ok=not changed,
        expected="the tags, the description and the run that the evidence gives",
        found=f"changed: {', '.join(changed)}" if changed else "unchanged",
    )


def _registration(workspace: Workspace, version: ModelVersion, sha256: str) -> Step:
    from govern.evidence.log import Log

    entries = Log(workspace.log).find(
        kind="registration", evidence=sha256, name=version.name, version=int(version.version)
    )
    return Step(
        name=REGISTRATION,
        ok=bool(entries),
        expected=f"an entry for {version.name}/{version.version}",
        found=f"entry {entries[0].index}" if entries else "none: `govern register` was not finished, run it again",
    )


def _digest(name: str, uri: str, expected: str, tracking_uri: str) -> Step:
    try:
        location = source.resolve(uri, tracking_uri).location
        found = source.digest(location, tracking_uri)
    except GovernError as e:
        return Step(name=name, ok=False, expected=expected, found=e.message)
    return Step(name=name, ok=found == expected, expected=expected, found=found)
