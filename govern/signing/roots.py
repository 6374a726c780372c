"""Root certificates: those of a project, and those that a person trusts wherever they are."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import InputError, SigningError
from govern.files import replace
from govern.signing.certificate import common_name, fingerprint, is_root, pem
from govern.signing.keystore import guard

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def trusted_roots(trust: Path) -> list[Certificate]:
    """Return the root certificates in all ``*.pem`` files of a folder; none where it is absent.

    Raises:
        SigningError: a file cannot be read, or holds something else, or everyone may write to the folder.
    """
    guard(trust)
    return [root for path in sorted(trust.glob("*.pem")) for root in roots_from(path)]


def personal_trust() -> Path:
    """Return the folder of the roots that this person trusts wherever they are: those they made or put there."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "govern" / "trust"


def trust_personally(root: Certificate) -> None:
    """Add a root that this person has just made to those they trust, where the home folder can be written."""
    folder = personal_trust()
    with contextlib.suppress(OSError, InputError):
        folder.mkdir(parents=True, exist_ok=True)
        keep(folder, root)


def roots_from(path: Path) -> list[Certificate]:
    """Return the root certificates in a PEM file, or in all of a folder.

    Raises:
        SigningError: it cannot be read, or holds something else.
    """
    from cryptography import x509

    if path.is_dir():
        return trusted_roots(path)
    if path.exists() and not path.is_file():
        raise SigningError(f"{path}: neither a file nor a folder", hint="give the root's PEM file")
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as e:
        raise SigningError(f"{path}: cannot be read: {e.strerror}", hint="give the root's PEM file") from None
    except (ValueError, x509.InvalidVersion):
        raise SigningError(f"{path}: not a PEM certificate", hint="give the root's certificate, not a key") from None
    for certificate in found:
        if not is_root(certificate):
            raise SigningError(
                f"{path}: the certificate of {common_name(certificate)!r} is no root: an authority's of an ECDSA P-256 "
                "key that signed itself was expected",
                hint="give the root's certificate",
            )
    return found


def keep(folder: Path, root: Certificate) -> None:
    """Put a root's certificate among the trusted; named by its fingerprint, so writing it again changes nothing."""
    replace(folder / f"root-{fingerprint(root)[:16]}.pem", pem((root,)))
