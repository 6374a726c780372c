"""The JSON that ``measure``, ``check``, ``register`` and ``verify`` print: names and forms are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.canonical import plain
from govern.types import Dataset, Finding, Measurement, Outcome, Step, Subject

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

#: Below this support ``govern measure``, which knows no policy, calls a measurement inconclusive.
FLOOR = 20


def measurement_json(check: str, measured: Measurement) -> dict[str, Any]:
    """Return one item of ``govern measure --format json``; ``outcome`` is null where nothing is wrong.

    A measurement is not judged, so it never passes; it may be ``inconclusive``.
    """
    outcome, message = None, measured.message
    if not measured.sufficient or measured.estimate is None:
        outcome = Outcome.INCONCLUSIVE
    elif measured.support is not None and measured.support < FLOOR:
        outcome = Outcome.INCONCLUSIVE
        message = message or f"too little evidence: {measured.support} where {FLOOR} are needed"
    keys = ("slice", "estimate", "lower", "upper", "level", "method", "n", "events")
    return {
        "check": check,
        **{k: plain(getattr(measured, k)) for k in keys},
        "outcome": plain(outcome),
        "message": message,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding of ``govern check --format json``."""
    measured = finding.measurement
    numbers = {
        k: plain(getattr(measured, k)) if measured else None for k in ("estimate", "lower", "upper", "n", "events")
    }
    named = {k: plain(getattr(finding, k)) for k in ("id", "check", "family", "slice")}
    judged = {k: plain(getattr(finding, k)) for k in ("criterion", "outcome", "severity", "message", "controls")}
    return {**named, **numbers, **judged}


def decision_json(bundle: Bundle) -> dict[str, Any]:
    """Return what ``govern check --format json`` and ``register`` print."""
    record = bundle.record
    return {
        "schema": "govern/check/1",
        "decision": record.decision.verdict.value,
        "policy": {k: record.policy[k] for k in ("id", "version", "sha256")},
        "subject": _subject(record.subject),
        "datasets": [_dataset(d) for d in record.datasets],
        "findings": [finding_json(f) for f in record.findings],
        "blocking": list(record.decision.blocking),
        "limitations": list(record.decision.limitations),
        "reasons": list(record.decision.reasons),
        "evidence": {"sha256": bundle.sha256, "path": str(bundle.path)},
    }


def steps_json(steps: Sequence[Step]) -> dict[str, Any]:
    """Return what ``govern verify --format json`` prints."""
    return {"ok": bool(steps) and all(s.ok for s in steps), "steps": plain(tuple(steps))}


def _subject(subject: Subject) -> dict[str, Any]:
    return {k: plain(getattr(subject, k)) for k in ("kind", "name", "uri", "sha256", "run_id", "version")}


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {k: plain(getattr(dataset, k)) for k in ("role", "path", "sha256", "rows", "patients", "dvc_md5")}
