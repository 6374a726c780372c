"""Signed notes and checkpoints, in the C2SP forms.

A checkpoint (c2sp.org/tlog-checkpoint) is three lines, the log's origin, its size and its root in
base64, signed as a note (c2sp.org/signed-note) with signature type 0x02: ECDSA P-256 over SHA-256
of the text. The key ID is that type's: the first four bytes of the SHA-256 of the public key's DER
SubjectPublicKeyInfo. The key's name is the origin.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from govern.signing.identity import Identity

_DASH = "\u2014 "
_KEY_ID_BYTES = 4
OTHER_KEY = "the checkpoint was signed with another key than the certificate's"
BROKEN = "the checkpoint's signature does not hold"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a log's signer states: the origin has ``size`` entries whose Merkle root is ``root`` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, identity: Identity) -> str:
    """Return the signed note of a checkpoint."""
    text = checkpoint.text()
    blob = base64.b64encode(key_id(identity.key.public_key()) + identity.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{checkpoint.origin} {blob}\n"


def verify(note: str, key: EllipticCurvePublicKey) -> Checkpoint:
    """Return the checkpoint in a note that ``key`` signed.

    Raises:
        InputError: the note is malformed, or ``key`` did not sign it.
    """
    from govern.signing.signature import holds

    checkpoint, signed_by, signature = opened(note)
    if signed_by != key_id(key):
        raise InputError(OTHER_KEY)
    if not holds(key, signature, checkpoint.text().encode()):
        raise InputError(BROKEN)
    return checkpoint


def read(note: str) -> Checkpoint:
    """Return the checkpoint in a note, without verifying who signed it.

    Raises:
        InputError: the note is malformed.
    """
    return opened(note)[0]


def opened(note: str) -> tuple[Checkpoint, bytes, bytes]:
    """Return the checkpoint in a note of one signature, the ID of the key that signed, and the signature (DER).

    Raises:
        InputError: the note is malformed: it would not be written the same way again.
    """
    try:
        origin, size, root = note.partition("\n\n")[0].split("\n")
        checkpoint = Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        raise InputError("not a signed checkpoint") from None
    if len(checkpoint.root) != 32 or checkpoint.size < 0:
        raise InputError("not a signed checkpoint")
    return checkpoint, *signature_of(note, checkpoint)


def signature_of(note: str, checkpoint: Checkpoint) -> tuple[bytes, bytes]:
    """Return the ID of the key that signed a note, and its signature (DER), where the note is of that checkpoint.

    Raises:
        InputError: it is of another one, malformed, or has more than one signature.
    """
    start = f"{checkpoint.text()}\n{_DASH}{checkpoint.origin} "
    blob = note[len(start) : -1]
    try:
        signature = base64.b64decode(blob, validate=True)
    except (ValueError, binascii.Error):
        signature = b""
    if note != f"{start}{blob}\n" or base64.b64encode(signature).decode() != blob or not signature:
        raise InputError("not a signed checkpoint of one signature in its plain form")
    return signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:]


def key_id(key: EllipticCurvePublicKey) -> bytes:
    """Return the four bytes by which a note names the key that signed it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize()[:_KEY_ID_BYTES]
