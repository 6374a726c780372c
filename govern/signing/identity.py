"""Who signs: an ECDSA P-256 key with a certificate that an organisation's root issued.

On disk an identity is one folder, ``KEYS/<identity>/`` with ``key.pem`` (PKCS #8, mode 0600) and
``certificate.pem`` (the person's certificate, then its issuers). The folder appears by one rename,
so it is there whole or not at all. ``KEYS/root/`` holds the development root in the same form.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.files import replace
from govern.signing.certificate import common_name, fingerprint, is_development, issue_development, pem
from govern.signing.roots import keep
from govern.signing.trust import RIGHTS
from govern.types import Signatory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

ROOT = "root"
ROOT_NAME = "govern development root"
#: The environment variable whose text encrypts new keys and opens encrypted ones.
PASSPHRASE = "GOVERN_PASSPHRASE"
KEY_FILE = "key.pem"
CERTIFICATE_FILE = "certificate.pem"
_LEAF_VALID = timedelta(days=365)
_ROOT_VALID = timedelta(days=5 * 365)
_IDENTITY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NAME_LIMIT = 64  # X.520 ub-common-name


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person who can sign. ``chain`` holds the issuers of ``certificate``, nearest first, the root last."""

    name: str
    key: EllipticCurvePrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...]

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature (DER) of the SHA-256 of ``data``."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

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
    keys: Path, trust: Path, *, identity: str, name: str, roles: Sequence[Signatory] = (Signatory.AUTHOR,)
) -> Identity:
    """Make a development identity, with a development root where ``keys`` has none yet, and its right to sign.

    The right is given before the key is written: killed between, there is a right for a key that nobody has.

    Args:
        keys: folder of private keys.
        trust: folder that receives the root's certificate and its ``trust.yaml``.
        identity: short name on disk, such as ``author``.
        name: the person's name as it is to be printed, at most 64 characters.
        roles: in which the person may sign.

    Keys are encrypted when the environment variable ``GOVERN_PASSPHRASE`` is set.

    Raises:
        SigningError: the identity exists (a key is never overwritten), a name is not usable, or the
            folders cannot be written.
    """
    from govern.signing import rights

    if not _IDENTITY.fullmatch(identity) or identity == ROOT:
        raise SigningError(
            f"{identity!r} is no name for an identity", hint="use lower-case letters, digits, - and _; `root` is taken"
        )
    if not name.strip() or len(name) > _NAME_LIMIT or not name.isprintable():
        raise SigningError(
            f"{name!r} cannot be printed as a signer's name", hint=f"give a person's name of 1 to {_NAME_LIMIT} letters"
        )
    if exists(keys, identity):
        raise SigningError(
            f"{keys / identity}: this identity exists; its key is never overwritten", hint="choose another name"
        )
    try:
        keys.mkdir(parents=True, exist_ok=True)
        trust.mkdir(parents=True, exist_ok=True)
        if not (keys / ROOT).exists():
            _write(keys / ROOT, _make(ROOT_NAME, None))
        root = load(keys, ROOT)
        keep(trust, root.certificate)
        made = _make(name, root)
        granted = rights.of_root(trust, root.certificate).granted(made.certificate, roles, now=datetime.now(UTC))
        replace(trust / RIGHTS, rights.signed(granted, root))
        _write(keys / identity, made)
    except OSError as e:
        raise SigningError(f"{e.filename}: cannot be written: {e.strerror}", hint="make the folder writable") from None
    return load(keys, identity)


def load(keys: Path, identity: str) -> Identity:
    """Return an identity from disk, ready to sign.

    Raises:
        SigningError: it is absent, unreadable, needs a passphrase, is not ECDSA P-256, its key does not
            fit its certificate, or the certificate is not valid now.
    """
    from cryptography import x509

    folder = keys / identity
    try:
        key_bytes = (folder / KEY_FILE).read_bytes()
        certificates = x509.load_pem_x509_certificates((folder / CERTIFICATE_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise SigningError(
            f"no signing key {identity!r} in {keys}", hint="run `govern init` to make a development key"
        ) from None
    except OSError as e:
        raise SigningError(f"{e.filename}: cannot be read: {e.strerror}", hint="make it readable for you") from None
    except ValueError:
        raise SigningError(
            f"{folder / CERTIFICATE_FILE}: not a PEM certificate", hint="restore it, or make a new identity"
        ) from None
    key = _private_key(folder / KEY_FILE, key_bytes)
    certificate, *chain = certificates
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
    return (keys / identity).exists()


def _private_key(path: Path, data: bytes) -> EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    encrypted = b"ENCRYPTED" in data.partition(b"\n")[0]
    passphrase = os.environ.get(PASSPHRASE, "")
    if encrypted and not passphrase:
        raise SigningError(f"{path}: the key is encrypted", hint=f"set its passphrase in {PASSPHRASE}")
    try:
        key = load_pem_private_key(data, passphrase.encode() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise SigningError(f"{path}: the passphrase does not open the key", hint=f"check {PASSPHRASE}") from None
        raise SigningError(f"{path}: not a PEM private key", hint="restore it, or make a new identity") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"{path}: an ECDSA P-256 key was expected", hint="make a new identity")
    return key


def _make(name: str, issuer: Identity | None) -> Identity:
    """Make a key and its certificate: a self-signed root where there is no issuer, a person's otherwise."""
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    chain = (issuer.certificate, *issuer.chain) if issuer else ()
    issued_by = issuer.certificate if issuer else None
    issuer_key = issuer.key if issuer else key
    until = min(now + _LEAF_VALID, issued_by.not_valid_after_utc) if issued_by else now + _ROOT_VALID
    certificate = issue_development(name, key.public_key(), issuer=issued_by, issuer_key=issuer_key, valid=(now, until))
    return Identity(name=name, key=key, certificate=certificate, chain=chain)


def _write(folder: Path, identity: Identity) -> None:
    """Write the two files into a hidden sibling, then rename it: the rename fails where one exists already."""
    from cryptography.hazmat.primitives import serialization

    passphrase = os.environ.get(PASSPHRASE, "")
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    key = identity.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    try:
        for name, data, mode in ((KEY_FILE, key, 0o600), (CERTIFICATE_FILE, identity.pem, 0o644)):
            descriptor = os.open(temporary / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
