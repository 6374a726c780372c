"""Verify anything signed: a PDF, an evidence folder, a model version, the log or the registry, as named steps.

A step that failed names what it expected and found; what builds on it is *not reached*, which is not
ok either. Everything that is signed is verified offline. Inside a project its log must hold the
receipt, and data and model are read again; outside one there are no such steps.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govern import canonical, looks
from govern.errors import GovernError, InputError, ServiceError
from govern.evidence.check import DIGESTS, SIGNATURE, STATEMENT, TRUST, carried
from govern.evidence.check import MODEL as MODEL_SIGNATURE
from govern.evidence.receipt import STEP as INCLUSION
from govern.lifecycle.expiry import CURRENT
from govern.lifecycle.waivers import STEP as WAIVERS
from govern.project import Workspace
from govern.target import PREFIX, VERSION, by_digest
from govern.types import Decision, Record, Step, Subject

if TYPE_CHECKING:
    from govern.evidence.receipt import Receipt
    from govern.signing.trust import Trust

APPROVALS = "approvals"
DECISION, DATA, MODEL = "decision recomputed", "data pointers", "model digest"
ORDER = "order of events"
ATTACHED, NAMED, COMPLETE = "attached evidence is what was signed", "evidence name", "log holds every receipt"
_PDF_LIMIT_BYTES = 512 << 20


def verify(target: str, workspace: Workspace | None, *, trust: Trust | None = None) -> tuple[Step, ...]:
    """Return the steps of verifying a target.

    Args:
        target: the path of a PDF or of an evidence folder, an evidence's SHA-256 or its first digits,
            ``NAME/VERSION`` of a registered model, ``log``, or ``registry``.
        workspace: the project at hand, if any.
        trust: whom to believe; the project's own by default.

    Raises:
        InputError: there is no such thing, so nothing can be said about it.
    """
    from govern.signing.trust import Trust

    if trust is None:
        trust = Trust.of(workspace.trust) if workspace else Trust()
    if target == "log":
        return tuple(_log(_needed(workspace, target), trust))
    if target == "registry":
        from govern.registry.reconcile import reconcile

        return tuple(reconcile(_needed(workspace, target), trust))
    path = Path(target)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # absent, or a name that no file can have
        mode = 0
    if stat.S_ISDIR(mode):
        return tuple(_folder(path, workspace, trust))
    if stat.S_ISREG(mode):
        return tuple(_file(path, workspace, trust))
    if PREFIX.fullmatch(target):
        return tuple(_folder(by_digest(_needed(workspace, target), target), workspace, trust))
    if match := VERSION.fullmatch(target):
        return tuple(_version(_needed(workspace, target), match["name"], match["version"], trust))
    raise InputError(
        f"{target}: no such file, evidence or model version",
        hint="give a PDF, an evidence folder or its SHA-256, NAME/VERSION, `log`, or `registry`",
    )


def _needed(workspace: Workspace | None, target: str) -> Workspace:
    if workspace is None:
        raise InputError(f"{target!r} can only be looked up in a project", hint="change into the project's folder")
    return workspace


def _folder(path: Path, workspace: Workspace | None, trust: Trust) -> list[Step]:
    """Verify an evidence folder; one that is named by a digest must hold that very evidence."""
    from govern.evidence.bundle import read_folder

    try:
        files = read_folder(path)
    except GovernError as e:
        failed = Step(name="evidence folder", ok=False, expected="a folder of plain files", found=e.message)
        return [failed, *_not_reached(failed, SIGNATURE, TRUST, DIGESTS, STATEMENT, MODEL_SIGNATURE, *_LATER)]
    steps = _evidence(files, workspace, trust)
    if len(path.resolve().name) == 64:
        steps.append(_named(files, path.resolve().name))
    return steps


def _named(files: Mapping[str, bytes], expected: str) -> Step:
    from govern.evidence import bundle, statement

    try:
        found = canonical.sha256(statement.read(files[bundle.STATEMENT])[0])
    except (GovernError, KeyError):
        found = "no statement"
    return Step(name=NAMED, ok=found == expected, expected=expected, found=found)


def _file(path: Path, workspace: Workspace | None, trust: Trust) -> list[Step]:
    """Verify a file: an exported log, a proof of one of its entries, or else a PDF."""
    from govern.evidence.export import check_export, is_export
    from govern.evidence.proof import check_proof, is_proof, read_proof

    if is_export(path):
        return check_export(path, trust)
    if is_proof(path):
        return check_proof(read_proof(path.read_bytes()), trust)
    return _pdf(path, workspace, trust)


def _pdf(path: Path, workspace: Workspace | None, trust: Trust) -> list[Step]:
    from govern.signing.pades import check

    try:
        if path.stat().st_size > _PDF_LIMIT_BYTES:
            raise InputError(f"{path}: larger than {_PDF_LIMIT_BYTES >> 20} MiB", hint="this is no dossier of govern")
        pdf = path.read_bytes()
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}", hint="make it readable") from None
    files, attached = _attached(pdf)
    steps = check(pdf, carried(files, trust))
    broken = next((s for s in steps if not s.ok and not s.name.startswith("PDF signer is trusted")), None)
    if broken is not None:
        return [*steps, *_not_reached(broken, ATTACHED, SIGNATURE, TRUST, DIGESTS, STATEMENT, MODEL_SIGNATURE, *_LATER)]
    steps.append(attached)
    if not attached.ok:
        return [*steps, *_not_reached(attached, SIGNATURE, TRUST, DIGESTS, STATEMENT, MODEL_SIGNATURE, *_LATER)]
    return steps + _evidence(files, workspace, trust)


def _attached(pdf: bytes) -> tuple[dict[str, bytes], Step]:
    """Return the attached evidence, and whether the revision that the author signed had the same."""
    from govern.evidence.bundle import LIMIT_BYTES, NAMES
    from govern.signing.pades.attachments import attached, certified_revision

    expected = "the evidence attached to the file is attached to the revision that its author signed"
    try:
        now = attached(pdf, names=NAMES, limit=LIMIT_BYTES)
        then = attached(certified_revision(pdf), names=NAMES, limit=LIMIT_BYTES)
    except GovernError as e:
        return {}, Step(name=ATTACHED, ok=False, expected=expected, found=e.message)
    changed = sorted(n for n in {*now, *then} if now.get(n) != then.get(n))
    found = f"changed since: {', '.join(changed)}" if changed else f"{len(now)} files of evidence"
    return now, Step(name=ATTACHED, ok=bool(now) and not changed, expected=expected, found=found)


def _version(workspace: Workspace, name: str, version: str, trust: Trust) -> list[Step]:
    from govern.registry.lookup import approvals_of, evidence_of

    sha256, steps = evidence_of(workspace, name, version)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        failed = Step(name=NAMED, ok=False, expected="the SHA-256 of evidence", found=sha256 or "none")
        return [*steps, failed, *_not_reached(failed, SIGNATURE, TRUST, DIGESTS, STATEMENT, MODEL_SIGNATURE, *_LATER)]
    try:
        steps += approvals_of(workspace, name, version)
    except ServiceError:
        raise
    except GovernError as e:
        steps.append(Step(name=APPROVALS, ok=False, expected="approvals that can be read", found=e.message))
    return [*steps, *_folder(workspace.evidence / sha256, workspace, trust)]


def _log(workspace: Workspace, trust: Trust) -> list[Step]:
    """Verify the whole log, and that it still holds every receipt in the project's evidence: a cut tail shows."""
    from govern.evidence.bundle import RECEIPT
    from govern.evidence.entry import KEYS
    from govern.evidence.log import Log
    from govern.evidence.receipt import read_receipt
    from govern.keys.newest import newest

    log = Log(workspace.log)
    steps = log.verify(trust)
    expected = f"what the receipts in {workspace.evidence} were given for"
    try:
        paths = sorted(workspace.evidence.glob(f"*/{RECEIPT}"))
        differences = log.differences([read_receipt(p.read_bytes()) for p in paths])
        lost = [f"{p.parent.name[:16]}: {d}" for p, d in zip(paths, differences, strict=True) if d]
        found = "; ".join(lost) or f"all {len(paths)}"
    except GovernError as e:
        lost, found = [e.message], e.message
    except OSError as e:
        lost, found = [str(e)], f"{e.filename}: cannot be read: {e.strerror}"
    return [
        *steps,
        Step(name=COMPLETE, ok=not lost, expected=expected, found=found),
        *(newest(workspace, log.find(KEYS)) if all(s.ok for s in steps) else ()),
    ]


