"""Certificates: what they say, and how they are read strictly."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from govern.errors import SigningError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.x509 import Certificate

#: Stands as organisational unit in every certificate of a development key.
DEVELOPMENT_MARK = "DEVELOPMENT - not for production"
#: What a parser raises; warnings are errors while it reads.
_DAMAGED = (ValueError, TypeError, Warning)
_NAME_LIMIT = 64  # X.520 ub-common-name


def common_name(certificate: Certificate) -> str:
    """Return the certificate's common name; empty where it has none."""
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def is_development(certificate: Certificate) -> bool:
    """Return whether the certificate carries the development mark."""
    from cryptography.x509.oid import NameOID

    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return any(unit.value == DEVELOPMENT_MARK for unit in units)


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 (hex) of a certificate's DER bytes."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex()


def pem(certificates: Iterable[Certificate]) -> bytes:
    """Return certificates as PEM, one after the other."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


def read_chain(data: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM file in chain order, the signer's first.

    Text around or within the PEM blocks is refused, so that no byte of the file is free to change.

    Raises:
        SigningError: it is anything but PEM certificates of ECDSA P-256 keys, each issued by the next.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as a serial number that RFC 5280 does not allow
            chain = tuple(x509.load_pem_x509_certificates(data))
        if b"".join(c.public_bytes(Encoding.PEM) for c in chain) != data:
            raise SigningError("the certificates are not in plain PEM form")
        for certificate, issuer in pairwise(chain):
            certificate.verify_directly_issued_by(issuer)
        if len(chain) > 1:
            chain[-1].verify_directly_issued_by(chain[-1])
        keys = [c.public_key() for c in chain]
        for certificate in chain:
            _parse(certificate)
    except (*_DAMAGED, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as e:
        raise SigningError(f"not a chain of certificates: {e or 'an issuer did not sign what it issued'}") from None
    if not all(isinstance(k, ec.EllipticCurvePublicKey) and isinstance(k.curve, ec.SECP256R1) for k in keys):
        raise SigningError("a certificate is for another kind of key than ECDSA P-256")
    return chain


def _parse(certificate: Certificate) -> None:
    """Read every part that is asked for later: cryptography parses each when it is first wanted.

    Raises:
        ValueError: one is damaged; or another of the errors that :func:`read_chain` names.
    """
    for part in ("subject", "issuer", "extensions", "not_valid_before_utc", "not_valid_after_utc"):
        getattr(certificate, part)


def signer_chain(data: bytes) -> tuple[Certificate, ...]:
    """Return the chain that goes with a signature, as :func:`read_chain`; it must end with its root.

    Each verifier has the root: a chain would lead to it without, and nobody would see that it was cut.

    Raises:
        SigningError: it does not, or as :func:`read_chain`.
    """
    chain = read_chain(data)
    if chain[-1].issuer != chain[-1].subject:
        raise SigningError(f"the chain of {common_name(chain[0])!r} was cut: the certificate of its root is missing")
    return chain


def is_root(certificate: Certificate) -> bool:
    """Return whether a certificate is an authority's that signed itself, with an ECDSA P-256 key."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        certificate.verify_directly_issued_by(certificate)
        key = certificate.public_key()
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return authority and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def printable(name: str) -> str:
    """Return a signer's name if it can be printed beside a signature, and read in one way only.

    Raises:
        SigningError: it is empty, longer than 64 characters (X.520), in a Unicode form other than NFC, begins or
            ends with a space, or has characters that cannot be seen or that turn the direction of writing.
    """
    if not 0 < len(name) <= _NAME_LIMIT or not name.isprintable() or unicodedata.normalize("NFC", name.strip()) != name:
        raise SigningError(
            f"{name!r} cannot be printed as a signer's name", hint=f"give a person's name of 1 to {_NAME_LIMIT} letters"
        )
    return name


def public_key(certificate: Certificate) -> EllipticCurvePublicKey:
    """Return the key of a certificate that :func:`read_chain` accepted."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)  # noqa: S101  read_chain refuses others
    return key
