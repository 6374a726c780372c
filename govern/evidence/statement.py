"""The signed statement: an in-toto Statement v1 in a DSSE envelope.

Predicate type ``https://govern.dev/attestation/validation/v1``. The subject is the model (or a
vendor's recorded predictions): its digest, under the *registered name* that the evidence speaks
for, so that one digest cannot pass under another name. The predicate holds:

``registeredName``  the registered model name; null for a gate run that registers nothing
``model``           kind, name, uri, version, runId, sha256 of the manifest of its files
``datasets``        for each role: path, sha256 of the manifest, dvcPointer, dvcMd5, gitRevision
``policy``          id, version, sha256
``findings``        sha256 of the findings file
``decision``        verdict and the ids of the blocking findings
``code``            commit, and whether the tree had uncommitted changes
``environment``     govern's and Python's version, sha256 of the environment file and of the lock file
``expiry``          for how many days after its decision in the log the evidence admits and promotes
``checks``          sha256 of each check's source file
``seed``            the seed of the run
``files``           sha256 of each file of the bundle, by name

The payload is canonical JSON (RFC 8785) without any clock or signer in it: equal records give equal
payloads, and the payload's SHA-256 is the name of the evidence.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govern import canonical
from govern.errors import InputError
from govern.evidence import facts
from govern.types import Record

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.signing.identity import Identity

PREDICATE_TYPE = "https://govern.dev/attestation/validation/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def payload(record: Record, files: Mapping[str, bytes]) -> bytes:
    """Return the canonical JSON of the statement about a record and the files that hold it.

    Raises:
        InputError: the record has no digest for its subject, so there is nothing to speak about.
    """
    from google.protobuf.json_format import MessageToDict
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    subject, environment = record.subject, record.environment
    if not _SHA256.fullmatch(subject.sha256):
        raise InputError(f"{subject.name}: {subject.sha256!r} is no SHA-256", hint="digest the model's files first")
    digests = {name: canonical.sha256(data) for name, data in files.items()}
    predicate = {
        "registeredName": record.registered_name,
        "model": {
            "kind": subject.kind,
            "name": subject.name,
            "uri": subject.uri,
            "version": subject.version,
            "runId": subject.run_id,
            "sha256": subject.sha256,
        },
        "datasets": [
            {
                "role": d.role,
                "path": d.path,
                "sha256": d.sha256,
                "dvcPointer": d.dvc_pointer,
                "dvcMd5": d.dvc_md5,
                "gitRevision": d.git_revision,
            }
            for d in record.datasets
        ],
        "policy": {key: record.policy.get(key) for key in ("id", "version", "sha256")},
        "findings": {"sha256": digests["findings.json"]},
        "decision": {"verdict": record.decision.verdict, "blocking": record.decision.blocking},
        "code": {"commit": environment.git_commit, "dirty": environment.git_dirty},
        "environment": {
            "govern": environment.govern,
            "python": environment.python,
            "sha256": digests["environment.json"],
            "lockSha256": environment.lock_sha256,
        },
        "expiry": {"validDays": _valid_days(record)},
        "checks": environment.checks,
        "seed": environment.seed,
        "files": digests,
    }
    descriptor = ResourceDescriptor(name=record.registered_name or subject.name, digest={"sha256": subject.sha256})
    try:
        statement = Statement([descriptor.pb], PREDICATE_TYPE, canonical.plain(predicate))
        statement.validate()
        return canonical.dumps(MessageToDict(statement.pb))
    except (ValueError, TypeError) as e:
        raise InputError(f"the record cannot be stated: {e}", hint="check the model's digest and name") from None


def _valid_days(record: Record) -> Any:
    terms = record.policy.get("evidence")
    return terms.get("valid_days") if isinstance(terms, Mapping) else None


def sign(data: bytes, identity: Identity) -> bytes:
    """Return the DSSE envelope (canonical JSON) of a payload; the key ID is the certificate's fingerprint."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature

    envelope = Envelope(data, PAYLOAD_TYPE, {})
    signature = Signature(identity.fingerprint, identity.sign(envelope.pae()).hex())
    return canonical.dumps(Envelope(data, PAYLOAD_TYPE, {identity.fingerprint: signature}).to_dict())


def verify(envelope: bytes, certificate: Certificate) -> None:
    """Check that exactly the certificate's key signed the envelope.

    Raises:
        InputError: it did not, or the envelope is malformed.
    """
    from govern.signing.certificate import fingerprint, public_key
    from govern.signing.signature import holds

    signed = _envelope(envelope)
    found = signed.signatures.get(fingerprint(certificate))
    try:
        signature = bytes.fromhex(found.signature) if found else b""
    except ValueError:
        signature = b""
    if not holds(public_key(certificate), signature, signed.pae()):
        raise InputError("the statement's signature does not hold for the certificate's key")


def read(envelope: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the payload of an envelope, as bytes and parsed; who signed it is not verified.

    Raises:
        InputError: the envelope or its payload is malformed or of another type.
    """
    data: bytes = _envelope(envelope).payload
    value = facts.parse(data, what="statement")
    predicate = value.get("predicate") if isinstance(value, dict) else None
    if not isinstance(predicate, dict) or value.get("predicateType") != PREDICATE_TYPE:
        raise InputError(f"not a statement of the type {PREDICATE_TYPE}")
    return data, value


def _envelope(data: bytes) -> Any:
    """Read a DSSE envelope with one signature; what would not be written the same way again is refused."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import Error

    value = facts.parse(data, what="statement envelope")
    try:
        envelope = Envelope.from_dict(copy.deepcopy(value))
        again = canonical.dumps(envelope.to_dict())
    except (Error, KeyError, TypeError, ValueError, AttributeError):
        raise InputError("not a DSSE envelope") from None
    keys = {frozenset(value), *(frozenset(s) for s in value["signatures"])}  # the library keeps what it does not know
    plain = again == data and keys == {frozenset({"payload", "payloadType", "signatures"}), frozenset({"keyid", "sig"})}
    if not plain or len(envelope.signatures) != 1 or envelope.payload_type != PAYLOAD_TYPE:
        raise InputError("not a DSSE envelope of one in-toto statement and one signature in its plain form")
    return envelope
