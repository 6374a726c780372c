"""What the holder of a root does: issue certificates, give rights, take them back.

Each change takes the lock of the trust folder and starts from the ``trust.yaml`` that the journal (a project's
log) names last: an older one that was put back gives nobody anything again. The new one is laid ready, the
change entered, and then put in place by one rename. Killed after the entry, the next change finishes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from govern.canonical import sha256
from govern.errors import SigningError
from govern.files import replace
from govern.signing import keystore, revocation, rights
from govern.signing.certificate import common_name, fingerprint, is_development, pem, printable
from govern.signing.identity import LEAF_VALID, ROOT, Identity
from govern.signing.issue import issue
from govern.signing.lock import locked, writing
from govern.signing.revocation import Reason
from govern.signing.rights import Rights
from govern.signing.roots import keep
from govern.signing.trust import CLOCK_TOLERANCE, RIGHTS, Trust, files
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.x509 import Certificate

#: Where the certificates of everyone who was given a right are kept, in the trust folder.
CERTIFICATES = "certificates"
#: A ``trust.yaml`` that is about to be entered in the log and put in place.
_STAGED = f".{RIGHTS}.next"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of who may sign, as an entry of the log (kind ``key``) has it."""

    #: ``create``, ``import``, ``trust`` or ``revoke``.
    action: str
    certificate: str
    holder: str
    roles: tuple[str, ...]
    reason: str | None
    #: SHA-256, root and serial of the ``trust.yaml`` that the change leaves; ``None`` where there is none.
    trust_sha256: str | None
    trust_root: str | None
    trust_serial: int | None

    @classmethod
    def of(
        cls,
        action: str,
        certificate: Certificate,
        left: tuple[Rights, bytes] | None,
        *,
        roles: Sequence[Signatory] = (),
        reason: str | None = None,
    ) -> Change:
        """Return a change to a certificate that leaves these rights, in these bytes."""
        return cls(
            action=action,
            certificate=fingerprint(certificate),
            holder=common_name(certificate),
            roles=tuple(r.value for r in dict.fromkeys(roles)),
            reason=reason,
            trust_sha256=None if left is None else sha256(left[1]),
            trust_root=None if left is None else left[0].root,
            trust_serial=None if left is None else left[0].serial,
        )


class Journal(Protocol):
    """Where changes are entered; a project's is its log."""

    def enter(self, change: Change, signer: Identity) -> None:
        """Enter a change that is about to be made, signed by who makes it."""

    def newest(self) -> Change | None:
        """Return the change that was entered last; ``None`` where there was none."""


