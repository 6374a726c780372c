"""Certificates: what they say, how they are read strictly, and how a development one is issued."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from govern.errors import SigningError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.x509 import Certificate

#: Stands as organisational unit in every certificate of a development key.
DEVELOPMENT_MARK = "DEVELOPMENT - not for production"


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
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, Warning) as e:
        raise SigningError(f"not a chain of certificates: {e or 'an issuer did not sign what it issued'}") from None
    if not all(isinstance(k, ec.EllipticCurvePublicKey) and isinstance(k.curve, ec.SECP256R1) for k in keys):
        raise SigningError("a certificate is for another kind of key than ECDSA P-256")
    return chain


def public_key(certificate: Certificate) -> EllipticCurvePublicKey:
    """Return the key of a certificate that :func:`read_chain` accepted."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)  # noqa: S101  read_chain refuses others
    return key


def issue_development(
    name: str,
    public: EllipticCurvePublicKey,
    *,
    issuer: Certificate | None,
    issuer_key: EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
) -> Certificate:
    """Issue a certificate with the development mark: a root where there is no ``issuer``, a person's otherwise."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DEVELOPMENT_MARK),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    root = issuer is None
    usage = x509.KeyUsage(
        digital_signature=not root,
        content_commitment=not root,
        key_cert_sign=root,
        crl_sign=root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=root, path_length=0 if root else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(authority, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
