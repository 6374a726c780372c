"""Whether a certificate is to be trusted: a path to a trusted root, valid at the time of signing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing.certificate import common_name, fingerprint, is_development
from govern.types import Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.verification import ExtensionPolicy

#: How far two clocks may differ before a signing time counts as lying in the future.
CLOCK_TOLERANCE = timedelta(minutes=5)


def trust_step(
    name: str, chain: Sequence[Certificate], roots: Sequence[Certificate], *, moment: datetime, clock: str
) -> Step:
    """Return the step that says whether ``chain[0]`` leads to a trusted root and was valid at ``moment``.

    Args:
        name: the step's name.
        chain: the signer's certificate and its issuers.
        roots: the trusted roots; without any, the step fails and names the root that was found.
        moment: when it was signed.
        clock: whose word ``moment`` is, for the reader.
    """
    expected = (
        f"a certificate under one of {len(roots)} trusted roots, valid at {moment:%Y-%m-%d %H:%M:%S} UTC ({clock})"
    )
    try:
        found = _path(chain, roots, moment)
    except SigningError as e:
        return Step(name=name, ok=False, expected=expected, found=e.message)
    return Step(name=name, ok=True, expected=expected, found=found)


def _path(chain: Sequence[Certificate], roots: Sequence[Certificate], moment: datetime) -> str:
    """Return whose certificate leads to which trusted root."""
    from cryptography.x509 import verification as v

    signer, found_root = chain[0], f"{common_name(chain[-1])!r} with SHA-256 {fingerprint(chain[-1])}"
    who = f"{common_name(signer)!r}{' (DEVELOPMENT KEY)' if is_development(signer) else ''}"
    if not roots:
        raise SigningError(
            f"no trusted root is at hand; {who} is certified by the root {found_root}: "
            "compare it with its owner, then pass `--trust ROOT.pem`"
        )
    if moment > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise SigningError(f"{who} signed in the future")
    verifier = (
        v.PolicyBuilder()
        .store(v.Store(list(roots)))
        .time(moment.astimezone(UTC).replace(tzinfo=None))
        .extension_policies(ca_policy=v.ExtensionPolicy.webpki_defaults_ca(), ee_policy=_signer_policy())
        .build_client_verifier()
    )
    try:
        path = verifier.verify(signer, list(chain[1:])).chain
    except (v.VerificationError, ValueError) as e:
        reason = str(e).partition(" (encountered processing")[0]
        raise SigningError(f"{who} is certified by the root {found_root}: {reason}") from None
    if path[: len(chain)] != list(chain):  # else bytes of a root that came along would be free to change
        raise SigningError(f"{who} leads to a trusted root, but over other certificates than those in the file")
    return f"{who} under {common_name(path[-1])!r}"


def _signer_policy() -> ExtensionPolicy:
    """Require of a signer's certificate: no authority over others, and the right to sign documents."""
    from cryptography import x509
    from cryptography.x509 import verification as v

    def no_authority(_: v.Policy, __: x509.Certificate, value: x509.BasicConstraints) -> None:
        if value.ca:
            raise ValueError("a certificate authority's key signed, not a person's")

    def may_sign(_: v.Policy, __: x509.Certificate, value: x509.KeyUsage) -> None:
        if not (value.digital_signature and value.content_commitment):
            raise ValueError("the certificate is not for signing documents")

    return (
        v.ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, v.Criticality.CRITICAL, no_authority)
        .require_present(x509.KeyUsage, v.Criticality.CRITICAL, may_sign)
    )
