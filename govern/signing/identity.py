"""Who signs: an ECDSA P-256 key with a certificate that an organisation's root issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing import keystore, signature
from govern.signing.certificate import common_name, fingerprint, is_development, pem, printable
from govern.signing.keystore import CERTIFICATE_FILE, KEY_FILE, REQUEST_FILE, TOKEN_FILE
from govern.signing.passphrase import PASSPHRASE, Ask, from_environment
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

    from govern.signing.authority import Journal

__all__ = ["PASSPHRASE", "ROOT", "Identity", "create_development", "exists", "load"]

ROOT = "root"
ROOT_NAME = "govern development root"
LEAF_VALID = timedelta(days=365)
_ROOT_VALID = timedelta(days=5 * 365)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person who can sign. ``chain`` holds the issuers of ``certificate``, nearest first, the root last."""

    name: str
    key: EllipticCurvePrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...]

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature (DER, low form) of the SHA-256 of ``data``.

        Raises:
            SigningError: the key is on a token that does not answer.
        """
        return signature.sign(self.key, data)

    @property
    def development(self) -> bool:
        """Whether the certificate says that its key is for development only."""
        return is_development(self.certificate)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the certificate's DER bytes."""
        return fingerprint(self.certificate)

    @property
    def pem(self) -> bytes:
        """The certificate and its issuers as PEM, in chain order."""
        return pem((self.certificate, *self.chain))


def create_development(
    keys: Path,
    trust: Path,
    *,
    identity: str,
    name: str,
    roles: Sequence[Signatory] = (Signatory.AUTHOR,),
    journal: Journal | None = None,
) -> Identity:
    """Make a development identity, with a development root where ``keys`` has none yet, and its right to sign.

    The right is given before the key is written: killed between, there is a right for a key that nobody has.

    Args:
        keys: folder of private keys.
        trust: folder that receives the root's certificate and its ``trust.yaml``.
        identity: short name on disk, such as ``author``.
        name: the person's name as it is to be printed, at most 64 characters.
        roles: in which the person may sign.
        journal: where the changes are entered.

    Keys are encrypted when the environment variable ``GOVERN_PASSPHRASE`` is set.

    Raises:
        SigningError: the identity exists (a key is never overwritten), a name is not usable, the root at
            hand is no development root, or the folders cannot be written.
    """
    import os

    from cryptography.hazmat.primitives.asymmetric import ec

    from govern.signing.authority import Authority, Nowhere, establish
    from govern.signing.issue import issue

    keystore.check_identity(identity, taken=ROOT)
    printable(name)
    keystore.refuse_taken(keys, identity)
    passphrase = os.environ.get(PASSPHRASE, "")
    if not exists(keys, ROOT):
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        valid = (now, now + _ROOT_VALID)
        made = issue(ROOT_NAME, key.public_key(), issuer=None, issuer_key=key, valid=valid, development=True)
        root = Identity(name=ROOT_NAME, key=key, certificate=made, chain=())
        establish(keys, trust, root, passphrase=passphrase, journal=journal)
    root = load(keys, ROOT)
    if not root.development:
        raise SigningError(
            f"{keys / ROOT} is the root of {root.name!r}, no development root", hint="leave out --development"
        )
    key = ec.generate_private_key(ec.SECP256R1())
    kept = {KEY_FILE: keystore.sealed(key, passphrase)}
    Authority(root=root, trust=trust, journal=journal or Nowhere()).create(keys, identity, name, key, roles, files=kept)
    return load(keys, identity)


def load(keys: Path, identity: str, *, ask: Ask = from_environment) -> Identity:
    """Return an identity from disk or token, ready to sign.

    Args:
        keys: folder of private keys.
        identity: its short name.
        ask: gives the passphrase or PIN where one is needed; that in ``GOVERN_PASSPHRASE`` by default. What
            must be asked at every signing (21 CFR 11.200(a)) passes its own.

    Raises:
        SigningError: it is absent, unreadable or readable by others, its passphrase is missing or wrong, it is not
            ECDSA P-256, its key does not fit its certificate, the certificate is not valid now, or its token
            does not answer.
    """
    from govern.signing import token

    folder = keys / identity
    try:
        certificate, *chain = keystore.certificates(folder)
        if (folder / TOKEN_FILE).exists():
            place = token.read(keystore.read(folder / TOKEN_FILE), what=folder / TOKEN_FILE)
            key = token.open_key(place, ask)
        else:
            key = keystore.private_key(folder / KEY_FILE, ask)
    except FileNotFoundError:
        if (folder / REQUEST_FILE).exists():
            raise SigningError(
                f"the certificate of {identity!r} is still to come",
                hint=f"have the root's holder run `govern keys trust` on {folder / REQUEST_FILE}, "
                "then bring it in with `govern keys import`",
            ) from None
        raise SigningError(
            f"no signing key {identity!r} in {keys}",
            hint="run `govern init` to make a development key, or `govern keys create`",
        ) from None
    if key.public_key() != certificate.public_key():
        raise SigningError(
            f"{folder}: the key does not belong to the certificate", hint="restore both files from one backup"
        )
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SigningError(
            f"{folder / CERTIFICATE_FILE}: valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d}, and today is {now:%Y-%m-%d}",
            hint="make a new identity, or set the clock right",
        )
    return Identity(name=common_name(certificate), key=key, certificate=certificate, chain=tuple(chain))


def exists(keys: Path, identity: str) -> bool:
    """Return whether there is an identity of that name, usable or not."""
    return keystore.taken(keys, identity)
