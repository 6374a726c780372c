"""One gate run: open what is declared, score once, measure, judge, decide, sign, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical, environment
from govern.checks.inputs import Documentation
from govern.errors import InputError, PolicyError
from govern.evaluate import evaluate
from govern.gate import decide
from govern.inputs import Inputs, Predict
from govern.policy import Policy, load_policy
from govern.project import Workspace
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

    if (model is None) == (predictions is None):
        raise PolicyError("give either a model or recorded predictions", hint="--model URI, or --predictions FILE")
    signer = identity.load(workspace.keys, workspace.project.identity)
    judged_by = _policy(workspace, policy)
    progress("opening data and model")
    study = (
        _model_study(workspace, model)
        if model is not None
        else _prediction_study(workspace, predictions or Path(), vendor_version)
    )
    _enough(judged_by, study.scores)
    seed = _seed(judged_by, study)
    findings = evaluate(judged_by, _inputs(workspace, judged_by, study, seed), progress=progress)
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
        environment=environment.describe(workspace.root, seed=seed),
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
    model = open_model(
        uri,
        tracking_uri=workspace.absolute_uri(registry.tracking_uri),
        registry_uri=workspace.absolute_uri(registry.registry_uri),
        positive=declared.positive,
    )
    frames = {role: frame for role, (_, frame) in opened.items()}
    features = _features(workspace, frames)
    predicted = model.predict(frames[Role.TEST][list(features)])
    return _Study(
        subject=model.subject,
        datasets=tuple(dataset for dataset, _ in opened.values()),
        frames=frames,
        scores=_scores(workspace, frames[Role.TEST], predicted, "the model's scores"),
        predict=model.predict,
    )


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
    return _Study(
        subject=open_predictions(path, name=workspace.project.system.name, version=version or "not declared"),
        datasets=tuple(dataset for dataset, _ in others.values()),
        frames={Role.TEST: frame} | {role: other for role, (_, other) in others.items()},
        scores=_scores(workspace, frame, predicted, declared.score),
        predict=None,
    )


def _features(workspace: Workspace, frames: Mapping[Role, pd.DataFrame]) -> tuple[str, ...]:
    """Return the declared features, each checked to be in every dataset."""
    from govern.scan import table

    features = tuple(workspace.project.data.features)
    if not features:
        raise PolicyError("govern.yaml declares no features", hint="list the model's inputs: `features:` under `data:`")
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


def _enough(policy: Policy, scores: Scores) -> None:
    needed = policy.data.get("test")
    for what, found, least in (
        ("rows", scores.n, needed.min_rows if needed else 1),
        ("events", scores.events, needed.min_events if needed else 1),
    ):
        if found < least:
            raise InputError(
                f"the test data holds {found} {what}, the policy needs {least}", hint="collect more test data"
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
        features=tuple(n for n in declared.features if all(n in f.columns for f in study.frames.values())),
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
