"""Evidence to what templates see: plain values, all numbers already text, every number with its finding id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern import looks
from govern.canonical import sha256
from govern.causes import causes
from govern.dossier import findings as view
from govern.dossier import signatures as signing
from govern.dossier.facts import Facts
from govern.dossier.figures import Figure, draw
from govern.dossier.findings import Row, Rule
from govern.dossier.gaps import FAMILIES, gap_groups
from govern.dossier.numbers import NONE, count
from govern.dossier.outline import Outline
from govern.regulations.coverage import coverage
from govern.regulations.model import SIGNS
from govern.types import Dataset, Record, Verdict

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
#: What each file of a bundle is, for the list of attachments.
FILES: Mapping[str, str] = {
    "subject.json": "what was validated, with the digest of each of its files",
    "policy.json": "the policy as resolved: rules, criteria, approvals",
    "system.json": "the declared facts",
    "datasets.json": "the datasets, with digests and column facts",
    "findings.json": "every finding with its measurement",
    "decision.json": "the decision and what made it so",
    "environment.json": "interpreter, packages, code commit, seed, digests of the checks",
    "waivers.json": "the waivers that were in force",
    "statement.dsse.json": "the signed statement that binds all of these by digest",
    "mlbom.cdx.json": "the bill of materials with a model card (CycloneDX 1.6)",
    "model.sig": "the signature over the model's files (OpenSSF Model Signing; not bound by the statement)",
    "signer.pem": "the signer's certificate and its issuers",
    "approvals.json": "the log's proofs of who approved or rejected (not bound by the statement)",
    "receipt.json": "the log's proof of inclusion (not bound by the statement)",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """A dataset for reading. ``columns`` rows are (name, type, missing, distinct) as text."""

    role: str
    path: str
    sha256: str
    rows: str
    patients: str
    patient_id: str
    pointer: str
    revision: str
    files: tuple[tuple[str, str, str], ...]
    columns: tuple[tuple[str, str, str, str], ...]


def build(bundle: Bundle, *, stamped: bool = False, region: str | None = None) -> dict[str, Any]:
    """Return the context of the templates for an evidence bundle.

    Args:
        bundle: the evidence.
        stamped: whether the dossier will have time stamps.
        region: whose clauses are indexed, ``eu`` or ``us``; as they stood on the day of the log entry.

    Raises:
        PolicyError: the declared profile is none of the region's.
        SigningError: the signer's certificate cannot be read.
    """
    record = bundle.record
    rules = view.rules(record)
    facts = Facts(record.system, (record.policy.get("documentation") or {}).get("required") or ())
    entry = None if bundle.receipt is None else bundle.receipt.entry
    seal, panel, entered = signing.seal(bundle), signing.signatures(record), signing.entered(bundle)
    return {
        "system": str(record.system.get("name") or record.subject.name),
        "subject": record.subject,
        "files": tuple((f.path, f.sha256, count(f.bytes)) for f in record.subject.files),
        "registered_name": record.registered_name,
        "allowed": record.decision.verdict is Verdict.ALLOW,
        "decision": record.decision,
        "counts": view.counts(record),
        "policy": record.policy,
        "rules": rules,
        "waived": [(row, w) for w in record.waivers for rule in rules for row in rule.rows if row.id == w.finding],
        "families": _families(rules),
        "open_rows": _once([row for rule in rules for row in rule.open]),
        "grouped": [r for r in rules if r.grouped],
        "known_families": FAMILIES,
        "other": [r for r in rules if r.family not in FAMILIES and not r.grouped],
        "not_applicable": record.policy.get("not_applicable") or {},
        "figures": _figures(rules),
        "gap_groups": gap_groups(
            record, rules, facts, seal, panel, None if entry is None else looks.read(entry), entered, stamped=stamped
        ),
        "events": [] if entry is None else looks.events(entry),
        "facts": facts,
        "datasets": tuple(_table(d) for d in record.datasets),
        "environment": record.environment,
        "methods": view.methods(rules),
        "seal": seal,
        "panel": panel,
        "entered": entered,
        "evidence": bundle.sha256,
        "attachments": attachments(bundle),
        "clauses": None if region is None else coverage(bundle, region, today=made(bundle).date()),
        "signs": SIGNS,
        "outline": Outline(),
        "names": _names(record),
    }


def made(bundle: Bundle) -> datetime:
    """Return when the evidence was entered in the log; a fixed time where it was not, for equal bytes."""
    return bundle.receipt.entry.moment if bundle.receipt else _EPOCH


def attachments(bundle: Bundle) -> tuple[tuple[str, str, str, str], ...]:
    """Return (name, what it is, SHA-256, size in bytes) of the bundle's files, by name."""
    return tuple((n, FILES.get(n, NONE), sha256(data), count(len(data))) for n, data in sorted(bundle.files.items()))


def _families(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    """Return the rules that look at everybody, by family; those by group have a section of their own."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.family, [])
        if not rule.grouped:
            found[rule.family].append(rule)
    return found


def _once(rows: Sequence[Row]) -> list[Row]:
    """Return rows with those that share a cause with other rules as one, which says what it stops."""
    shared = causes(row.finding for row in rows)
    told = {
        row.id: replace(row, id=f"{len(cause.rules)} rules", slice="", message=f"{row.message}; {cause}")
        for row in rows
        if (cause := shared.get(row.finding.id)) is not None and cause.findings[0] is row.finding
    }
    return [told.get(row.id, row) for row in rows if row.id in told or row.finding.id not in shared]


def _names(record: Record) -> frozenset[str]:
    """Return the names of columns and groups, which are written as they are wherever they stand."""
    declared = record.system.get("data") or {}
    named = {value for value in declared.values() if isinstance(value, str)} | set(declared.get("groups") or {})
    columns = {c.name for d in record.datasets for c in d.columns}
    return frozenset({*named, *columns, *record.subject.inputs, *(declared.get("features") or ())} - {""})


def _figures(rules: Sequence[Rule]) -> dict[str, tuple[Figure, ...]]:
    return {rule.id: draw(rule) for rule in rules}


def _table(dataset: Dataset) -> Table:
    return Table(
        role=dataset.role.value,
        path=dataset.path,
        sha256=dataset.sha256,
        rows=count(dataset.rows),
        patients=count(dataset.patients),
        patient_id=dataset.patient_id or NONE,
        pointer=dataset.dvc_pointer or NONE,
        revision=dataset.git_revision or NONE,
        files=tuple((f.path, f.sha256, count(f.bytes)) for f in dataset.files),
        columns=tuple((c.name, c.type, count(c.missing), count(c.distinct)) for c in dataset.columns),
    )
