"""The evidence bundle: the files of one gate run, and their content-addressed folder.

Every file is bound by digest in the signed statement but those that prove themselves: the statement, the
signer's certificates, the signature over the model's files, the receipts of the log, which can only exist
afterwards, and what the root signed about its signers.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.errors import InputError
from govern.evidence import bom, facts, model_signature, statement
from govern.evidence.receipt import Receipt, read_receipt
from govern.types import Dataset, Decision, Environment, Finding, Record, Step, Subject, Waiver

if TYPE_CHECKING:
    from govern.signing.identity import Identity
    from govern.signing.trust import Trust

STATEMENT, SIGNER, RECEIPT = "statement.dsse.json", "signer.pem", "receipt.json"
#: The bill of materials, and the signature over the model's files alone.
BOM, MODEL_SIGNATURE = "mlbom.cdx.json", model_signature.FILE
#: The receipts of who approved or rejected the version, in a dossier that was made afterwards.
APPROVALS = "approvals.json"
#: The root's word on who may sign in which role, and the certificates that it revoked, if any.
RIGHTS, REVOKED = "trust.yaml", "revoked.crl"
#: File name -> the type of its content.
BOUND: Mapping[str, Any] = {
    "subject.json": Subject,
    "policy.json": Mapping[str, Any],
    "system.json": Mapping[str, Any],
    "datasets.json": tuple[Dataset, ...],
    "findings.json": tuple[Finding, ...],
    "decision.json": Decision,
    "environment.json": Environment,
    "waivers.json": tuple[Waiver, ...],
    BOM: Mapping[str, Any],
}
#: Every name that a file of a bundle may have.
NAMES = frozenset({*BOUND, STATEMENT, SIGNER, MODEL_SIGNATURE, RECEIPT, APPROVALS, RIGHTS, REVOKED})
#: No file of a bundle is larger; a larger one is refused before it is read.
LIMIT_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Evidence that is whole: its files have the digests that the statement states.

    ``sha256`` is the SHA-256 of the statement's payload, and the evidence's name. That the right person
    signed is :func:`verify_bundle`'s to say.
    """

    sha256: str
    record: Record
    statement: Mapping[str, Any]
    files: Mapping[str, bytes]
    receipt: Receipt | None
    path: Path | None = None


