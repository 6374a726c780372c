"""Certificates of every kind, made here and not by the code under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from govern.signing.identity import Identity

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Party:
    """A certificate with its key and issuers."""

    certificate: x509.Certificate
    key: Any
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def whole(self) -> tuple[x509.Certificate, ...]:
        return (self.certificate, *self.chain)

    @property
    def identity(self) -> Identity:
        (name,) = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Identity(name=str(name.value), key=self.key, certificate=self.certificate, chain=self.chain)


def party(
    name: str,
    issuer: Party | None = None,
    *,
    ca: bool = False,
    key: Any = None,
    start: datetime = NOW - DAY,
    end: datetime = NOW + 365 * DAY,
    path_length: int | None = None,
    organisation: str = "",
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    serial: int | None = None,
) -> Party:
    """Issue a certificate: of a root where there is no issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    units = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation:
        units.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    subject = x509.Name(units)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    above = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Party(builder.sign(above, hashes.SHA256()), key, issuer.whole if issuer else ())


def root(name: str = "Example Hospital", **how: Any) -> Party:
    return party(name, ca=True, **how)


def rsa_key() -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
