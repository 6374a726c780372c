"""Private keys on disk: one folder for each identity, written whole or not at all, closed to others.

``KEYS/<identity>/`` holds ``certificate.pem`` (the person's certificate, then its issuers) and either
``key.pem`` (PKCS #8, mode 0600) or, where the key is on a hardware token, ``token.json``. A key whose
certificate is still to come has ``request.pem`` in the place of the certificate.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import SigningError
from govern.signing.certificate import read_chain
from govern.signing.passphrase import Ask

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

KEY_FILE = "key.pem"
CERTIFICATE_FILE = "certificate.pem"
REQUEST_FILE = "request.pem"
TOKEN_FILE = "token.json"
#: Rounds of PBKDF2 with HMAC-SHA-256 (OWASP, 2023); libraries write 2,048 or 20,000 by default.
_ROUNDS = 600_000
_IDENTITY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_identity(identity: str, *, taken: str) -> None:
    """Refuse what is no name for an identity; ``taken`` is the one that is the root's.

    Raises:
        SigningError: it is none.
    """
    if not _IDENTITY.fullmatch(identity) or identity.startswith(taken):
        raise SigningError(
            f"{identity!r} is no name for an identity",
            hint=f"use lower-case letters, digits, - and _; `{taken}` is taken",
        )


def guard(folder: Path) -> None:
    """Refuse a folder in which anyone may change files, or a symbolic link in its place; absent is well.

    Raises:
        SigningError: it is one.
    """
    if folder.is_symlink():
        raise SigningError(f"{folder}: a symbolic link, where keys must lie themselves", hint="move the folder here")
    if os.name == "posix" and folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
        raise SigningError(f"{folder}: everyone may write to this folder", hint=f"chmod o-w {folder}")


def read(path: Path) -> bytes:
    """Return the bytes of a file of an identity, whose folder must be closed to changes by others.

    Raises:
        FileNotFoundError: it is absent.
        SigningError: it is a link, cannot be read, or its folder is open.
    """
    guard(path.parent.parent)
    guard(path.parent)
    try:
        if path.is_symlink():
            raise SigningError(f"{path}: a symbolic link, where a file was expected", hint="put the file itself there")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as e:
        raise SigningError(f"{path}: cannot be read: {e.strerror}", hint="make it readable for you") from None


def private_key(path: Path, ask: Ask) -> EllipticCurvePrivateKey:
    """Return the key in a file, asking for its passphrase where it is encrypted.

    Raises:
        FileNotFoundError: it is absent.
        SigningError: others can read it, it is no ECDSA P-256 key, or the passphrase does not open it.
    """
    data = read(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise SigningError(f"{path}: others than you can read this key", hint=f"chmod 600 {path}")
    return opened(data, ask, what=path)


def certificates(folder: Path) -> tuple[Certificate, ...]:
    """Return the certificate of an identity and its issuers.

    Raises:
        FileNotFoundError: there is none.
        SigningError: the file holds something else.
    """
    path = folder / CERTIFICATE_FILE
    try:
        return read_chain(read(path))
    except SigningError as e:
        where = "" if str(path) in e.message else f"{path}: "
        raise SigningError(where + e.message, hint=e.hint or "restore it, or make a new identity") from None


def opened(data: bytes, ask: Ask, *, what: Path) -> EllipticCurvePrivateKey:
    """Return the key in PEM bytes; ``what`` is named in complaints.

    Raises:
        SigningError: as :func:`private_key`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    locked = encrypted(data)
    try:
        key = load_pem_private_key(data, ask(f"passphrase of {what.parent.name!r}").encode() if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise SigningError(f"{what}: the passphrase does not open the key", hint="give the right one") from None
        raise SigningError(f"{what}: not a PEM private key", hint="restore it, or make a new identity") from None
    return p256(key, what)


def p256(key: object, what: Path) -> EllipticCurvePrivateKey:
    """Return the key if it is ECDSA P-256.

    Raises:
        SigningError: it is another.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"{what}: an ECDSA P-256 key was expected", hint="make a new identity")
    return key


def encrypted(data: bytes) -> bool:
    """Return whether PEM bytes hold an encrypted key."""
    return b"ENCRYPTED" in data


def sealed(key: EllipticCurvePrivateKey, passphrase: str) -> bytes:
    """Return a key as PKCS #8 in PEM, encrypted (PBES2: PBKDF2, AES-256-CBC) unless the passphrase is empty."""
    from cryptography.hazmat.primitives import hashes, padding, serialization
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    plain = serialization.NoEncryption()
    if not passphrase:
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    from asn1crypto import pem  # type: ignore[import-untyped,unused-ignore]
    from asn1crypto.algos import Pbkdf2Salt  # type: ignore[import-untyped,unused-ignore]
    from asn1crypto.keys import EncryptedPrivateKeyInfo  # type: ignore[import-untyped,unused-ignore]

    salt, start = os.urandom(16), os.urandom(16)
    derived = PBKDF2HMAC(hashes.SHA256(), 32, salt, _ROUNDS).derive(passphrase.encode())
    padder = padding.PKCS7(128).padder()
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
    cipher = Cipher(algorithms.AES(derived), modes.CBC(start)).encryptor()
    parameters = {
        "key_derivation_func": {
            "algorithm": "pbkdf2",
            "parameters": {
                "salt": Pbkdf2Salt(name="specified", value=salt),
                "iteration_count": _ROUNDS,
                "prf": {"algorithm": "sha256"},
            },
        },
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": start},
    }
    info = EncryptedPrivateKeyInfo(
        {
            "encryption_algorithm": {"algorithm": "pbes2", "parameters": parameters},
            "encrypted_data": cipher.update(padder.update(der) + padder.finalize()) + cipher.finalize(),
        }
    )
    return bytes(pem.armor("ENCRYPTED PRIVATE KEY", info.dump()))


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write an identity's files into a hidden sibling and rename it: the rename fails where one exists already.

    Raises:
        OSError: the folder cannot be made, or is there.
        SigningError: everyone may write where it would lie.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    guard(folder.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    try:
        for name, data in files.items():
            mode = 0o644 if name in (CERTIFICATE_FILE, REQUEST_FILE) else 0o600
            descriptor = os.open(temporary / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        temporary.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Let a rename in a folder outlive a power cut."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_taken(keys: Path, identity: str) -> None:
    """Refuse a name that an identity has.

    Raises:
        SigningError: it has.
    """
    if taken(keys, identity):
        raise SigningError(
            f"{keys / identity}: this identity exists; its key is never overwritten", hint="choose another name"
        )


def taken(keys: Path, identity: str) -> bool:
    """Return whether there is an identity of that name, usable or not."""
    return (keys / identity).exists() or (keys / identity).is_symlink()
