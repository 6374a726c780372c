"""New keys: an organisation's root, a person's, a request for one that a root elsewhere is to certify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govern.keys.place import Place
from govern.signing import identity, keystore, token
from govern.signing.authority import establish
from govern.signing.certificate import printable
from govern.signing.identity import ROOT, Identity
from govern.signing.issue import issue, request
from govern.signing.keystore import KEY_FILE, REQUEST_FILE, TOKEN_FILE
from govern.signing.lock import writing
from govern.signing.passphrase import Ask, accepted
from govern.signing.roots import trust_personally
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

ROOT_DAYS, PERSON_DAYS = 3650, 365


def create_root(place: Place, name: str, *, new: Ask, days: int = ROOT_DAYS) -> Identity:
    """Make an organisation's root, its key encrypted with a passphrase of at least twelve characters.

    A development root that is there is moved aside; what it certified stays valid, and marked.

    Raises:
        SigningError: there is a root, the name or the passphrase will not do, or a folder cannot be written.
        InputError, ServiceError: the log cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    printable(name)
    passphrase = accepted(new(f"new passphrase of the root {name!r}"))
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    made = issue(name, key.public_key(), issuer=None, issuer_key=key, valid=(now, now + timedelta(days=days)))
    root = Identity(name=name, key=key, certificate=made, chain=())
    establish(place.keys, place.trust, root, passphrase=passphrase, journal=place)
    trust_personally(made)
    return root


def create(
    place: Place,
    name: str,
    *,
    called: str,
    roles: Sequence[Signatory],
    root: Ask,
    person: Ask,
    on: token.Place | None = None,
    days: int = PERSON_DAYS,
) -> Certificate:
    """Make a person's key, certify it with the root at hand, and give its holder roles.

    Args:
        place: where.
        name: the identity's short name.
        called: the person's name as it is to be printed.
        roles: in which they may sign.
        root: gives the passphrase of the root.
        person: gives the new passphrase, or the PIN of the token.
        on: the token on which the key is made, or is already; in a file otherwise.
        days: how long the certificate is valid.

    Raises:
        SigningError: the identity exists, there is no root, a passphrase, PIN or name will not do, the token does
            not answer, or a folder cannot be written.
        InputError, ServiceError: the log cannot be written.
    """
    _free(place, name, called)
    authority = place.authority(root)
    key, files = _key(name, person, on)
    authority.create(place.keys, name, called, key, roles, files=files, valid=timedelta(days=days))
    return keystore.certificates(place.keys / name)[0]


def create_development(place: Place, name: str, *, called: str, roles: Sequence[Signatory]) -> Certificate:
    """Make a marked development key, and a development root where there is none, as ``govern init`` does.

    Raises:
        SigningError, InputError, ServiceError: as :func:`create`.
    """
    _free(place, name, called)
    made = identity.create_development(place.keys, place.trust, identity=name, name=called, roles=roles, journal=place)
    trust_personally(made.chain[-1])
    return made.certificate


def ask_for(place: Place, name: str, *, called: str, person: Ask, on: token.Place | None = None) -> Path:
    """Make a person's key and a request for its certificate (PKCS #10); return where the request lies.

    Nothing is entered in the log: nobody can sign anything with it before the root's holder has certified it.

    Raises:
        SigningError: as :func:`create`.
    """
    _free(place, name, called)
    key, files = _key(name, person, on)
    with writing(place.keys):
        keystore.write(place.keys / name, {**files, REQUEST_FILE: request(called, key)})
    return place.keys / name / REQUEST_FILE


def _free(place: Place, name: str, called: str) -> None:
    keystore.check_identity(name, taken=ROOT)
    printable(called)
    keystore.refuse_taken(place.keys, name)


def _key(name: str, person: Ask, on: token.Place | None) -> tuple[EllipticCurvePrivateKey, dict[str, bytes]]:
    """Return a new key, and the files that hold it or say on which token it is."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if on is not None:
        return token.make_key(on, person), {TOKEN_FILE: on.dump()}
    passphrase = accepted(person(f"new passphrase of {name!r}"))
    key = ec.generate_private_key(ec.SECP256R1())
    return key, {KEY_FILE: keystore.sealed(key, passphrase)}
