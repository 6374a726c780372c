"""Whom to believe: roots, what they revoked, and who may sign in which role at which time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing.certificate import common_name, fingerprint, is_development
from govern.types import Signatory, Step

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList
    from cryptography.x509.verification import ExtensionPolicy

    from govern.signing.rights import Rights

#: How far two clocks may differ before a signing time counts as lying in the future.
CLOCK_TOLERANCE = timedelta(minutes=5)
#: Who may sign in which role (:mod:`govern.signing.rights`).
RIGHTS = "trust.yaml"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Trusted roots, with the lists and rights that they have signed.

    ``rights`` and ``revoked`` are believed since a trusted root signed them, wherever they came from: those of a
    project and those that travel with evidence are put together by :meth:`beside`.
    """

    roots: tuple[Certificate, ...] = ()
    #: The newest rights of each root (``trust.yaml``).
    rights: tuple[Rights, ...] = ()
    revoked: tuple[CertificateRevocationList, ...] = ()

    @classmethod
    def of(cls, *folders: Path) -> Trust:
        """Return the trust in the roots that lie in folders, with the ``trust.yaml`` there; an absent one adds nothing.

        Raises:
            SigningError: a file cannot be read, is something else, or was not signed by one of the roots.
        """
        from govern.signing.roots import trusted_roots

        found = {fingerprint(r): r for folder in folders for r in trusted_roots(folder)}
        trust = cls(roots=tuple(found.values()))
        for folder in folders:
            if (folder / RIGHTS).is_file():
                trust = trust.beside(files(folder))
        return trust

    @classmethod
    def only(cls, path: Path) -> Trust:
        """Return the trust in the roots of one PEM file, or of one folder.

        Raises:
            SigningError: it cannot be read, or holds something else.
        """
        from govern.signing.roots import roots_from

        return cls.of(path) if path.is_dir() else cls(roots=tuple(roots_from(path)))

    def beside(self, files: Mapping[str, bytes]) -> Trust:
        """Return the trust with the rights and the list among ``files``, which a trusted root must have signed.

        Args:
            files: :data:`RIGHTS`, and the list of revoked certificates that it names by digest, by whatever name.

        Raises:
            SigningError: none did, or a file is missing or malformed.
        """
        from govern.canonical import sha256
        from govern.signing import revocation, rights

        if RIGHTS not in files:
            raise SigningError(f"no {RIGHTS}, which says who may sign in which role")
        found = rights.read(files[RIGHTS], self.roots)
        lists = self.revoked
        if found.revoked is not None:
            data = next((d for d in files.values() if sha256(d) == found.revoked), None)
            if data is None:
                raise SigningError(
                    f"the list of revoked certificates {found.revoked[:16]} that {RIGHTS} names is missing",
                    hint="bring both files from one copy",
                )
            lists = (*lists, revocation.read(data, self.roots))
        newest = max((found, *(r for r in self.rights if r.root == found.root)), key=lambda r: r.serial)
        others = (r for r in self.rights if r.root != found.root)
        return Trust(roots=self.roots, rights=(*others, newest), revoked=lists)

    def step(
        self,
        name: str,
        chain: Sequence[Certificate],
        *,
        moment: datetime,
        clock: str,
        roles: Iterable[Signatory] | None = None,
    ) -> Step:
        """Return the step that says whether ``chain[0]`` leads to a trusted root and could sign at ``moment``.

        Args:
            name: the step's name.
            chain: the signer's certificate and its issuers.
            moment: when it was signed.
            clock: whose word ``moment`` is, for the reader.
            roles: the roles of which the signer must hold one; any certificate will do where it is ``None``.
        """
        wanted = None if roles is None else tuple(roles)
        expected = (
            f"a certificate under one of {len(self.roots)} trusted roots"
            f"{'' if wanted is None else f', with the role {_either(wanted)}'}, "
            f"valid at {moment:%Y-%m-%d %H:%M:%S} UTC ({clock})"
        )
        try:
            found, root = _path(chain, self.roots, moment)
            self._not_revoked(chain[0], moment)
            if wanted is not None:
                found += f", {self._role(chain[0], root, wanted, moment)}"
        except SigningError as e:
            return Step(name=name, ok=False, expected=expected, found=e.message)
        return Step(name=name, ok=True, expected=expected, found=found)

    def _not_revoked(self, certificate: Certificate, moment: datetime) -> None:
        from govern.signing.revocation import fault

        for revoked in self.revoked:
            if why := fault(certificate, revoked, moment):
                raise SigningError(f"the certificate of {common_name(certificate)!r} is {why}")

    def _role(self, signer: Certificate, root: Certificate, wanted: Sequence[Signatory], moment: datetime) -> str:
        """Return the first wanted role that the signer holds."""
        rights = next((r for r in self.rights if r.root == fingerprint(root)), None)
        if rights is None:
            raise SigningError(f"no trust.yaml of {common_name(root)!r} says who may sign as {_either(wanted)}")
        held = rights.roles_of(signer, moment)
        role = next((r for r in wanted if r in held), None)
        if role is None:
            has = ", ".join(sorted(held)) or "no role"
            raise SigningError(f"{common_name(signer)!r} holds {has}, and {_either(wanted)} was expected")
        return f"as {role.value}"


def files(folder: Path) -> dict[str, bytes]:
    """Return ``trust.yaml`` of a folder and the lists of revoked certificates there, by name; unchecked.

    Raises:
        SigningError: one cannot be read.
    """
    try:
        return {p.name: p.read_bytes() for p in sorted([folder / RIGHTS, *folder.glob("*.crl")]) if p.is_file()}
    except OSError as e:
        raise SigningError(f"{e.filename}: cannot be read: {e.strerror}", hint="make it readable for you") from None


def _either(roles: Sequence[Signatory]) -> str:
    return " or ".join(r.value for r in roles)


def _path(chain: Sequence[Certificate], roots: Sequence[Certificate], moment: datetime) -> tuple[str, Certificate]:
    """Return whose certificate leads to which trusted root, in words, and that root."""
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
    return f"{who} under {common_name(path[-1])!r}", path[-1]


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
