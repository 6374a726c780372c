"""One gate run: open what is declared, score once, measure, judge, decide, sign, log."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from govern import canonical, environment
from govern.checks.inputs import Documentation
from govern.errors import InputError, PolicyError
from govern.evaluate import evaluate
from govern.gate import decide
from govern.inputs import Inputs, Predict
from govern.policy import Policy, load_policy
from govern.project import Data, Workspace
from govern.types import Dataset, Record, Role, Subject

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.evidence.bundle import Bundle
    from govern.scan.scores import Scores

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class _Study:
    """What a run validates and on what: subject, datasets, tables, and how rows are scored."""

    subject: Subject
    datasets: tuple[Dataset, ...]
    frames: Mapping[Role, pd.DataFrame]
    scores: Scores
    predict: Predict | None
    features: tuple[str, ...]


def gate_run(
    workspace: Workspace,
    *,
    model: str | None = None,
    predictions: Path | None = None,
    vendor_version: str | None = None,
    policy: str | Path | None = None,
    name: str | None = None,
    progress: Progress = lambda what: None,
) -> Bundle:
    """Validate a model, or a vendor's recorded predictions, and return the signed evidence.

    ``name`` is the registered model name that the evidence shall speak for. The decision, allow or
    deny, is in the evidence and an entry of the log; the same inputs give the same evidence.

    Raises:
        PolicyError: the policy or the project file is wrong.
        InputError: data, model or key are missing or bad.
    """
    from govern.evidence import bundle
    from govern.evidence.log import Log
    from govern.signing import identity

    if (model is None) == (predictions is None) or model == "":
        raise PolicyError("give either a model or recorded predictions", hint="--model URI, or --predictions FILE")
    signer = identity.load(workspace.keys, workspace.project.identity)
    judged_by = _policy(workspace, policy)
    progress("opening data and model")
    study = (
        _model_study(workspace, model)
        if model is not None
        else _prediction_study(workspace, predictions or Path(), vendor_version)
    )
    _enough(judged_by, workspace.project.data, study)
    seed = _seed(judged_by, study)
    inputs = _inputs(workspace, judged_by, study, seed)
    for by in sorted({by for rule in judged_by.checks for by in rule.by}):
        inputs.groups(by)  # a column that is not there is told before anything is measured
    findings = evaluate(judged_by, inputs, progress=progress)
    decision = decide(judged_by, findings, today=datetime.now(UTC).date())
    progress("signing the evidence")
    record = Record(
        subject=study.subject,
        registered_name=name,
        policy=judged_by.as_json(),
        system=workspace.project.system.model_dump(mode="json"),
        datasets=study.datasets,
        findings=findings,
        decision=decision,
        environment=environment.describe(workspace.root, checks=sorted({r.check for r in judged_by.checks}), seed=seed),
    )
    written = bundle.write(record, workspace.evidence, signer)
    log = Log(workspace.log)
    known = log.find(kind="decision", evidence=written.sha256)
    body = {
        "evidence": written.sha256,
        "verdict": decision.verdict.value,
        "subject": study.subject.sha256,
        "name": name,
        "policy": judged_by.sha256,
    }
    receipt = log.receipt(known[0].index) if known else log.append("decision", body, identity=signer)
    return bundle.attach_receipt(written, receipt)


def _policy(workspace: Workspace, source: str | Path | None) -> Policy:
    """Return the named policy (a path as given, or relative to the project), else the project's own."""
    chosen = source or workspace.project.policy
    inside = workspace.root / chosen
    groups = frozenset(workspace.project.data.groups)
    return load_policy(inside if not Path(chosen).is_file() and inside.is_file() else chosen, groups=groups)


def _model_study(workspace: Workspace, uri: str) -> _Study:
    from govern.data.opened import open_dataset
    from govern.models.model import open_model

    declared, registry = workspace.project.data, workspace.project.registry
    workspace.data_path(Role.TEST)
    opened = {role: open_dataset(workspace, role) for role in sorted(declared.roles)}
    address = _address(workspace, uri)
    model = open_model(
        workspace.located(address),
        tracking_uri=workspace.absolute_uri(registry.tracking_uri),
        registry_uri=workspace.absolute_uri(registry.registry_uri),
        positive=declared.positive,
    )
    frames = {role: frame for role, (_, frame) in opened.items()}
    features = _features(workspace, frames, model.inputs)
    predicted = model.predict(frames[Role.TEST][list(features)])
    return _Study(
        subject=dataclasses.replace(model.subject, uri=address) if _is_path(uri) else model.subject,
        datasets=tuple(dataset for dataset, _ in opened.values()),
        frames=frames,
        scores=_scores(workspace, frames[Role.TEST], predicted, "the model's scores"),
        predict=model.predict,
        features=features,
    )


def _is_path(uri: str) -> bool:
    return urlsplit(uri).scheme in ("", "file")


