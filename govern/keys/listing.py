"""Who can sign, in which roles, until when, and where each key lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import SigningError
from govern.keys.place import Place, read
from govern.signing import keystore, token
from govern.signing.certificate import common_name, fingerprint, is_development, is_root
from govern.signing.issue import read_request
from govern.signing.keystore import CERTIFICATE_FILE, KEY_FILE, REQUEST_FILE, TOKEN_FILE
from govern.signing.revocation import fault
from govern.signing.rights import Right
from govern.signing.trust import Trust

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A root, a person with a certificate, or one whose certificate is still to come."""

    name: str
    #: The short name on disk; ``None`` where the key is elsewhere.
    identity: str | None
    #: ``root``, ``person`` or ``request``.
    kind: str
    #: SHA-256 of the certificate; ``None`` for a request.
    certificate: str | None = None
    #: Those in which the holder may sign now.
    roles: tuple[str, ...] = ()
    rights: tuple[dict[str, Any], ...] = ()
    valid_from: str | None = None
    valid_until: str | None = None
    development: bool = False
    #: Since when and why it is revoked.
    revoked: str | None = None
    #: Where the key lies, for the reader.
    key: str = "elsewhere"
    #: Why the holder cannot sign now; empty where they can.
    fault: str = ""


def holders(place: Place) -> list[Holder]:
    """Return everyone who has a key or a right here, roots first.

    Raises:
        SigningError: what lies here does not hold: ``trust.yaml`` was changed, a file is no certificate.
    """
    trust, now = Trust.of(place.trust), datetime.now(UTC)
    found: dict[str, Holder] = {}
    for root in trust.roots:
        found[fingerprint(root)] = _holder(place, None, (root,), trust, now)
    for name, chain in place.chains():
        if fingerprint(chain[0]) not in found or name is not None:
            found[fingerprint(chain[0])] = _holder(place, name, chain, trust, now)
    for right in (r for rights in trust.rights for r in rights.signers if r.certificate not in found):
        own = [r for rights in trust.rights for r in rights.signers if r.certificate == right.certificate]
        found[right.certificate] = Holder(
            name=right.name,
            identity=None,
            kind="person",
            certificate=right.certificate,
            rights=_rights(own),
            fault="its certificate is not kept here",
        )
    waiting = [n for n in place.identities() if (place.keys / n / REQUEST_FILE).exists()]
    requests = [
        Holder(
            name=read_request(read(place.keys / n / REQUEST_FILE))[0],
            identity=n,
            kind="request",
            key=_key(place.keys / n),
            fault="its certificate is still to come",
        )
        for n in waiting
        if not (place.keys / n / CERTIFICATE_FILE).exists()
    ]
    return [*sorted(found.values(), key=lambda h: (h.kind != "root", h.name, h.certificate)), *requests]


def holder(place: Place, what: str) -> Holder:
    """Return one of them, by identity or by the first digits of the certificate's SHA-256.

    Raises:
        SigningError: there is none, or more than one; or as :func:`holders`.
    """
    found = [h for h in holders(place) if what in (h.identity, h.name) or (h.certificate or "").startswith(what)]
    exact = [h for h in found if h.identity == what] or found
    if len(exact) != 1:
        raise SigningError(
            f"{what!r} is {'more than one of those' if exact else 'none of those'} who have keys or rights here",
            hint="see `govern keys list`",
        )
    return exact[0]


def _holder(place: Place, name: str | None, chain: tuple[Certificate, ...], trust: Trust, now: datetime) -> Holder:
    certificate = chain[0]
    own = [r for rights in trust.rights for r in rights.signers if r.certificate == fingerprint(certificate)]
    root = is_root(certificate)
    step = trust.step("", chain, moment=now, clock="now", authority=root)
    revoked = [f for r in trust.revoked for f in (fault(certificate, chain[-1], r, now),) if f]
    return Holder(
        name=common_name(certificate),
        identity=name,
        kind="root" if root else "person",
        certificate=fingerprint(certificate),
        roles=tuple(sorted({role for rights in trust.rights for role in rights.roles_of(certificate, now)})),
        rights=_rights(own),
        valid_from=_utc(certificate.not_valid_before_utc),
        valid_until=_utc(certificate.not_valid_after_utc),
        development=is_development(certificate),
        revoked=revoked[0] if revoked else None,
        key="elsewhere" if name is None else _key(place.keys / name),
        fault="" if step.ok else step.found,
    )


def _rights(own: Iterable[Right]) -> tuple[dict[str, Any], ...]:
    return tuple({"roles": list(r.roles), "from": _utc(r.from_), "until": _utc(r.until)} for r in own)


def _key(folder: Path) -> str:
    """Return where a key lies: nothing is opened."""
    if (folder / TOKEN_FILE).exists():
        place = token.read(keystore.read(folder / TOKEN_FILE), what=folder / TOKEN_FILE)
        return f"token {place.token}, key {place.key}"
    if not (folder / KEY_FILE).exists():
        return "missing"
    how = "encrypted" if keystore.encrypted(keystore.read(folder / KEY_FILE)) else "NOT ENCRYPTED"
    return f"{folder / KEY_FILE}, {how}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