_LATER = (DECISION, INCLUSION, WAIVERS, CURRENT, ORDER, DATA, MODEL)


def _evidence(files: Mapping[str, bytes], workspace: Workspace | None, trust: Trust) -> list[Step]:
    from govern.evidence.check import check_and_read

    steps, read = check_and_read(files, trust)
    broken = next((s for s in steps if not s.ok and s.name != TRUST), None)
    if broken is not None or read is None:
        return [*steps, *_not_reached(broken or steps[-1], *_LATER)]
    record = read.record
    inclusion, day = _inclusion(files, workspace, trust)
    steps += [_decision(record, day), inclusion]
    steps += _people(files, workspace, trust) if inclusion.ok else _not_reached(inclusion, WAIVERS, CURRENT)
    if workspace is None:
        return steps
    order = _order(files, workspace) if inclusion.ok else _not_reached(inclusion, ORDER)
    return [*steps, *order, *_data(record, workspace), _model(record.subject, workspace)]


def _people(files: Mapping[str, bytes], workspace: Workspace | None, trust: Trust) -> list[Step]:
    """Return who waived, approved and rejected, each by their own receipts, and whether the evidence has expired."""
    from govern.evidence.bundle import APPROVALS as CARRIED
    from govern.evidence.bundle import from_files
    from govern.lifecycle import approvals, expiry, waivers

    bundle = from_files(files)
    assert bundle.receipt is not None  # noqa: S101 - log inclusion has held
    wider = carried(files, trust)
    steps = [waivers.step(bundle, wider)]
    if steps[0].ok and workspace is not None and bundle.record.waivers:
        steps = [_in_log(steps[0], waivers.receipts(bundle.record.waivers), workspace)]
    steps.append(expiry.told(bundle.record, bundle.receipt.entry.moment, datetime.now(UTC)))
    signed = approvals.carried(bundle, wider)
    if signed and all(s.ok for s in signed) and workspace is not None:
        known = Step(name=CARRIED, ok=True, expected="approvals and rejections of this evidence", found="")
        signed.append(_in_log(known, approvals.read_attached(files[CARRIED]), workspace))
    return steps + signed


