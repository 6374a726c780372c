"""What the root's holder is asked for: certificates for requests, further roles, a revocation; and roots to trust."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import PolicyError, SigningError
from govern.keys.make import PERSON_DAYS
from govern.keys.place import Place, read
from govern.signing.authority import Change
from govern.signing.certificate import common_name, fingerprint, is_root
from govern.signing.issue import read_request
from govern.signing.lock import locked, writing
from govern.signing.passphrase import Ask
from govern.signing.revocation import Reason
from govern.signing.roots import keep
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_REQUEST = b"-----BEGIN CERTIFICATE REQUEST-----"


def give(
    place: Place,
    what: str,
    roles: Sequence[Signatory],
    *,
    root: Ask,
    until: datetime | None = None,
    days: int = PERSON_DAYS,
) -> tuple[Certificate, ...]:
    """Certify a request, or give further roles to the holder of a certificate; return the certificate's chain.

    Args:
        place: where.
        what: the file of a request or certificate, an identity, or the first digits of a certificate's SHA-256.
        roles: what its holder may sign as.
        root: gives the passphrase of the root.
        until: when the right ends, if before the certificate does.
        days: how long a new certificate is valid.

    Raises:
        SigningError: it is none of these, it does not lead to the root at hand, or as ``Authority.certify``.
        InputError, ServiceError: the log cannot be written.
    """
    if is_request(what):
        called, key = read_request(read(Path(what)))
        return place.authority(root).certify(called, key, roles, valid=timedelta(days=days), until=until)
    chain = place.chain(what)
    place.authority(root).grant(chain, roles, until=until)
    return chain


def is_request(what: str) -> bool:
    """Return whether it is the file of a request."""
    return Path(what).is_file() and read(Path(what)).startswith(_REQUEST)


def root_in(path: Path) -> Certificate | None:
    """Return the root certificate that is all that a file holds, if it does."""
    from cryptography import x509

    try:
        (found,) = x509.load_pem_x509_certificates(read(path))
    except (ValueError, SigningError):
        return None
    return found if is_root(found) else None


def believe(place: Place, root: Certificate, *, compared: str | None, ask: Ask) -> None:
    """Put a root among those trusted here, once its holder has told its fingerprint.

    Raises:
        PolicyError: no fingerprint was given, or fewer than 16 digits of it.
        SigningError: it is another, or the project's identity cannot sign the entry.
        InputError, ServiceError: the log cannot be written.
    """
    own = fingerprint(root)
    if compared is None or len(compared) < 16:
        raise PolicyError(
            f"the root {common_name(root)!r} has the SHA-256 {own}",
            hint="have its holder tell you this number, by telephone or in person, and give it: --fingerprint SHA256",
        )
    if not own.startswith(compared.lower().replace(":", "")):
        raise SigningError(
            f"the root {common_name(root)!r} has the SHA-256 {own}, and {compared} was given",
            hint="this is not its holder's root: do not trust it",
        )
    signer = place.signer(ask)
    with locked(place.trust), writing(place.trust):
        if signer is not None:
            place.enter(Change.of("trust", root, place.left()), signer)
        keep(place.trust, root)


def revoke(place: Place, what: str, *, reason: Reason, root: Ask, since: datetime | None = None) -> Certificate:
    """Put a certificate on the root's list and end its holder's rights, now or since an earlier time.

    Raises:
        SigningError: there is no such certificate, or as ``Authority.revoke``.
        InputError, ServiceError: the log cannot be written.
    """
    chain = place.chain(what)
    if is_root(chain[0]):
        raise SigningError(
            f"{common_name(chain[0])!r} is a root, which no list can revoke",
            hint="take its file out of every trust folder, and tell everyone who trusts it",
        )
    place.authority(root).revoke(chain[0], reason=reason, since=since)
    return chain[0]
