"""Keys on a token: everything that signs works with one, and the key never leaves it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from govern.errors import SigningError
from govern.evidence import note, statement
from govern.evidence.log import Log
from govern.signing import identity, keystore, pades
from govern.signing import token as tokens
from govern.signing.authority import Authority
from govern.signing.certificate import public_key
from govern.signing.identity import Identity
from govern.signing.issue import issue, read_request, request
from govern.signing.token import Place
from govern.signing.trust import Trust
from govern.types import Signatory
from tests.evidence.samples import BOXES, plain_pdf
from tests.signing.authorities import DAY, NOW
from tests.softhsm import PIN

LABELLED = {"token_label": "hospital"}


def pin(_: str) -> str:
    return PIN


def carol(folder: Path, place: Place) -> Identity:
    """Keep an identity whose key is on the token, under a development root."""
    keys, trust = folder / "keys", folder / "trust"
    if not keys.exists():
        identity.create_development(keys, trust, identity="author", name="Ada")
    key = tokens.make_key(place, pin)
    authority = Authority(root=identity.load(keys, "root"), trust=trust)
    authority.create(keys, "carol", "Dr. Carol", key, [Signatory.AUTHOR], files={"token.json": place.dump()})
    return identity.load(keys, "carol", ask=pin)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def signer(folder: Path, token: Place) -> Identity:
    return carol(folder, replace(token, key="carol"))


def test_on_disk_there_is_no_key_and_no_pin(signer: Identity, folder: Path, token: Place) -> None:
    kept = {p.name: p.read_bytes() for p in (folder / "keys/carol").iterdir()}
    assert sorted(kept) == ["certificate.pem", "token.json"]
    assert json.loads(kept["token.json"]) == {"module": token.module, "token": "hospital", "key": "carol"}
    assert not any(PIN.encode() in data for data in kept.values())


def test_the_key_never_leaves_the_token(signer: Identity, token: Place) -> None:
    import pkcs11
    from pkcs11 import Attribute, ObjectClass

    key = signer.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert (key.key_size, key.curve.name) == (256, "secp256r1")
    for take in (
        lambda: key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        key.private_numbers,
        lambda: key.exchange(ec.ECDH(), ec.generate_private_key(ec.SECP256R1()).public_key()),
    ):
        with pytest.raises(SigningError, match="never leaves"):
            take()
    assert copy.deepcopy(key) is key
    with pkcs11.lib(token.module).get_token(**LABELLED).open(user_pin=PIN) as session:
        private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label="carol")
        assert private[Attribute.EXTRACTABLE] is False
        assert private[Attribute.SENSITIVE] is True
        assert private[Attribute.NEVER_EXTRACTABLE] is True


def test_notes_statements_and_the_log_are_signed_with_it(signer: Identity, folder: Path) -> None:
    checkpoint = note.Checkpoint(origin="govern.dev/log/t", size=1, root=bytes(32))
    assert note.verify(note.sign(checkpoint, signer), public_key(signer.certificate)) == checkpoint
    statement.verify(statement.sign(b'{"a":1}', signer), signer.certificate)
    log = Log(folder / "log.db")
    log.append("decision", {"evidence": "0" * 64}, identity=signer)
    assert all(s.ok for s in log.verify(Trust.of(folder / "trust")))


def test_a_dossier_is_sealed_with_it(signer: Identity, folder: Path) -> None:
    prepared = pades.prepare(plain_pdf(), BOXES)
    sealed = pades.sign(prepared, signer, field="author", reason="authorship", when=datetime.now(UTC))
    steps = pades.check(sealed, Trust.of(folder / "trust"))
    assert [s for s in steps if not s.ok] == []


def test_certificates_and_lists_are_issued_with_it(token: Place) -> None:
    key = tokens.make_key(replace(token, key="root"), pin)
    root = issue("Token Root", key.public_key(), issuer=None, issuer_key=key, valid=(NOW - DAY, NOW + DAY))
    root.verify_directly_issued_by(root)
    assert read_request(request("Dr. Carol", key)) == ("Dr. Carol", key.public_key())
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(NOW).next_update(NOW + DAY)
    assert builder.sign(key, hashes.SHA256()).is_signature_valid(key.public_key())


def test_a_key_that_is_there_is_used_again(token: Place) -> None:
    place = replace(token, key="again")
    first, second = tokens.make_key(place, pin), tokens.make_key(place, pin)
    assert first.public_key() == second.public_key() == tokens.open_key(place, pin).public_key()


@pytest.mark.parametrize(
    ("change", "given", "what"),
    [
        ({}, lambda _: "0000000000", "the PIN does not open"),
        ({}, lambda _: "", "the PIN does not open"),
        ({"token": "elsewhere"}, pin, "no token 'elsewhere' is plugged in"),
        ({"key": "nobody's"}, pin, "has no key"),
        ({"module": "/nowhere/lib.so"}, pin, "no PKCS #11 library"),
        ({"module": __file__}, pin, "not usable as a PKCS #11 library"),
    ],
)
def test_what_goes_wrong_is_told(
    signer: Identity, token: Place, change: dict[str, str], given: Callable[[str], str], what: str
) -> None:
    with pytest.raises(SigningError, match=what) as told:
        tokens.open_key(replace(token, **{"key": "carol", **change}), given)
    assert told.value.hint


def test_a_token_that_is_pulled_out_is_told_when_signing(folder: Path, signer: Identity) -> None:
    place = Place(**{**json.loads((folder / "keys/carol/token.json").read_bytes()), "token": "pulled out"})
    gone = tokens._class()(place, PIN, signer.key.public_key())
    with pytest.raises(SigningError, match="plugged in"):
        Identity(name="Carol", key=gone, certificate=signer.certificate, chain=signer.chain).sign(b"data")
    with pytest.raises(SigningError, match="plugged in"):
        pades.sign(
            pades.prepare(plain_pdf(), BOXES),
            Identity(name="Carol", key=gone, certificate=signer.certificate, chain=signer.chain),
            field="author",
            reason="authorship",
            when=datetime.now(UTC),
        )


def test_another_curve_is_refused(token: Place) -> None:
    import pkcs11
    from pkcs11 import Attribute, KeyType, Mechanism
    from pkcs11.util.ec import encode_named_curve_parameters

    with pkcs11.lib(token.module).get_token(**LABELLED).open(rw=True, user_pin=PIN) as session:
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
        domain = session.create_domain_parameters(KeyType.EC, curve, local=True)
        domain.generate_keypair(mechanism=Mechanism.EC_KEY_PAIR_GEN, store=True, label="p384")
    with pytest.raises(SigningError, match="no ECDSA P-256 key"):
        tokens.open_key(replace(token, key="p384"), pin)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"module": "x"}', b'{"module": 1, "token": "t", "key": "k"}', b"\xff"]
)
def test_a_damaged_token_file_is_named(folder: Path, signer: Identity, content: bytes) -> None:
    with pytest.raises(SigningError, match=r"token\.json"):
        tokens.read(content, what=Path("token.json"))


def test_the_pin_comes_from_the_environment_where_nobody_is_asked(
    folder: Path, signer: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SigningError, match="PIN of the token 'hospital'"):
        identity.load(folder / "keys", "carol")
    monkeypatch.setenv(identity.PASSPHRASE, PIN)
    assert identity.load(folder / "keys", "carol").fingerprint == signer.fingerprint
    assert keystore.taken(folder / "keys", "carol")