class Nowhere:
    """The journal where there is no project: nothing is entered."""

    def enter(self, change: Change, signer: Identity) -> None:
        """Enter nothing."""

    def newest(self) -> Change | None:
        """Know of none."""
        return None


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A root that can sign, the folder in which it does, and where its changes are entered."""

    root: Identity
    trust: Path
    journal: Journal = field(default_factory=Nowhere)

    def create(
        self,
        keys: Path,
        identity: str,
        name: str,
        key: EllipticCurvePrivateKey,
        roles: Sequence[Signatory],
        *,
        files: Mapping[str, bytes],
        valid: timedelta = LEAF_VALID,
    ) -> None:
        """Certify a key that was just made, and keep it as an identity in ``files`` and its certificate.

        Raises:
            SigningError: the identity exists, or as :meth:`certify`.
        """
        with locked(self.trust), writing(keys):
            keystore.refuse_taken(keys, identity)
            chain = self._certify(name, key.public_key(), roles, valid=valid, until=None, action="create")
            keystore.write(keys / identity, {**files, keystore.CERTIFICATE_FILE: pem(chain)})

    def certify(
        self,
        name: str,
        public: EllipticCurvePublicKey,
        roles: Sequence[Signatory],
        *,
        valid: timedelta = LEAF_VALID,
        until: datetime | None = None,
    ) -> tuple[Certificate, ...]:
        """Issue a certificate and give its holder roles; return the chain.

        Raises:
            SigningError: no role, a name that cannot be printed, a clock that is behind, or the folder cannot
                be written.
        """
        with locked(self.trust):
            return self._certify(name, public, roles, valid=valid, until=until, action="trust")

    def grant(
        self, chain: Sequence[Certificate], roles: Sequence[Signatory], *, until: datetime | None = None
    ) -> Rights:
        """Give further roles to the holder of a certificate that this root, or one under it, has issued.

        Raises:
            SigningError: the certificate does not lead to this root, is revoked or not valid now; or as
                :meth:`certify`.
        """
        with locked(self.trust):
            return self._grant(chain, roles, until=until, action="trust")

    def revoke(self, certificate: Certificate, *, reason: Reason, since: datetime | None = None) -> Rights:
        """Put a certificate on the root's list and end its rights, now or since an earlier time.

        Raises:
            SigningError: this root did not issue it, it is revoked already, ``since`` lies ahead, or as
                :meth:`certify`.
        """
        with locked(self.trust):
            now = datetime.now(UTC)
            if since is not None and since > now + CLOCK_TOLERANCE:
                raise SigningError(f"--since {since:%Y-%m-%d} lies ahead", hint="a revocation counts from now on")
            held = self._held(now)
            before = self._list(held)
            made = revocation.issue(self.root, certificate, before=before, reason=reason, now=now, invalid_since=since)
            data = revocation.pem(made)
            ended = held.ended(fingerprint(certificate), now=min(now, since or now), revoked=sha256(data))
            self._publish(ended, "revoke", certificate, (), reason=reason.value, lists={_list_name(data): data})
            return ended

    def _certify(
        self,
        name: str,
        public: EllipticCurvePublicKey,
        roles: Sequence[Signatory],
        *,
        valid: timedelta,
        until: datetime | None,
        action: str,
    ) -> tuple[Certificate, ...]:
        now, issuer = datetime.now(UTC), self.root.certificate
        made = issue(
            printable(name),
            public,
            issuer=issuer,
            issuer_key=self.root.key,
            valid=(now, min(now + valid, issuer.not_valid_after_utc)),
            development=self.root.development,
        )
        chain = (made, issuer)
        self._grant(chain, roles, until=until, action=action)
        return chain

    def _grant(
        self, chain: Sequence[Certificate], roles: Sequence[Signatory], *, until: datetime | None, action: str
    ) -> Rights:
        if not roles:
            raise SigningError("no role was given", hint=f"one of: {', '.join(r.value for r in Signatory)}")
        now, certificate = datetime.now(UTC), chain[0]
        printable(common_name(certificate))
        if until is not None and until <= now:
            raise SigningError(f"--until {until:%Y-%m-%d} is past", hint="a right ends in the future")
        held = self._held(now)
        revoked = self._list(held)
        believed = Trust(roots=(self.root.certificate,), revoked=() if revoked is None else (revoked,))
        step = believed.step("", chain, moment=now, clock="now")
        if not step.ok:
            raise SigningError(f"no right can be given: {step.found}", hint="certify its holder's key anew")
        given = held.granted(certificate, roles, now=now, until=until)
        self._publish(given, action, certificate, roles, chain=chain)
        return given

    def _held(self, now: datetime) -> Rights:
        """Return the rights so far, unless they say that this machine's clock is behind."""
        settle(self.trust, self.journal)
        held = rights.of_root(self.trust, self.root.certificate)
        latest = max((r.from_ for r in held.signers), default=now)
        if latest > now + CLOCK_TOLERANCE:
            raise SigningError(
                f"the clock says {now:%Y-%m-%d %H:%M} UTC, and the newest right is of {latest:%Y-%m-%d %H:%M} UTC",
                hint="set the clock right",
            )
        return held

    def _list(self, held: Rights) -> Any:
        if held.revoked is None:
            return None
        data = next(d for d in files(self.trust).values() if sha256(d) == held.revoked)
        return revocation.read(data, (self.root.certificate,))

    def _publish(
        self,
        new: Rights,
        action: str,
        certificate: Certificate,
        roles: Sequence[Signatory],
        *,
        reason: str | None = None,
        lists: Mapping[str, bytes] | None = None,
        chain: Sequence[Certificate] = (),
    ) -> None:
        data = rights.signed(new, self.root)
        change = Change.of(action, certificate, (new, data), roles=roles, reason=reason)
        with writing(self.trust):
            keep(self.trust, self.root.certificate)
            if chain:
                keep_certificate(self.trust, chain)
            for name, content in (lists or {}).items():
                replace(self.trust / name, content)
            put(self.trust, data, change, self.root, self.journal)


