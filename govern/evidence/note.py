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
    blob = base64.b64encode(_key_id(identity.key.public_key()) + identity.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{checkpoint.origin} {blob}\n"


def verify(note: str, key: EllipticCurvePublicKey) -> Checkpoint:
    """Return the checkpoint in a note that ``key`` signed.

    Raises:
        InputError: the note is malformed, or ``key`` did not sign it.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    checkpoint, blob = _parse(note)
    if blob[:_KEY_ID_BYTES] != _key_id(key):
        raise InputError("the checkpoint was signed with another key than the certificate's")
    try:
        key.verify(blob[_KEY_ID_BYTES:], checkpoint.text().encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise InputError("the checkpoint's signature does not hold") from None
    return checkpoint


def read(note: str) -> Checkpoint:
    """Return the checkpoint in a note, without verifying who signed it.

    Raises:
        InputError: the note is malformed.
    """
    return _parse(note)[0]


def _parse(note: str) -> tuple[Checkpoint, bytes]:
    """Read a note with one signature; what would not be written the same way again is refused."""
    try:
        text, _, signature_line = note.partition("\n\n")
        origin, size, root = text.split("\n")
        _, _, blob = signature_line.removesuffix("\n").split(" ")
        checkpoint = Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
        signature = base64.b64decode(blob, validate=True)
    except (ValueError, binascii.Error):
        raise InputError("not a signed checkpoint") from None
    again = f"{checkpoint.text()}\n{_DASH}{origin} {base64.b64encode(signature).decode()}\n"
    if again != note or len(checkpoint.root) != 32 or checkpoint.size < 0:
        raise InputError("not a signed checkpoint of one signature in its plain form")
    return checkpoint, signature


def _key_id(key: EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize()[:_KEY_ID_BYTES]
