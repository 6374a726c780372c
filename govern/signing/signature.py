"""ECDSA P-256 signatures over SHA-256, in one form.

Of each signature (r, s) there is a twin (r, n - s) that holds as well and that anyone can compute. The
lower of the two is the only one written and accepted here, so that no byte of what is signed is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

#: The order n of P-256 (FIPS 186-5, SP 800-186).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sign(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """Return the signature (DER) of the SHA-256 of ``data``, in its low form.

    Raises:
        SigningError: the key is on a token that does not answer.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return encode_dss_signature(r, min(s, ORDER - s))


def holds(key: EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    """Return whether ``key`` signed ``data``, with the signature in its low form; any bytes may be given."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        return decode_dss_signature(signature)[1] <= ORDER // 2
    except (InvalidSignature, ValueError):
        return False
