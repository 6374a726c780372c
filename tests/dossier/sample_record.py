"""A record as a gate run on an ICU model would give it: denied, with a waiver, a limitation and missing facts."""

from __future__ import annotations

from typing import Any

from govern import canonical
from govern.types import (
    Column,
    Dataset,
    Decision,
    Environment,
    FileDigest,
    Insufficient,
    Outcome,
    Record,
    Role,
    Severity,
    Subject,
    Verdict,
    Waiver,
)
from tests.dossier.sample_findings import FEATURES, RULES, findings


def record(**changes: Any) -> Record:
    found = findings()
    waived = "calibration-slope"
    named = [f for f in found if f.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    warnings = tuple(f.id for f in named if f.severity is Severity.WARN)
    limits = tuple(f.id for f in named if f.insufficient is Insufficient.LIMIT and f.outcome is Outcome.INCONCLUSIVE)
    blocking = tuple(f.id for f in named if f.id not in {*warnings, *limits, waived})
    facts: dict[str, Any] = {
        "subject": Subject(
            kind="model",
            name="support2-risk",
            uri="models:/m-0f3c9a1d7b5e4c2f8a6d",
            sha256="c3" * 32,
            files=(
                FileDigest(path="MLmodel", sha256="1a" * 32, bytes=1290),
                FileDigest(path="model.skops", sha256="2b" * 32, bytes=884_213),
                FileDigest(
                    path="code/preprocessing/impute_and_scale_with_a_long_name.py", sha256="3c" * 32, bytes=4711
                ),
            ),
            run_id="4f1c1e0d9b8a47c6a5e4d3c2b1a09f8e",
            flavors=("python_function", "sklearn"),
            inputs=tuple(FEATURES),
        ),
        "registered_name": "icu-mortality",
        "policy": {
            "schema": "govern/policy/1",
            "id": "clinical-decision-support",
            "version": "1.0.0",
            "title": "Binary clinical risk model, high risk",
            "task": "binary",
            "data": {"test": {"min_rows": 500, "min_events": 100}},
            "checks": RULES,
            "approvals": [{"role": "clinical"}, {"role": "regulatory"}],
            "documentation": {"required": ["intended_use", "limitations", "human_oversight", "monitoring_plan"]},
            "not_applicable": {
                "privacy": {
                    "reason": "The table was published without identifiers by its owners.",
                    "person": "Dr. Ada Beispiel, data protection officer",
                }
            },
        },
        "system": {
            "name": "SUPPORT2 180-day mortality risk",
            "intended_use": "Supports intensive-care physicians in deciding when to talk with patients and families "
            "about the goals of care, by estimating the risk of death within 180 days from the third day in the unit.",
            "users": "Attending physicians in intensive care, after one hour of training.",
            "population": "Adults with one of nine serious diseases, in intensive care for at least three days.",
            "limitations": [
                "Not for patients younger than 18.",
                "Trained on patients of 1989 to 1994 in five US hospitals.",
            ],
            "human_oversight": "The physician sees the inputs, the risk and its drivers, and decides alone.\n\nNo "
            "order is placed by the system.",
            "owner": {"name": "R. Vogel", "organisation": "Example University Hospital", "email": ""},
            "device_description": "",
            "reference_standard": "Death within 180 days, from hospital records and the national death index.",
            "data_provenance": "",
            "risk_management": "",
            "monitoring_plan": "",
            "cybersecurity": "",
            "instructions_for_use": "",
        },
        "datasets": tuple(
            Dataset(
                role=role,
                path=f"data/{role.value}.parquet",
                sha256=digit * 32,
                files=(FileDigest(path=f"{role.value}.parquet", sha256=digit * 32, bytes=380_114),),
                rows=rows,
                columns=tuple(
                    Column(name=f, type="double", missing=7 * i, distinct=900 - i) for i, f in enumerate(FEATURES)
                ),
                patient_id="id",
                patients=rows,
                dvc_pointer=f"data/{role.value}.parquet.dvc",
                dvc_md5="ab" * 16,
                git_revision="9" * 40,
            )
            for role, digit, rows in ((Role.REFERENCE, "e5", 2276), (Role.TEST, "f6", 2276), (Role.TRAIN, "a7", 4553))
        ),
        "findings": tuple(found),
        "decision": Decision(
            verdict=Verdict.DENY, blocking=blocking, limitations=limits, warnings=warnings, waived=(waived,)
        ),
        "environment": Environment(
            govern="1.0.0",
            python="3.11.7",
            platform="Linux x86_64",
            packages={f"package-{i}": f"{i}.2.1" for i in range(26)},
            lock_sha256="b8" * 32,
            git_commit="9" * 40,
            git_dirty=True,
            checks={},
            seed=2_718_281_828,
        ),
        "waivers": (
            Waiver(
                outcome=Outcome.FAIL,
                policy="clinical-decision-support",
                name="icu-mortality",
                finding=waived,
                owner="R. Vogel",
                approver="Dr. C. Klinik",
                expires="2027-03-31",
                reason="Recalibration is scheduled with the next data release; risks are shown in three bands only",
            ),
        ),
    }
    made = {**facts, **changes}
    policy = {k: v for k, v in made["policy"].items() if k != "sha256"}
    return Record(**{**made, "policy": {**policy, "sha256": canonical.digest(policy)}})