def write(record: Record, folder: Path, identity: Identity, *, rights: Mapping[str, bytes] | None = None) -> Bundle:
    """Write the signed evidence of a record into ``folder/<sha256>/``, which appears whole or not at all.

    Args:
        record: what the gate run established.
        folder: where evidence lies.
        identity: who signs.
        rights: :data:`RIGHTS` and, where there is one, :data:`REVOKED`, which travel with the evidence
            (:func:`govern.signing.rights.travelling`).

    The same record again, by whomever, returns the bundle that is there.

    Raises:
        InputError: the folder cannot be written, or holds this evidence in a damaged state.
    """
    contents = {
        "subject.json": record.subject,
        "policy.json": record.policy,
        "system.json": record.system,
        "datasets.json": record.datasets,
        "findings.json": record.findings,
        "decision.json": record.decision,
        "environment.json": record.environment,
        "waivers.json": record.waivers,
    }
    files = {name: canonical.dumps(content) for name, content in contents.items()} | {BOM: bom.document(record)}
    payload = statement.payload(record, files)
    target = folder / canonical.sha256(payload)
    if target.exists():
        return _existing(target)
    files |= {
        STATEMENT: statement.sign(payload, identity),
        SIGNER: identity.pem,
        MODEL_SIGNATURE: model_signature.sign(record.subject, identity),
        **(rights or {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
        try:
            for name, data in files.items():
                _write_file(temporary / name, data)
            temporary.chmod(0o755)
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as e:
        if target.exists():  # another process wrote the same evidence first
            return _existing(target)
        raise InputError(f"{folder}: cannot be written: {e.strerror}", hint="make the folder writable") from None
    return load(target)


def load(path: Path) -> Bundle:
    """Return the bundle in a folder.

    Raises:
        InputError: the folder is absent or not a whole bundle; the message says which file is wrong.
    """
    bundle = from_files(read_folder(path))
    return Bundle(**{**vars(bundle), "path": path})


def read_folder(path: Path) -> dict[str, bytes]:
    """Return the files of a bundle's folder by name, unchecked.

    Raises:
        InputError: it is no folder, cannot be read, or holds a folder, a symbolic link or a huge file.
    """
    files = {}
    try:
        for item in sorted(path.iterdir()):
            if item.is_symlink() or not item.is_file():
                raise InputError(f"{item}: not a plain file", hint="evidence holds files only; remove it")
            if item.stat().st_size > LIMIT_BYTES:
                raise InputError(f"{item}: larger than {LIMIT_BYTES >> 20} MiB", hint="this is no evidence of govern")
            files[item.name] = item.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such evidence", hint="check the path, or see `govern log list`") from None
    except OSError as e:
        raise InputError(f"{path}: cannot be read as an evidence folder: {e.strerror}", hint="check the path") from None
    return files


def from_files(files: Mapping[str, bytes]) -> Bundle:
    """Return the bundle that files make, such as those attached to a dossier.

    Raises:
        InputError: a file is missing, unknown, malformed, or not what was signed.
    """
    check_names(files)
    payload, stated = statement.read(files[STATEMENT])
    check_digests(stated, files)
    values = {name: facts.build(kind, facts.parse(files[name], what=name), what=name) for name, kind in BOUND.items()}
    record = Record(
        subject=values["subject.json"],
        registered_name=_registered_name(stated),
        policy=values["policy.json"],
        system=values["system.json"],
        datasets=values["datasets.json"],
        findings=values["findings.json"],
        decision=values["decision.json"],
        environment=values["environment.json"],
        waivers=values["waivers.json"],
    )
    if bom.document(record) != files[BOM]:
        raise InputError(f"{BOM} says something else than the record", hint="restore the evidence")
    if statement.payload(record, {name: files[name] for name in BOUND}) != payload:
        raise InputError("the statement says something else than the files it binds", hint="restore the evidence")
    return Bundle(
        sha256=canonical.sha256(payload),
        record=record,
        statement=stated,
        files=dict(files),
        receipt=read_receipt(files[RECEIPT]) if RECEIPT in files else None,
    )


def check_names(files: Mapping[str, bytes]) -> None:
    """Check that there are a bundle's files and no others; receipts and rights may be missing.

    Raises:
        InputError: one is missing or unknown.
    """
    wanted = {*BOUND, STATEMENT, SIGNER, MODEL_SIGNATURE}
    if missing := sorted(wanted - set(files)):
        raise InputError(f"evidence without {', '.join(missing)}", hint="restore the whole folder")
    if extra := sorted(set(files) - NAMES):
        raise InputError(f"evidence with a file that is none of its own: {', '.join(extra)}", hint="remove it")


def check_digests(stated: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Check every bound file against the digest in the statement.

    Raises:
        InputError: the first file that differs is named.
    """
    digests = stated["predicate"].get("files")
    if not isinstance(digests, dict) or set(digests) != set(BOUND):
        raise InputError("the statement does not bind exactly the files of a bundle")
    for name in BOUND:
        found = canonical.sha256(files[name])
        if found != digests[name]:
            raise InputError(
                f"{name} has the SHA-256 {found}, and {digests[name]} was signed",
                hint="restore the file; it was changed",
            )


def attach_receipt(bundle: Bundle, receipt: Receipt) -> Bundle:
    """Return the bundle with the log's receipt, written into its folder when it has one.

    Raises:
        InputError: the receipt is for something else (the entry's body must name the evidence as
            ``evidence``), or the folder cannot be written.
    """
    if receipt.entry.body.get("evidence") != bundle.sha256:
        raise InputError("the receipt is for other evidence", hint="append an entry whose body names this evidence")
    data = canonical.dumps(receipt)
    if bundle.path is not None:
        temporary = bundle.path.parent / f".receipt-{bundle.sha256}-{os.getpid()}"
        try:
            _write_file(temporary, data)
            temporary.replace(bundle.path / RECEIPT)
        except OSError as e:
            raise InputError(f"{bundle.path}: cannot be written: {e.strerror}", hint="make it writable") from None
        finally:
            temporary.unlink(missing_ok=True)
    return Bundle(**{**vars(bundle), "files": {**bundle.files, RECEIPT: data}, "receipt": receipt})


def verify_bundle(bundle: Bundle, trust: Trust) -> list[Step]:
    """Return the steps of :func:`govern.evidence.check.check_files` on a bundle's files."""
    from govern.evidence.check import check_files

    return check_files(bundle.files, trust)


def _existing(path: Path) -> Bundle:
    bundle = load(path)
    if bundle.sha256 != path.name:
        raise InputError(f"{path}: holds the evidence {bundle.sha256}", hint="move the folder away and run again")
    return bundle


def _registered_name(stated: Mapping[str, Any]) -> str | None:
    name = stated["predicate"].get("registeredName")
    if name is not None and not isinstance(name, str):
        raise InputError("the statement's registered name is no text")
    return name


def _write_file(path: Path, data: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