def _address(workspace: Workspace, uri: str) -> str:
    """Return a model's address; a path, taken from the current folder, becomes one from the project's."""
    return workspace.relative(Path(unquote(urlsplit(uri).path))) if _is_path(uri) else uri


def _prediction_study(workspace: Workspace, path: Path, version: str | None) -> _Study:
    """Return the study of a vendor's predictions: one table with labels, scores and groups."""
    from govern.data.opened import open_dataset
    from govern.models.predictions import open_predictions
    from govern.scan import table

    declared = workspace.project.data
    if declared.score is None:
        raise PolicyError("govern.yaml names no column of scores", hint="add `score: COLUMN` under `data:`")
    frame = table.read(path)
    predicted = table.column(frame, declared.score, path=path)
    others = {role: open_dataset(workspace, role) for role in sorted(declared.roles) if role is not Role.TEST}
    subject = open_predictions(path, name=workspace.project.system.name, version=version or "not declared")
    return _Study(
        subject=dataclasses.replace(subject, uri=workspace.relative(path)),
        datasets=tuple(dataset for dataset, _ in others.values()),
        frames={Role.TEST: frame} | {role: other for role, (_, other) in others.items()},
        scores=_scores(workspace, frame, predicted, declared.score),
        predict=None,
        features=tuple(declared.features),
    )


def _features(workspace: Workspace, frames: Mapping[Role, pd.DataFrame], of_model: tuple[str, ...]) -> tuple[str, ...]:
    """Return the declared features, else the inputs that the model itself names; all must be in every dataset."""
    from govern.scan import table

    features = tuple(workspace.project.data.features) or of_model
    if not features:
        raise PolicyError(
            "neither govern.yaml nor the model's signature says what its inputs are",
            hint="list them: `features:` under `data:`",
        )
    if workspace.project.data.label in features:
        raise PolicyError(f"the label {workspace.project.data.label!r} is declared as a feature", hint="remove it")
    for role, frame in frames.items():
        for name in features:
            table.column(frame, name, path=f"dataset {role.value}")
    return features


def _scores(workspace: Workspace, frame: pd.DataFrame, predicted: Any, what: str) -> Scores:
    from govern.scan import table
    from govern.scan.scores import scores

    declared = workspace.project.data
    patient = None if declared.patient_id is None else table.column(frame, declared.patient_id, path="the test data")
    return scores(
        table.column(frame, declared.label, path="the test data"),
        predicted,
        patient=patient,
        positive=declared.positive,
        label_name=declared.label,
        score_name=what,
    )


def _enough(policy: Policy, declared: Data, study: _Study) -> None:
    """Refuse datasets that hold less than the policy needs; the rarer outcome counts as the events."""
    from govern.scan import table
    from govern.scan.scores import labels

    for name, needed in policy.data.items():
        role = Role(name)
        if role not in study.frames:
            raise InputError(
                f"the policy needs {needed.min_rows} rows in the role {name!r}, and none are declared",
                hint=f"govern data snapshot PATH --role {name}",
            )
        frame = study.frames[role]
        label = labels(table.column(frame, declared.label, path=f"dataset {name}"), declared.positive, declared.label)
        rarer = int(min(label.sum(), (1 - label).sum()))
        for what, found, least in (
            ("rows", len(frame), needed.min_rows),
            ("rows with the rarer outcome", rarer, needed.min_events),
        ):
            if found < least:
                raise InputError(
                    f"dataset {name} holds {found} {what}, the policy needs {least}", hint="collect more data"
                )


def _seed(policy: Policy, study: _Study) -> int:
    """Return a seed derived from what goes in: equal inputs, equal numbers; 32 bits."""
    parts = [study.subject.sha256, policy.sha256, *(d.sha256 for d in study.datasets)]
    return int(canonical.digest(parts)[:8], 16)


def _inputs(workspace: Workspace, policy: Policy, study: _Study, seed: int) -> Inputs:
    declared = workspace.project.data
    return Inputs(
        scores=study.scores,
        frames=study.frames,
        group_columns=declared.groups,
        features=study.features,
        label=declared.label,
        patient_id=declared.patient_id,
        predict=study.predict,
        reference_scores=_recorded(workspace, study),
        documentation=Documentation(
            facts=workspace.project.system.model_dump(mode="json"), required=policy.documentation.required
        ),
        seed=seed,
    )


def _recorded(workspace: Workspace, study: _Study) -> NDArray[np.float64] | None:
    """Return the vendor's scores on the reference data, where it recorded them."""
    from govern.scan import table
    from govern.scan.scores import probabilities

    name = workspace.project.data.score
    frame = study.frames.get(Role.REFERENCE)
    if study.predict is not None or frame is None or name is None or name not in frame.columns:
        return None
    return probabilities(table.column(frame, name), name)
