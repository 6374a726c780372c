from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from govern.errors import PolicyError, SigningError
from govern.project import load
from govern.signing import timestamp
from govern.signing.timestamp import Authority
from tests.signing.authorities import party, root
from tests.timestamps import Server, stamping

__all__ = ["stamping"]

MADE = hashlib.sha256(b"what was stamped").digest()


def token(stamping: Server, unit: str = "ec") -> bytes:
    client: Any = timestamp.client(stamping.authority(unit), datetime.now(UTC))
    return bytes(asyncio.run(client.async_timestamp(MADE, "sha256")).dump())


def test_no_authority_without_an_address(tmp_path: Path) -> None:
    assert Authority.of(None, tmp_path) is None


def test_an_authority_needs_a_root(stamping: Server, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="no root certificate of the time-stamp authority"):
        Authority.of("http://tsa.example.org", tmp_path)
    stamping.trust(tmp_path)
    found = Authority.of("http://tsa.example.org", tmp_path)
    assert found is not None
    assert found.roots == (stamping.root.certificate,)


@pytest.mark.parametrize("what", ["text", "no root", "not an authority"])
def test_what_is_no_root_is_refused(what: str, tmp_path: Path) -> None:
    (tmp_path / "timestamp").mkdir()
    data = {
        "text": b"hello",
        "no root": party("Unit", root()).certificate.public_bytes(Encoding.PEM),
        "not an authority": party("Self").certificate.public_bytes(Encoding.PEM),
    }[what]
    (tmp_path / "timestamp" / "tsa.pem").write_bytes(data)
    with pytest.raises(SigningError, match="not a root certificate"):
        timestamp.roots(tmp_path)


@pytest.mark.parametrize("unit", ["rsa", "ec", "p384"])
def test_the_form_is_a_fixed_point_that_openssl_accepts(unit: str, stamping: Server, tmp_path: Path) -> None:
    import subprocess

    found = token(stamping, unit)
    assert timestamp.plain(found) == found
    (tmp_path / "token").write_bytes(found)
    (tmp_path / "root.pem").write_bytes(stamping.root.certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "token", "-digest", MADE.hex(), "-CAfile", "root.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_token_says_when_and_who(stamping: Server) -> None:
    stamp = asyncio.run(timestamp.read(token(stamping), lambda: MADE))
    assert abs((stamp.moment - datetime.now(UTC)).total_seconds()) < 60
    assert stamp.authority == "Example Time Unit 2"
    assert len(stamp.chain) == 2
    assert asyncio.run(timestamp.root_of(stamp, (root().certificate, stamping.root.certificate))) == (
        stamping.root.certificate
    )


def test_a_token_of_other_bytes_does_not_hold(stamping: Server) -> None:
    with pytest.raises(SigningError, match="of other bytes"):
        asyncio.run(timestamp.read(token(stamping), lambda: bytes(32)))


def test_more_certificates_than_the_chain_are_another_form(stamping: Server) -> None:
    from asn1crypto import cms, x509  # type: ignore[import-untyped,unused-ignore]

    info = cms.ContentInfo.load(token(stamping)).copy()
    extra = x509.Certificate.load(root("Extra").certificate.public_bytes(Encoding.DER))
    info["content"]["certificates"].append(cms.CertificateChoices("certificate", extra))
    padded = info.dump(force=True)
    assert len(timestamp.plain(padded)) < len(padded)
    with pytest.raises(SigningError, match="something else"):
        asyncio.run(timestamp.read(padded, lambda: MADE))


@pytest.mark.parametrize(
    "line", ["timestamp: {url: ftp://x}", "timestamp: {}", "timestamp: {url: http://x, nonce: no}"]
)
def test_a_wrong_declaration_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "govern.yaml").write_text(_project(f"timestamp: {line}"))
    with pytest.raises(PolicyError):
        load(tmp_path)


def test_the_declaration_is_read(tmp_path: Path) -> None:
    (tmp_path / "govern.yaml").write_text(_project("timestamp: {url: http://tsa.example.org}"))
    assert load(tmp_path).timestamp_url == "http://tsa.example.org"
    (tmp_path / "govern.yaml").write_text(_project(""))
    assert load(tmp_path).timestamp_url is None


def _project(line: str) -> str:
    return f"schema: govern/project/1\nsystem: {{name: m}}\ndata: {{label: y}}\npolicy: p.yaml\n{line}\n"
