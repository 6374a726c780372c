"""Revoked certificates: the root's X.509 list (RFC 5280, section 5), in PEM."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing.certificate import common_name, public_key

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList

    from govern.signing.identity import Identity

#: A list is made when something is revoked, not every week: it says when it was made and is not stale by age.
_NEXT_UPDATE = timedelta(days=3650)


class Reason(StrEnum):
    """Why a certificate is revoked, in the words of RFC 5280, section 5.3.1 that fit a person and are final."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


def issue(
    root: Identity,
    certificate: Certificate,
    *,
    before: CertificateRevocationList | None,
    reason: Reason,
    now: datetime,
    invalid_since: datetime | None = None,
) -> CertificateRevocationList:
    """Return the list with one more certificate on it, signed by the root that issued it.

    Args:
        root: who signs the list.
        certificate: what is revoked from ``now`` on.
        before: the list so far.
        reason: why.
        now: the time of revocation.
        invalid_since: since when the key may have been in other hands, if earlier (section 5.3.2).

    Raises:
        SigningError: the root did not issue the certificate, or it is on the list already.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    if not issued(certificate, root.certificate):
        raise SigningError(
            f"the certificate of {common_name(certificate)!r} was not issued by {root.name!r}",
            hint="a root revokes what it issued: give the file of the issuer in between, which ends all under it",
        )
    if before is not None and before.get_revoked_certificate_by_serial_number(certificate.serial_number):
        raise SigningError(f"the certificate of {common_name(certificate)!r} is revoked already")
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(certificate.serial_number)
        .revocation_date(now)
        .add_extension(x509.CRLReason(x509.ReasonFlags(reason.value)), critical=False)
    )
    if invalid_since is not None:
        entry = entry.add_extension(x509.InvalidityDate(invalid_since), critical=False)
    number = 1 if before is None else 1 + before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(now)
        .next_update(now + _NEXT_UPDATE)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key(root.certificate)), critical=False)
    )
    for revoked in (*(before or ()), entry.build()):
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(root.key, hashes.SHA256())


def pem(revoked: CertificateRevocationList) -> bytes:
    """Return a list as PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return revoked.public_bytes(Encoding.PEM)


def read(data: bytes, roots: Sequence[Certificate]) -> CertificateRevocationList:
    """Return the list in a PEM file that one of the roots signed.

    Raises:
        SigningError: it is no such list, or no trusted root signed it.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            revoked = x509.load_pem_x509_crl(data)
        plain = pem(revoked) == data
        held = any(made_by(revoked, root) for root in roots)
    except (ValueError, TypeError, UnsupportedAlgorithm, Warning) as e:
        raise SigningError(f"not a list of revoked certificates: {e}") from None
    if not plain:
        raise SigningError("the list of revoked certificates is not in plain PEM form")
    if not held:
        raise SigningError("no trusted root signed the list of revoked certificates", hint="restore it from a copy")
    return revoked


def made_by(revoked: CertificateRevocationList, issuer: Certificate) -> bool:
    """Return whether a list is an issuer's: two issuers may have one name, so its key must have signed it."""
    return revoked.issuer == issuer.subject and revoked.is_signature_valid(public_key(issuer))


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Return whether an issuer signed a certificate."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def fault(
    certificate: Certificate,
    issuer: Certificate,
    revoked: CertificateRevocationList,
    moment: datetime,
    *,
    as_known_then: bool = False,
) -> str:
    """Return why a signature of ``moment`` does not count by a list; empty where it does, or the list is another's.

    A certificate that was given back in good order was good until then; of a stolen key nothing
    counts from the time on at which it may have been stolen (RFC 5280, section 5.3.2), unless it is asked
    what was known then: that is the time of revocation.
    """
    from cryptography import x509

    if not made_by(revoked, issuer):
        return ""
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return ""
    since, reason = entry.revocation_date_utc, "unspecified"
    for extension in entry.extensions:
        if isinstance(extension.value, x509.InvalidityDate) and not as_known_then:
            since = min(since, extension.value.invalidity_date_utc)
        elif isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason.value
    return f"revoked since {since:%Y-%m-%d %H:%M:%S} UTC ({reason})" if moment >= since else ""
