"""The bill of materials of the subject, with a model card: CycloneDX 1.6 in JSON (ECMA-424, first edition).

It holds nothing that the record does not hold: whoever verifies derives it again and compares, byte for byte, so it
is written out here rather than by a library, whose next version may write it otherwise. The tests validate it with
the schema that ships with ``cyclonedx-python-lib``. No clock and no random serial number: equal records, equal bytes.

Names of properties begin with ``govern:``. Numbers in a model card are text, by the schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from govern import canonical
from govern.models.safety import PICKLE
from govern.types import Dataset, FileDigest, Finding, Outcome, Record, Role

SCHEMA, VERSION = "http://cyclonedx.org/schema/bom-1.6.schema.json", "1.6"
_MODEL = "model"


def document(record: Record) -> bytes:
    """Return the bill of materials of a record as canonical JSON (RFC 8785), which is valid CycloneDX 1.6.

    The model is its main component, with each file's SHA-256 and the model card. Its parts are the datasets and the
    libraries of the environment. Of recorded predictions the model's own files are unknown: the file of predictions
    is a part, and the model has no digest.
    """
    environment = record.environment
    parts = [*_predictions(record), *map(_dataset, record.datasets), *_libraries(environment.packages)]
    parts.append(_named("platform", "python", environment.python, **{"bom-ref": "python"}))
    body = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "version": 1,
        "metadata": {
            "component": _model(record),
            "tools": {"components": [_named("application", "govern", environment.govern)]},
        },
        "components": parts,
        "dependencies": [{"ref": _MODEL, "dependsOn": sorted(p["bom-ref"] for p in parts)}],
    }
    return canonical.dumps({**body, "serialNumber": uuid5(NAMESPACE_URL, canonical.digest(body)).urn})


def _model(record: Record) -> dict[str, Any]:
    subject, system = record.subject, record.system
    own = subject.kind == "model"
    facts = {
        "registered name": record.registered_name,
        "uri": subject.uri,
        "run": subject.run_id,
        "sha256 of the manifest of the model's files" if own else "sha256 of the predictions' manifest": subject.sha256,
        "flavours": ", ".join(subject.flavors) or None,
        "formats": ", ".join(subject.formats) or None,
        "runs code when it is loaded": "yes" if PICKLE in subject.formats else "not by its format" if own else None,
        "policy": " ".join(_text(record.policy.get(key)) for key in ("id", "version", "sha256")),
        "decision": record.decision.verdict.value,
    }
    owner = system.get("owner")
    organisation = _text(owner.get("organisation")) or _text(owner.get("name")) if isinstance(owner, Mapping) else ""
    return _named(
        "machine-learning-model",
        record.registered_name or subject.name,
        subject.version or "",
        **{"bom-ref": _MODEL},
        **({"supplier": {"name": organisation}} if organisation else {}),
        **({"components": _files(_MODEL, subject.files)} if own and subject.files else {}),
        modelCard=_card(record),
        properties=_properties(facts),
    )


def _card(record: Record) -> dict[str, Any]:
    system, decision = record.system, record.decision
    limits = set(decision.limitations)
    limited = [f"{f.id}: {f.message}" for f in record.findings if f.id in limits]
    metrics = [_metric(f) for f in record.findings if f.measurement is not None and _number(f.measurement.estimate)]
    oversight = _text(system.get("human_oversight"))
    considerations = {
        "users": _texts([system.get("users")]),
        "useCases": _texts([system.get("intended_use"), system.get("population")]),
        "technicalLimitations": _texts([*_listed(system.get("limitations")), *limited]),
        "ethicalConsiderations": [{"name": "human oversight", "mitigationStrategy": oversight}] if oversight else [],
        "fairnessAssessments": [_fairness(f) for f in record.findings if _unfair(f)],
    }
    trained = [{"ref": _reference(d)} for d in record.datasets if d.role is Role.TRAIN]
    parameters = {
        "task": _text(record.policy.get("task")),
        "datasets": trained,
        "inputs": [{"format": name} for name in record.subject.inputs],
    }
    return {
        "modelParameters": {key: value for key, value in parameters.items() if value},
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": {key: value for key, value in considerations.items() if value},
    }


def _metric(finding: Finding) -> dict[str, Any]:
    """Return what was measured, of everybody or of one group, and the bounds of its interval."""
    measured = finding.measurement
    assert measured is not None  # noqa: S101 - so it was chosen
    bounds = {"lowerBound": _number(measured.lower), "upperBound": _number(measured.upper)}
    known = {name: value for name, value in bounds.items() if value}
    return {
        "type": finding.check,
        "value": _number(measured.estimate),
        "slice": _slice(finding),
        **({"confidenceInterval": known} if known else {}),
    }


def _unfair(finding: Finding) -> bool:
    return finding.family == "bias" and finding.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)


def _fairness(finding: Finding) -> dict[str, Any]:
    return {
        "groupAtRisk": _slice(finding),
        "harms": f"{finding.id}, {finding.outcome.value}: {finding.message}",
        "mitigationStrategy": finding.fix,
    }


def _slice(finding: Finding) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(finding.slice.items())) or "everybody"


def _predictions(record: Record) -> list[dict[str, Any]]:
    if record.subject.kind == "model":
        return []
    files = _files("predictions", record.subject.files)
    return [_named("data", "recorded predictions", "", **{"bom-ref": "predictions"}, components=files)]


def _dataset(dataset: Dataset) -> dict[str, Any]:
    facts = {
        "role": dataset.role.value,
        "sha256 of the manifest": dataset.sha256,
        "rows": str(dataset.rows),
        "patients": None if dataset.patients is None else str(dataset.patients),
        "dvc pointer": dataset.dvc_pointer,
        "dvc md5": dataset.dvc_md5,
        "git revision": dataset.git_revision,
    }
    reference = _reference(dataset)
    return _named(
        "data",
        dataset.path,
        "",
        **{"bom-ref": reference},
        data=[{"type": "dataset", "name": dataset.role.value}],
        properties=_properties(facts),
        **({"components": _files(reference, dataset.files)} if dataset.files else {}),
    )


def _reference(dataset: Dataset) -> str:
    return f"dataset/{dataset.role.value}"


def _libraries(packages: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the libraries as components, named by package URL (ECMA-427, type ``pypi``)."""
    urls = {name: f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(v)}" for name, v in packages.items()}
    return [
        _named("library", name, version, **{"bom-ref": urls[name]}, purl=urls[name])
        for name, version in sorted(packages.items())
    ]


def _files(of: str, files: Iterable[FileDigest]) -> list[dict[str, Any]]:
    return [
        _named(
            "file",
            f.path,
            "",
            **{"bom-ref": f"{of}/{f.path}"},
            hashes=[{"alg": "SHA-256", "content": f.sha256}],
            properties=_properties({"bytes": str(f.bytes)}),
        )
        for f in files
    ]


def _named(kind: str, name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, **({"version": version} if version else {}), **more}


def _properties(facts: Mapping[str, str | None]) -> list[dict[str, str]]:
    return [{"name": f"govern:{name}", "value": value} for name, value in facts.items() if value is not None]


def _number(value: float | None) -> str:
    """Return a number as canonical JSON writes it; empty text where there is none."""
    return "" if value is None or not math.isfinite(value) else canonical.dumps(value).decode()


def _texts(values: Iterable[Any]) -> list[str]:
    return [text for value in values if (text := _text(value))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return declared text; what is none is told by whoever reads the declaration, and stands in no model card."""
    return value if isinstance(value, str) else ""
