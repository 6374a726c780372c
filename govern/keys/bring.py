"""What comes from elsewhere: a key with its certificate, the certificate for a request, a root's newer rights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govern.canonical import sha256
from govern.errors import SigningError
from govern.files import replace
from govern.keys.place import Place, read
from govern.signing import keystore, rights, token
from govern.signing.authority import CERTIFICATES, Change, keep_certificate, put, replaceable
from govern.signing.certificate import common_name, fingerprint, pem, printable, read_chain
from govern.signing.identity import ROOT, Identity
from govern.signing.keystore import CERTIFICATE_FILE, KEY_FILE, REQUEST_FILE, TOKEN_FILE
from govern.signing.lock import locked, writing
from govern.signing.passphrase import Ask, accepted
from govern.signing.roots import keep
from govern.signing.trust import RIGHTS, Trust, files

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate


def identity_from(place: Place, name: str, path: Path, *, opening: Ask, new: Ask) -> Identity:
    """Bring in a key with its certificate (PEM or PKCS #12), or the certificate that came back for a request.

    Everything is checked before anything is written: the key is ECDSA P-256 and fits the certificate, which leads
    to a trusted root, is not revoked and is valid now.

    Args:
        place: where.
        name: the identity's short name; that of the request for a certificate that came back.
        path: the file.
        opening: gives the passphrase of the file, or of the key that waits.
        new: gives the passphrase with which the key is kept here.

    Raises:
        SigningError: a check fails, or the identity exists.
        InputError, ServiceError: the log cannot be written.
    """
    keystore.check_identity(name, taken=ROOT)
    waiting = place.keys / name / REQUEST_FILE
    if not waiting.is_file():
        keystore.refuse_taken(place.keys, name)
    pending = waiting.exists()
    found, certificates = _parts(path, opening)
    if pending and found is not None:
        raise SigningError(f"{path}: holds a key, and {name!r} waits for a certificate", hint="choose another name")
    key = _pending(place.keys / name, opening) if pending else found
    if key is None:
        raise SigningError(f"{path}: holds no private key", hint="give key and certificate in one file")
    chain = _chain(certificates, key, place.believed(), path)
    kept = {} if pending else {KEY_FILE: keystore.sealed(key, accepted(new(f"new passphrase of {name!r}")))}
    brought = Identity(name=common_name(chain[0]), key=key, certificate=chain[0], chain=chain[1:])
    with locked(place.trust), writing(place.keys):
        change = Change.of("import", chain[0], place.left())
        keep(place.trust, chain[-1])
        keep_certificate(place.trust, chain)
        place.enter(change, brought)
        if pending:
            replace(place.keys / name / CERTIFICATE_FILE, pem(chain))
            waiting.unlink()
        else:
            keystore.write(place.keys / name, {**kept, CERTIFICATE_FILE: pem(chain)})
    return brought


def rights_from(place: Place, folder: Path, *, ask: Ask) -> rights.Rights:
    """Bring in the rights of a trusted root, with its list and certificates, from a trust folder that its holder sent.

    The project's own folder may be given too, after it came by git: its rights are then entered in the log.

    Raises:
        SigningError: no trusted root signed them, they are older than those here, another root's rights are here,
            or the project's identity cannot sign the entry.
        InputError, ServiceError: the log cannot be written.
    """
    found = files(folder)
    if RIGHTS not in found:
        raise SigningError(f"{folder}: no {RIGHTS}", hint="give the trust folder of the root's holder")
    believed = place.believed()
    new = rights.read(found[RIGHTS], believed.roots, path=folder / RIGHTS)
    root = next(r for r in believed.roots if fingerprint(r) == new.root)
    Trust(roots=(root,)).beside(found)
    signer = place.signer(ask)
    with locked(place.trust), writing(place.trust):
        if RIGHTS in (present := files(place.trust)):
            replaceable(place.trust, by=root)
            held = next((r for r in Trust.of(place.trust).rights if r.root == new.root), None)
            if held is not None and held != new:
                _newer(folder, new, held.serial)
        last = place.newest()
        if last is not None and last.trust_root == new.root and last.trust_sha256 != sha256(found[RIGHTS]):
            _newer(folder, new, last.trust_serial or 0)
        keep(place.trust, root)
        signed = {right.certificate for right in new.signers}
        for path in sorted((folder / CERTIFICATES).glob("*.pem")):
            if fingerprint((chain := read_chain(read(path)))[0]) in signed:
                keep_certificate(place.trust, chain)
        for name, data in found.items():
            if sha256(data) == new.revoked and present.get(name) != data:
                replace(place.trust / name, data)
        if signer is not None:
            put(place.trust, found[RIGHTS], Change.of("import", root, (new, found[RIGHTS])), signer, place)
        else:
            replace(place.trust / RIGHTS, found[RIGHTS])
    return new


def _newer(folder: Path, new: rights.Rights, serial: int) -> None:
    if new.serial <= serial:
        raise SigningError(
            f"{folder / RIGHTS} has the serial {new.serial}, and the newest known here has {serial}",
            hint="ask the root's holder for the newest",
        )


def _parts(path: Path, opening: Ask) -> tuple[EllipticCurvePrivateKey | None, list[Certificate]]:
    """Return the key, if there is one, and the certificates in a file."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    data = read(path)
    try:
        if b"-----BEGIN" in data:
            key = keystore.opened(data, opening, what=path) if b"PRIVATE KEY-----" in data else None
            return key, x509.load_pem_x509_certificates(data)
        if data[:1] != b"\x30":
            raise ValueError("neither PEM nor DER")
        found, own, others = pkcs12.load_key_and_certificates(data, opening(f"passphrase of {path.name!r}").encode())
        certificates = [c for c in (own, *others) if c is not None]
        return None if found is None else keystore.p256(found, path), certificates
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise SigningError(
            f"{path}: no key and certificate could be read: {e}",
            hint="give PEM or PKCS #12, with the right passphrase",
        ) from None


def _pending(folder: Path, opening: Ask) -> EllipticCurvePrivateKey:
    if (folder / TOKEN_FILE).exists():
        place = token.read(keystore.read(folder / TOKEN_FILE), what=folder / TOKEN_FILE)
        return token.open_key(place, opening)
    return keystore.private_key(folder / KEY_FILE, opening)


def _chain(
    certificates: Sequence[Certificate], key: EllipticCurvePrivateKey, trust: Trust, path: Path
) -> tuple[Certificate, ...]:
    """Return the certificate of a key and its issuers up to a trusted root, in order."""
    from govern.signing.revocation import issued

    own = next((c for c in certificates if c.public_key() == key.public_key()), None)
    if own is None:
        raise SigningError(f"{path}: no certificate there belongs to the key", hint="give the one made for this key")
    printable(common_name(own))
    chain, known = [own], [*certificates, *trust.roots]
    while chain[-1].issuer != chain[-1].subject and len(chain) < 8:
        above = next((c for c in known if c not in chain and issued(chain[-1], c)), None)
        if above is None:
            break
        chain.append(above)
    read_chain(pem(chain))
    step = trust.step("", chain, moment=datetime.now(UTC), clock="now")
    if not step.ok:
        raise SigningError(
            f"{path}: {step.found}", hint="trust its root first, once compared: `govern keys trust ROOT.pem`"
        )
    return tuple(chain)
