"""The nouns of govern: frozen facts, standard library only.

A *check* returns measurements, a *policy* holds criteria, a measurement judged by criteria is a
*finding*, and the *gate* turns findings into a *decision*. Nothing here computes or prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of a measurement. Only ``PASS`` and ``NOT_APPLICABLE`` never block."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    NOT_AVAILABLE = "not_available"
    ERROR = "error"


class Severity(StrEnum):
    """Whether a finding that does not pass stops registration."""

    BLOCK = "block"
    WARN = "warn"


class Insufficient(StrEnum):
    """What too little evidence does: stop registration, or become a stated limitation of use."""

    BLOCK = "block"
    LIMIT = "limit"


class Verdict(StrEnum):
    """The gate's answer."""

    ALLOW = "allow"
    DENY = "deny"


class Role(StrEnum):
    """How a dataset is used."""

    TRAIN = "train"
    REFERENCE = "reference"
    TEST = "test"
    EXTERNAL = "external"
    PRODUCTION = "production"


class Signatory(StrEnum):
    """In which role a person signs."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    CLINICAL = "clinical"
    REGULATORY = "regulatory"
    QUALITY = "quality"
    APPROVER = "approver"


#: A policy without a blocking check in each of these is refused, unless it says why not and who says so.
MANDATORY_FAMILIES = ("bias", "calibration", "drift", "explainability")


#: The key in a slice that says how equivocal labels and rejected inputs were read; the others name groups.
READING = "reading"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One number, how sure it is, and for whom.

    ``support`` is the count that the verdict rests on, compared with a rule's ``min_events``: the
    events for sensitivity, the non-events for specificity, the smaller of both for AUROC; ``None``
    where no such floor makes sense (a count of duplicate rows).
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    n: int
    method: str
    events: int | None = None
    support: int | None = None
    level: float = 0.95
    #: The group, as ``{"race": "asian"}``; empty for everybody.
    slice: Mapping[str, str] = field(default_factory=dict)
    #: False where a check itself finds that no verdict can rest on so little data.
    sufficient: bool = True
    #: The value that means no effect, such as 0 for a gap and 1 for a ratio, where there is one: an estimate whose
    #: interval holds it may be chance alone, so it is never a fail.
    null: float | None = None
    message: str = ""
    #: JSON values for figures and tables (curves, per-feature values); bounded, a few hundred points.
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def unknown(cls, **facts: Any) -> Measurement:
        """Return a measurement that has no number; ``message`` among its facts says why."""
        return cls(estimate=None, lower=None, upper=None, sufficient=False, **facts)

    @classmethod
    def counted(cls, count: float | None, **facts: Any) -> Measurement:
        """Return a measurement of what is counted and not estimated: no interval; insufficient where it is unknown."""
        return cls(estimate=count, lower=count, upper=count, sufficient=count is not None, **facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """An operator and a bound, applied to ``estimate``, ``lower`` or ``upper``."""

    on: str
    operator: str
    bound: float

    def __str__(self) -> str:
        """``lower >= 0.7``."""
        return f"{self.on} {self.operator} {self.bound:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A measurement judged by a rule of the policy."""

    id: str
    rule: str
    check: str
    family: str
    outcome: Outcome
    severity: Severity
    insufficient: Insufficient
    criterion: str
    message: str
    slice: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    measurement: Measurement | None = None
    #: What to do about it: the ``Fix:`` paragraph of the check.
    fix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A signed, expiring exception for one finding; the finding stays visible beside it.

    It covers this finding with this outcome, under one policy and one registered name (``None``: runs of
    ``govern check``). ``owner`` and ``approver`` are printed names, ``expires`` is its last day (ISO 8601).
    """

    finding: str
    outcome: Outcome
    policy: str
    name: str | None
    owner: str
    approver: str
    reason: str
    expires: str
    #: The log's receipts (:class:`govern.evidence.receipt.Receipt`, as JSON) of the two entries that sign it.
    proposal: Mapping[str, Any] = field(default_factory=dict)
    approval: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Allow or deny, with the findings that made it so (ids)."""

    verdict: Verdict
    blocking: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    #: Reasons that are no finding: a rule that was never measured, a family without a check.
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDigest:
    """One file of a manifest: POSIX path relative to its root, SHA-256 in hex, size in bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """Facts of one column: Arrow type, missing values, distinct values."""

    name: str
    type: str
    missing: int
    distinct: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """A versioned dataset in a role: digest of its manifest, DVC pointer and datasheet facts."""

    role: Role
    path: str
    sha256: str
    files: tuple[FileDigest, ...]
    rows: int
    columns: tuple[Column, ...]
    patient_id: str | None = None
    patients: int | None = None
    dvc_pointer: str | None = None
    dvc_md5: str | None = None
    git_revision: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is validated: a model with the digest of its files, or a vendor's recorded predictions."""

    kind: str
    name: str
    uri: str
    sha256: str
    files: tuple[FileDigest, ...]
    run_id: str | None = None
    #: The vendor's declared version, for recorded predictions.
    version: str | None = None
    flavors: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    #: How its files store it, as far as safety is concerned: ``pickle``, which runs what it names when it is loaded,
    #: or ``onnx``, ``safetensors``, ``skops``, which do not.
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """Where and with what a gate ran: enough to run it again."""

    govern: str
    python: str
    platform: str
    packages: Mapping[str, str]
    lock_sha256: str | None
    git_commit: str | None
    git_dirty: bool | None
    #: SHA-256 of each check's source file, by check id.
    checks: Mapping[str, str]
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Everything one gate run establishes. No clock: equal inputs give equal records."""

    subject: Subject
    #: The registered model name that the record speaks for; ``None`` for ``govern check``.
    registered_name: str | None
    #: The resolved policy, as :meth:`govern.policy.Policy.as_json` gives it.
    policy: Mapping[str, Any]
    #: The declared facts: the ``system`` part of ``govern.yaml``.
    system: Mapping[str, Any]
    datasets: tuple[Dataset, ...]
    findings: tuple[Finding, ...]
    decision: Decision
    environment: Environment
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One named step of a verification."""

    name: str
    ok: bool
    expected: str
    found: str
