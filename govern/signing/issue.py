"""Certificates and requests for them (RFC 5280, RFC 2986) as govern makes them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing.certificate import DEVELOPMENT_MARK, common_name, printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.x509 import Certificate, Name


def issue(
    name: str,
    public: EllipticCurvePublicKey,
    *,
    issuer: Certificate | None,
    issuer_key: EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
    development: bool = False,
) -> Certificate:
    """Issue a certificate: a root where there is no ``issuer``, a person's otherwise.

    Args:
        name: the common name, as it is to be printed.
        public: the key that is certified.
        issuer: the root's certificate.
        issuer_key: its key; for a root the one that is certified.
        valid: from when until when.
        development: mark it as of a development key. What a development root issues must be marked.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    subject = _subject(name, None if issuer is None else common_name(issuer), development=development)
    root = issuer is None
    usage = x509.KeyUsage(
        digital_signature=True,  # a root's are trust.yaml, and its entries in the log
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


def request(name: str, key: EllipticCurvePrivateKey) -> bytes:
    """Return a request (PKCS #10, PEM) for a certificate of ``key`` in a person's name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name, None, development=False))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def read_request(data: bytes) -> tuple[str, EllipticCurvePublicKey]:
    """Return name and key in a request, which the key must have signed: who asks holds it.

    Nothing else of it is taken over: what a certificate allows is the issuer's to say.

    Raises:
        SigningError: it is no request, for another kind of key, without one printable name, or not signed by its key.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    try:
        asked = x509.load_pem_x509_csr(data)
        names = asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = asked.public_key()
        signed = asked.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as e:
        raise SigningError(f"not a certificate request: {e}", hint="make one with `keys create --request`") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError("the request is for another kind of key than ECDSA P-256", hint="ask for one of that kind")
    if not signed:
        raise SigningError("the request was not signed by the key it is for", hint="ask its sender for another")
    if len(names) != 1:
        raise SigningError(f"the request has {len(names)} common names, and one was expected")
    return printable(str(names[0].value)), key


def _subject(name: str, organisation: str | None, *, development: bool) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if development:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DEVELOPMENT_MARK))
    elif organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)
