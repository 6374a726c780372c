from __future__ import annotations

import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import Certificate

from govern.errors import SigningError
from govern.signing import identity
from govern.signing.certificate import DEVELOPMENT_MARK, pem, read_chain
from govern.signing.issue import issue
from govern.signing.roots import roots_from, trusted_roots
from govern.signing.trust import Trust
from govern.types import Step


def make(folder: Path, who: str = "author", name: str = "Dr. Ada Müller") -> identity.Identity:
    return identity.create_development(folder / "keys", folder / "trust", identity=who, name=name)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_development_identity_is_marked_and_loads_again(tmp_path: Path) -> None:
    made = make(tmp_path)
    loaded = identity.load(tmp_path / "keys", "author")
    assert (loaded.name, loaded.development, loaded.fingerprint) == ("Dr. Ada Müller", True, made.fingerprint)
    assert DEVELOPMENT_MARK in loaded.certificate.subject.rfc4514_string()
    assert stat.S_IMODE((tmp_path / "keys/author/key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys/root/key.pem").stat().st_mode) == 0o600


def test_certificates_carry_what_a_validator_asks_for(tmp_path: Path) -> None:
    from cryptography import x509

    made = make(tmp_path)
    leaf, root = made.certificate.extensions, made.chain[0].extensions
    usage = leaf.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert leaf.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert root.get_extension_for_class(x509.BasicConstraints).value.ca is True
    subject_key = root.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert leaf.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == subject_key
    assert made.certificate.not_valid_after_utc - made.certificate.not_valid_before_utc == timedelta(days=365)


def test_two_people_share_one_root(tmp_path: Path) -> None:
    author, clinical = make(tmp_path), make(tmp_path, "clinical", "Prof. Grace Hopper")
    assert author.chain == clinical.chain
    assert trusted_roots(tmp_path / "trust") == list(author.chain)
    assert sorted(p.suffix for p in (tmp_path / "trust").iterdir() if p.is_file()) == [".pem", ".yaml"]
    assert len(list((tmp_path / "trust/certificates").iterdir())) == 2


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    make(tmp_path)
    before = snapshot(tmp_path)
    with pytest.raises(SigningError, match="never overwritten"):
        make(tmp_path, name="Somebody Else")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("who", ["root", "../evil", "Author", ""])
def test_names_that_could_harm_are_refused(tmp_path: Path, who: str) -> None:
    with pytest.raises(SigningError, match="no name for an identity"):
        make(tmp_path, who)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "line\nbreak"])
def test_names_that_cannot_be_printed_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SigningError, match="cannot be printed"):
        make(tmp_path, name=name)


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file is in the way")
    with pytest.raises(SigningError, match="cannot be written"):
        make(tmp_path)
    assert snapshot(tmp_path) == {"keys": b"a file is in the way"}


def test_a_passphrase_encrypts_and_is_needed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.PASSPHRASE, "correct horse")
    made = make(tmp_path)
    assert b"ENCRYPTED" in (tmp_path / "keys/author/key.pem").read_bytes()
    assert identity.load(tmp_path / "keys", "author").fingerprint == made.fingerprint
    monkeypatch.setenv(identity.PASSPHRASE, "wrong")
    with pytest.raises(SigningError, match="does not open"):
        identity.load(tmp_path / "keys", "author")
    monkeypatch.delenv(identity.PASSPHRASE)
    with pytest.raises(SigningError, match="encrypted") as told:
        identity.load(tmp_path / "keys", "author")
    assert identity.PASSPHRASE in told.value.hint


def test_an_absent_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="no signing key 'author'") as told:
        identity.load(tmp_path, "author")
    assert "govern init" in told.value.hint


@pytest.mark.parametrize("file", ["key.pem", "certificate.pem"])
@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_file_is_named(tmp_path: Path, file: str, content: bytes) -> None:
    make(tmp_path)
    (tmp_path / "keys/author" / file).write_bytes(content)
    with pytest.raises(SigningError, match=file):
        identity.load(tmp_path / "keys", "author")


def test_a_key_of_somebody_else_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path, "clinical")
    (tmp_path / "keys/author/key.pem").write_bytes((tmp_path / "keys/clinical/key.pem").read_bytes())
    with pytest.raises(SigningError, match="does not belong"):
        identity.load(tmp_path / "keys", "author")


def test_an_expired_certificate_cannot_sign(tmp_path: Path) -> None:
    made, now = make(tmp_path), datetime.now(UTC)
    root = identity.load(tmp_path / "keys", "root")
    expired = issue(
        made.name,
        made.key.public_key(),
        issuer=root.certificate,
        issuer_key=root.key,
        valid=(now - timedelta(days=2), now - timedelta(days=1)),
    )
    (tmp_path / "keys/author/certificate.pem").write_bytes(pem((expired, root.certificate)))
    with pytest.raises(SigningError, match="valid from"):
        identity.load(tmp_path / "keys", "author")


def test_trust_needs_the_right_root_and_time(tmp_path: Path) -> None:
    made, other = make(tmp_path / "a"), make(tmp_path / "b")
    chain, now = read_chain(made.pem), datetime.now(UTC)

    def step(roots: Sequence[Certificate], moment: datetime = now) -> Step:
        return Trust(roots=tuple(roots)).step("trust", chain, moment=moment, clock="now")

    assert step(made.chain).ok
    assert not step(other.chain).ok
    assert not step(made.chain, now - timedelta(days=2)).ok
    assert "future" in step(made.chain, now + timedelta(days=2)).found


def test_without_roots_the_found_one_is_named(tmp_path: Path) -> None:
    made = make(tmp_path)
    step = Trust().step("trust", read_chain(made.pem), moment=datetime.now(UTC), clock="now")
    root = identity.fingerprint(made.chain[0])
    assert not step.ok
    assert root in step.found
    assert "--trust" in step.found


def test_an_authority_is_no_person(tmp_path: Path) -> None:
    made = make(tmp_path)
    step = Trust(roots=made.chain).step("trust", made.chain, moment=datetime.now(UTC), clock="now")
    assert not step.ok
    assert "authority" in step.found


def test_a_certificate_issued_by_a_person_is_not_trusted(tmp_path: Path) -> None:
    made, other = make(tmp_path / "a"), make(tmp_path / "b")
    now = datetime.now(UTC)
    forged = issue(
        "Eve",
        other.key.public_key(),
        issuer=made.certificate,
        issuer_key=made.key,
        valid=(now, now + timedelta(days=1)),
    )
    chain = read_chain(pem((forged, made.certificate, *made.chain)))
    assert not Trust(roots=made.chain).step("trust", chain, moment=now, clock="now").ok


def test_a_chain_file_has_no_free_byte(tmp_path: Path) -> None:
    data = make(tmp_path).pem
    read_chain(data)
    for changed in (data + b"\n", b"x\n" + data, data.replace(b"\n", b"\r\n"), data[: len(data) // 2], b""):
        with pytest.raises(SigningError):
            read_chain(changed)


def test_roots_from_a_key_are_refused(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(SigningError, match="not a PEM certificate"):
        roots_from(tmp_path / "keys/root/key.pem")
    with pytest.raises(SigningError, match="cannot be read"):
        roots_from(tmp_path / "absent.pem")
