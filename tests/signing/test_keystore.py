"""Keys on disk: closed to others, encrypted so that OpenSSL opens them too, and written whole or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from govern.errors import SigningError
from govern.signing import identity, keystore
from govern.signing.passphrase import accepted
from tests.signing.test_identity import make

SENTENCE = "correct horse battery"


def test_an_encrypted_key_is_opened_by_openssl_and_costs_many_rounds(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    data = keystore.sealed(key, SENTENCE)
    (tmp_path / "key.pem").write_bytes(data)
    command = ["openssl", "pkey", "-in", "key.pem", "-passin", f"pass:{SENTENCE}", "-pubout"]
    public = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    assert load_pem_public_key(public) == key.public_key()
    told = subprocess.run(["openssl", "asn1parse", "-in", "key.pem"], cwd=tmp_path, capture_output=True, check=True)
    for words in (b"PBKDF2", b"hmacWithSHA256", b"aes-256-cbc", b":0927C0"):  # 600,000 in hex
        assert words in told.stdout
    assert keystore.opened(data, lambda _: SENTENCE, what=tmp_path / "ada/key.pem").public_key() == key.public_key()
    with pytest.raises(SigningError, match="does not open"):
        keystore.opened(data, lambda _: "another sentence", what=tmp_path / "ada/key.pem")


def test_the_passphrase_is_asked_only_where_one_is_needed(tmp_path: Path) -> None:
    key, asked = ec.generate_private_key(ec.SECP256R1()), []

    def ask(what: str) -> str:
        asked.append(what)
        return SENTENCE

    for data in (keystore.sealed(key, ""), keystore.sealed(key, SENTENCE)):
        keystore.opened(data, ask, what=tmp_path / "ada/key.pem")
    assert asked == ["passphrase of 'ada'"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    make(tmp_path)
    (tmp_path / "keys/author/key.pem").chmod(mode)
    with pytest.raises(SigningError, match="others than you can read") as told:
        identity.load(tmp_path / "keys", "author")
    assert told.value.hint == f"chmod 600 {tmp_path / 'keys/author/key.pem'}"


@pytest.mark.parametrize("folder", ["keys", "keys/author", "trust"])
def test_a_folder_that_everyone_may_write_to_is_refused(tmp_path: Path, folder: str) -> None:
    make(tmp_path)
    (tmp_path / folder).chmod(0o777)
    with pytest.raises(SigningError, match="everyone may write"):
        if folder == "trust":
            make(tmp_path, "clinical")
        else:
            identity.load(tmp_path / "keys", "author")


@pytest.mark.parametrize("what", ["keys/author/key.pem", "keys/author/certificate.pem", "keys/author", "keys"])
def test_a_symbolic_link_is_refused(tmp_path: Path, what: str) -> None:
    make(tmp_path)
    path = tmp_path / what
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(SigningError, match="symbolic link"):
        identity.load(tmp_path / "keys", "author")


def test_a_link_to_nowhere_is_in_the_way(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "keys/clinical").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SigningError, match="this identity exists"):
        make(tmp_path, "clinical")
    assert not (tmp_path / "nowhere").exists()


def test_writing_does_not_replace_what_appeared_meanwhile(tmp_path: Path) -> None:
    keystore.write(tmp_path / "ada", {"key.pem": b"first"})
    with pytest.raises(OSError, match="not empty"):
        keystore.write(tmp_path / "ada", {"key.pem": b"second"})
    assert (tmp_path / "ada/key.pem").read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["ada"]


@pytest.mark.parametrize("given", ["", " " * 20, "short", "elevenchars", "aaaaaaaaaaaaaaaa"])
def test_a_passphrase_that_is_too_short_is_refused(given: str) -> None:
    with pytest.raises(SigningError, match="at least 12"):
        accepted(given)
    assert accepted("twelve chars") == "twelve chars"
