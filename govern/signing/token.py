"""A key on a hardware token (PKCS #11): it signs there and never leaves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import SigningError
from govern.signing.passphrase import Ask

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

#: The DER form of the OID of P-256, as a token states the curve (PKCS #11, CKA_EC_PARAMS).
_P256 = bytes.fromhex("06082a8648ce3d030107")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a key lies: the token's PKCS #11 library, the token's label, the key's label."""

    module: str
    token: str
    key: str

    def dump(self) -> bytes:
        """Return it as JSON; it holds no secret."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"


def read(data: bytes, *, what: Path) -> Place:
    """Return the place that a ``token.json`` names.

    Raises:
        SigningError: it is none.
    """
    try:
        found = json.loads(data)
        place = Place(**found)
        if not all(isinstance(v, str) and v for v in found.values()):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise SigningError(f"{what}: module, token and key were expected", hint="restore it from a backup") from None
    return place


def open_key(place: Place, ask: Ask) -> EllipticCurvePrivateKey:
    """Return the key at a place, after asking for the token's PIN.

    The PIN is kept in memory and each signature logs in anew, so that no session stays open between them.

    Raises:
        SigningError: library, token or key is absent, the PIN is wrong, or the key is no P-256 key.
    """
    return _found(place, ask(_pin_of(place)))


def make_key(place: Place, ask: Ask) -> EllipticCurvePrivateKey:
    """Return the key at a place, made there where there is none: never extractable.

    Raises:
        SigningError: as :func:`open_key`.
    """
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

    pin = ask(_pin_of(place))
    with _session(place, pin, write=True) as session:
        if not list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: place.key})):
            domain = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
            domain.generate_keypair(
                mechanism=Mechanism.EC_KEY_PAIR_GEN,
                store=True,
                label=place.key,
                id=place.key.encode(),
                private_template={Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True},
            )
    return _found(place, pin)


def _pin_of(place: Place) -> str:
    return f"PIN of the token {place.token!r}"


@contextmanager
def _session(place: Place, pin: str, *, write: bool = False) -> Iterator[Any]:
    """Log in; what goes wrong on the token becomes an error that says what to do."""
    try:
        import pkcs11
        from pkcs11 import exceptions as x
    except ImportError:
        raise SigningError("tokens need python-pkcs11", hint="pip install 'govern[token]'") from None
    if not Path(place.module).is_file():
        raise SigningError(f"{place.module}: no PKCS #11 library there", hint="install it, or give the right path")
    try:
        library = pkcs11.lib(str(Path(place.module).resolve()))  # by two names it would be started twice
    except RuntimeError as e:
        raise SigningError(f"{place.module}: not usable as a PKCS #11 library: {e}", hint="give another path") from None
    try:
        with library.get_token(token_label=place.token).open(rw=write, user_pin=pin) as session:
            yield session
    except x.NoSuchToken:
        raise SigningError(f"no token {place.token!r} is plugged in", hint="plug it in, or check its label") from None
    except x.MultipleTokensReturned:
        raise SigningError(f"more than one token is labelled {place.token!r}", hint="unplug the others") from None
    except x.PinLocked:
        raise SigningError(f"the token {place.token!r} is locked", hint="unlock it with its security officer") from None
    except (x.PinIncorrect, x.PinLenRange, x.PinInvalid):
        raise SigningError(
            f"the PIN does not open the token {place.token!r}", hint="a few wrong tries lock it for good"
        ) from None
    except x.NoSuchKey:
        raise SigningError(
            f"the token {place.token!r} has no key {place.key!r}", hint="check the label, or make a key there"
        ) from None
    except x.MultipleObjectsReturned:
        raise SigningError(
            f"the token {place.token!r} has more than one key {place.key!r}", hint="give each a label of its own"
        ) from None
    except x.PKCS11Error as e:
        raise SigningError(
            f"the token {place.token!r} failed: {e or type(e).__name__}", hint="plug it in again, and try again"
        ) from None


def _found(place: Place, pin: str) -> EllipticCurvePrivateKey:
    from asn1crypto.core import OctetString  # type: ignore[import-untyped,unused-ignore]
    from cryptography.hazmat.primitives.asymmetric import ec
    from pkcs11 import Attribute, ObjectClass

    with _session(place, pin) as session:
        session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=place.key)
        public = session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=place.key)
        curve, point = bytes(public[Attribute.EC_PARAMS]), bytes(public[Attribute.EC_POINT])
    try:
        if curve != _P256:
            raise ValueError
        raw = point if len(point) == 65 else OctetString.load(point).native  # some tokens leave out the tag
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except (ValueError, TypeError):
        raise SigningError(
            f"the key {place.key!r} on {place.token!r} is no ECDSA P-256 key", hint="use another label"
        ) from None
    made: EllipticCurvePrivateKey = _class()(place, pin, key)
    return made


@cache
def _class() -> Any:
    """Return the class of keys on tokens; made once, since its parent is imported late."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    class TokenKey(ec.EllipticCurvePrivateKey):
        """A P-256 key that stays on its token."""

        def __init__(self, place: Place, pin: str, public: ec.EllipticCurvePublicKey) -> None:
            self.place, self._pin, self._public = place, pin, public

        def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
            from pkcs11 import Mechanism, ObjectClass

            if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
                raise SigningError("a token signs SHA-256 only")
            digest = hashes.Hash(hashes.SHA256())
            digest.update(data)
            with _session(self.place, self._pin) as session:
                private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=self.place.key)
                raw = bytes(private.sign(digest.finalize(), mechanism=Mechanism.ECDSA))
            half = len(raw) // 2
            return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

        def public_key(self) -> ec.EllipticCurvePublicKey:
            return self._public

        @property
        def curve(self) -> ec.EllipticCurve:
            return self._public.curve

        @property
        def key_size(self) -> int:
            return self._public.key_size

        def exchange(self, algorithm: Any, peer_public_key: Any) -> bytes:
            raise self._refused()

        def private_numbers(self) -> Any:
            raise self._refused()

        def private_bytes(self, *_: Any, **__: Any) -> bytes:
            raise self._refused()

        def __copy__(self) -> TokenKey:
            return self

        def __deepcopy__(self, memo: Any) -> TokenKey:
            return self

        def _refused(self) -> SigningError:
            return SigningError(f"the key {self.place.key!r} never leaves the token {self.place.token!r}")

    return TokenKey
