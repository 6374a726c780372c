"""Whom to believe: roots, what they revoked, and who may sign in which role at which time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
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
    #: The roots of trusted time-stamp authorities; they certify no signers.
    authorities: tuple[Certificate, ...] = ()

    @classmethod
    def of(cls, *folders: Path) -> Trust:
        """Return the trust in the roots that lie in folders, with the ``trust.yaml`` there; an absent one adds nothing.

        Raises:
            SigningError: a file cannot be read, is something else, or was not signed by one of the roots.
        """
        from govern.signing import timestamp
        from govern.signing.roots import trusted_roots

        found = {fingerprint(r): r for folder in folders for r in trusted_roots(folder)}
        times = {fingerprint(r): r for folder in folders for r in timestamp.roots(folder)}
        trust = cls(roots=tuple(found.values()), authorities=tuple(times.values()))
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
        same = [r for r in self.rights if r.root == found.root]
        if any(r.serial == found.serial and r != found for r in same):
            raise SigningError(
                f"two different files {RIGHTS} of one root have the serial {found.serial}",
                hint="the root's key is used in two places: find out which file is right",
            )
        newest = max((found, *same), key=lambda r: r.serial)
        others = (r for r in self.rights if r.root != found.root)
        return replace(self, rights=(*others, newest), revoked=lists)

    def step(
        self,
        name: str,
        chain: Sequence[Certificate],
        *,
        moment: datetime,
        clock: str,
        roles: Iterable[Signatory] | None = None,
        authority: bool = False,
    ) -> Step:
        """Return the step that says whether ``chain[0]`` leads to a trusted root and could sign at ``moment``.

        Args:
            name: the step's name.
            chain: the signer's certificate and its issuers.
            moment: when it was signed.
            clock: whose word ``moment`` is, for the reader.
            roles: the roles of which the signer must hold one. Where it is ``None`` any certificate will do, judged
                as it was known at ``moment``: an entry stays in the log though its signer's key turns out later to
                have been stolen before. What rests on the entry asks for a role, and then it counts no longer.
            authority: whether a trusted root may be the signer itself, as it is of the log's entries on keys;
                it holds no role.
        """
        wanted = None if roles is None else tuple(roles)
        expected = (
            f"a certificate under one of {len(self.roots)} trusted roots"
            f"{'' if wanted is None else f', with the role {_either(wanted)}'}, "
            f"valid at {moment:%Y-%m-%d %H:%M:%S} UTC ({clock})"
        )
        try:
            if authority and wanted is None and len(chain) == 1 and chain[0] in self.roots:
                found = _as_root(chain[0], moment)
            else:
                path = _path(chain, self.roots, moment)
                self._not_revoked(path, moment, as_known_then=wanted is None)
                found = f"{_who(chain[0])} under {common_name(path[-1])!r}"
                if wanted is not None:
                    found += f", {self._role(chain[0], path[-1], wanted, moment)}"
        except SigningError as e:
            return Step(name=name, ok=False, expected=expected, found=e.message)
        return Step(name=name, ok=True, expected=expected, found=found)

    def _not_revoked(self, path: Sequence[Certificate], moment: datetime, *, as_known_then: bool) -> None:
        from govern.signing.revocation import fault

        for certificate, issuer in pairwise(path):
            for revoked in self.revoked:
                if why := fault(certificate, issuer, revoked, moment, as_known_then=as_known_then):
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


def _who(signer: Certificate) -> str:
    return f"{common_name(signer)!r}{' (DEVELOPMENT KEY)' if is_development(signer) else ''}"


def _path(chain: Sequence[Certificate], roots: Sequence[Certificate], moment: datetime) -> Sequence[Certificate]:
    """Return the certificates from the signer's to a trusted root."""
    from cryptography.x509 import verification as v

    signer, found_root = chain[0], f"{common_name(chain[-1])!r} with SHA-256 {fingerprint(chain[-1])}"
    who = _who(signer)
    if not roots:
        raise SigningError(
            f"no trusted root is at hand; {who} is certified by the root {found_root}: "
            "compare it with its owner, then pass `--trust ROOT.pem`"
        )
    _not_ahead(who, moment)
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
    if any(is_development(c) for c in path) and not is_development(signer):
        raise SigningError(f"{who} is under a development root, and is not marked as a development key")
    return path


def _as_root(root: Certificate, moment: datetime) -> str:
    who = f"the root {_who(root)} itself"
    _not_ahead(who, moment)
    if not root.not_valid_before_utc <= moment <= root.not_valid_after_utc:
        raise SigningError(f"{who} was not valid then")
    return who


def _not_ahead(who: str, moment: datetime) -> None:
    if moment > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise SigningError(f"{who} signed in the future, or the clock here is behind")


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