def _in_log(step: Step, receipts: Sequence[Receipt], workspace: Workspace) -> Step:
    """Return a step that holds by its receipts, compared with the project's log."""
    from govern.evidence.log import Log

    try:
        lost = [d for d in Log(workspace.log).differences(receipts) if d]
    except GovernError as e:
        lost = [e.message]
    found = lost[0] if lost else f"{step.found}; in the project's log".removeprefix("; ")
    return Step(name=step.name, ok=not lost, expected=step.expected, found=found)


def _inclusion(files: Mapping[str, bytes], workspace: Workspace | None, trust: Trust) -> tuple[Step, date]:
    """Return whether the receipt holds, also against the project's log, and the day it gives the decision."""
    from govern.evidence.bundle import RECEIPT
    from govern.evidence.check import check_inclusion
    from govern.evidence.log import Log
    from govern.evidence.receipt import read_receipt

    alone = check_inclusion(files, trust)
    if not alone.ok:
        return alone, datetime.now(UTC).date()
    receipt = read_receipt(files[RECEIPT])
    day = receipt.entry.moment.date()
    if workspace is None:
        return alone, day
    held = Log(workspace.log).holds(receipt)
    found = f"{alone.found}; and in the project's log" if held.ok else held.found
    return Step(name=INCLUSION, ok=held.ok, expected=held.expected, found=found), day


def _order(files: Mapping[str, bytes], workspace: Workspace) -> list[Step]:
    """Compare the order of events that the decision recorded with the one that the project's log tells."""
    from govern.evidence.bundle import RECEIPT
    from govern.evidence.log import Log
    from govern.evidence.receipt import read_receipt

    try:
        entry = read_receipt(files[RECEIPT]).entry
        stated = looks.read(entry)
        if stated is None:
            return []
        now = looks.recall(Log(workspace.log).entries(), entry)
    except (GovernError, KeyError) as e:
        found = e.message if isinstance(e, GovernError) else "no receipt"
        return [Step(name=ORDER, ok=False, expected="looks and freezes as the decision recorded them", found=found)]
    expected = f"look {stated.number} at the test set, at {stated.look.time}"
    told = "; ".join([expected, *stated.sentences()])
    found = told if now == stated else "no such look in the log, or others than were recorded"
    return [Step(name=ORDER, ok=now == stated, expected=expected, found=found)]


def _decision(record: Record, day: date) -> Step:
    """Judge and decide again from policy, measurements and waivers, as on the day the log has."""
    from govern.gate import decide_again

    expected = _told(record.decision)
    try:
        again = decide_again(record, today=day)
    except GovernError as e:
        return Step(name=DECISION, ok=False, expected=expected, found=e.message)
    return Step(name=DECISION, ok=again == record.decision, expected=expected, found=_told(again))


def _told(decision: Decision) -> str:
    parts = {
        "blocking": decision.blocking,
        "limitations": decision.limitations,
        "warnings": decision.warnings,
        "waived": decision.waived,
        "reasons": decision.reasons,
    }
    return "; ".join([decision.verdict.value, *(f"{k}: {', '.join(v)}" for k, v in parts.items() if v)])


def _data(record: Record, workspace: Workspace) -> list[Step]:
    from govern.data.opened import check_pointer

    return [check_pointer(workspace, dataset) for dataset in record.datasets]


def _model(subject: Subject, workspace: Workspace) -> Step:
    """Digest the model's files again, where the project's tracking store says they lie; nothing is loaded."""
    try:
        found = _digest(subject, workspace)
    except GovernError as e:
        found = e.message
    return Step(name=MODEL, ok=found == subject.sha256, expected=subject.sha256, found=found)


def _digest(subject: Subject, workspace: Workspace) -> str:
    if subject.kind == "predictions":
        return canonical.manifest_sha256(canonical.manifest(workspace.root / subject.uri))
    from govern.models.address import locate
    from govern.models.digest import model_manifest

    registry = workspace.project.registry
    location = locate(
        workspace.located(subject.uri),
        tracking_uri=workspace.absolute_uri(registry.tracking_uri),
        registry_uri=workspace.absolute_uri(registry.registry_uri),
    )
    return canonical.manifest_sha256(model_manifest(location.path))


def _not_reached(failed: Step, *names: str) -> list[Step]:
    return [Step(name=n, ok=False, expected="to be verified", found=f"not reached: {failed.name}") for n in names]