def establish(keys: Path, trust: Path, root: Identity, *, passphrase: str, journal: Journal | None = None) -> None:
    """Keep a new root, and sign with it a ``trust.yaml`` that names nobody yet.

    A development root that is there is moved aside, to ``KEYS/root-development``: what it certified stays valid,
    and marked.

    Raises:
        SigningError: a root that is no development root is there, or rights that another has given.
    """
    with locked(trust), writing(keys):
        folder = keys / ROOT
        aside = keys / f"{ROOT}-development"
        if keystore.taken(keys, ROOT):
            found = keystore.certificates(folder)
            if not is_development(found[0]) or root.development or keystore.taken(keys, aside.name):
                raise SigningError(
                    f"{folder}: the root {common_name(found[0])!r} is there; its key is never overwritten",
                    hint="a project has one root",
                )
        replaceable(trust, by=root.certificate)
        new = rights.none_yet(root.certificate)
        data = rights.signed(new, root)
        keep(trust, root.certificate)
        put(trust, data, Change.of("create", root.certificate, (new, data)), root, journal or Nowhere())
        if keystore.taken(keys, ROOT):
            folder.rename(aside)
        content = {keystore.KEY_FILE: keystore.sealed(root.key, passphrase), keystore.CERTIFICATE_FILE: root.pem}
        keystore.write(folder, content)


def settle(trust: Path, journal: Journal) -> None:
    """Finish a change that was entered and then interrupted, so that the next starts from what was entered last.

    Raises:
        SigningError: ``trust.yaml`` is another: an older one was put back, or one came by another way.
    """
    last = journal.newest()
    if last is None or last.trust_sha256 is None:
        return
    present, staged = files(trust).get(RIGHTS), trust / _STAGED
    if present is not None and sha256(present) == last.trust_sha256:
        return
    if staged.is_file() and sha256(staged.read_bytes()) == last.trust_sha256:
        staged.replace(trust / RIGHTS)
        return
    raise SigningError(
        f"{trust / RIGHTS} is not the one with the SHA-256 {last.trust_sha256[:16]} that the log names last",
        hint="restore that one; or, if a newer one came from the root's holder, run `govern keys import` on its folder",
    )


def put(trust: Path, data: bytes, change: Change, signer: Identity, journal: Journal) -> None:
    """Enter a change and give ``trust.yaml`` its new content, which lies ready beside it before the entry is made.

    Raises:
        InputError, ServiceError: either cannot be written.
    """
    staged = trust / _STAGED
    replace(staged, data)
    journal.enter(change, signer)
    staged.replace(trust / RIGHTS)


def keep_certificate(trust: Path, chain: Sequence[Certificate]) -> None:
    """Keep a person's certificate and its issuers beside the rights, named by its fingerprint."""
    folder = trust / CERTIFICATES
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / f"{fingerprint(chain[0])[:16]}.pem", pem(chain))


def replaceable(trust: Path, *, by: Certificate) -> None:
    """Refuse to take the place of rights that another root, and no development root, has given.

    Raises:
        SigningError: there are some.
    """
    if RIGHTS not in files(trust):
        return
    found = Trust.of(trust)
    for held in found.rights:
        root = next(r for r in found.roots if fingerprint(r) == held.root)
        if held.signers and root != by and not is_development(root):
            raise SigningError(
                f"{trust / RIGHTS} holds rights that the root {common_name(root)!r} has given",
                hint="a project has one root: use that one's key",
            )


def _list_name(data: bytes) -> str:
    return f"revoked-{sha256(data)[:16]}.crl"
