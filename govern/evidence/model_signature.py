"""The signature over the subject's files alone, in the form of OpenSSF Model Signing 1.0.

``model.sig`` is a Sigstore bundle (v0.3) with a DSSE envelope of an in-toto statement that names each file and its
SHA-256, and the signer's certificates. Anyone who has the model's files can verify it without govern::

    model_signing verify certificate MODEL --signature model.sig --certificate_chain root.pem --no-ignore-git-paths

It is written from the digests in the record, so that no model is read a second time to be signed. Which files it
leaves out (:data:`govern.models.digest.LEFT_OUT`) is in the statement, and that verifier leaves them out too.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import InputError
from govern.evidence import facts
from govern.evidence.statement import PAYLOAD_TYPE
from govern.models.digest import LEFT_OUT
from govern.types import Subject

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from govern.signing.identity import Identity

FILE = "model.sig"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def sign(subject: Subject, identity: Identity) -> bytes:
    """Return the bundle over the subject's files, signed by an identity, on a token or not.

    Raises:
        SigningError: the key is on a token that does not answer.
    """
    payload = _payload(subject)
    return _bundle(payload, (identity.certificate, *identity.chain), identity.sign(_encoded(payload)))


def check(data: bytes, subject: Subject, chain: Sequence[Certificate]) -> None:
    """Check that exactly the key of the first certificate of a chain signed the subject's files.

    Every byte is compared: what names other files, another signer, or says anything else, is refused.

    Raises:
        InputError: it is no such bundle, is for other files, or its signature does not hold.
    """
    from govern.signing.certificate import public_key
    from govern.signing.signature import holds

    value = facts.parse(data, what=FILE)
    try:
        (signed,) = value["dsseEnvelope"]["signatures"]
        signature = base64.b64decode(signed["sig"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{FILE}: no bundle of one signature", hint="restore the file") from None
    payload = _payload(subject)
    if _bundle(payload, chain, signature) != data:
        raise InputError(
            f"{FILE}: for other files, or by another signer, than the evidence is", hint="restore the whole folder"
        )
    if not holds(public_key(chain[0]), signature, _encoded(payload)):
        raise InputError(f"{FILE}: the signature does not hold for the certificate's key", hint="restore the file")


def _payload(subject: Subject) -> bytes:
    """Return the in-toto statement; its subject's digest is that of all digests, one after the other."""
    digests = [f.sha256 for f in subject.files]
    alone = subject.kind == "predictions"  # that verifier calls a file that is signed alone "."
    try:
        root = canonical.sha256(b"".join(bytes.fromhex(d) for d in digests))
    except ValueError:
        raise InputError(f"{subject.name}: a file with no SHA-256", hint="digest the model's files first") from None
    return canonical.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": subject.name, "digest": {"sha256": root}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": list(LEFT_OUT),
                },
                "resources": [
                    {"name": "." if alone else f.path, "algorithm": "sha256", "digest": f.sha256} for f in subject.files
                ],
            },
        }
    )


def _encoded(payload: bytes) -> bytes:
    """Return what is signed: the pre-authentication encoding of DSSE 1.0."""
    from securesystemslib.dsse import Envelope

    encoded: bytes = Envelope(payload, PAYLOAD_TYPE, {}).pae()
    return encoded


def _bundle(payload: bytes, chain: Sequence[Certificate], signature: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return canonical.dumps(
        {
            "mediaType": _MEDIA_TYPE,
            "verificationMaterial": {
                "x509CertificateChain": {
                    "certificates": [{"rawBytes": _text(c.public_bytes(Encoding.DER))} for c in chain]
                },
                "tlogEntries": [],
            },
            "dsseEnvelope": {
                "payload": _text(payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": _text(signature), "keyid": ""}],
            },
        }
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
