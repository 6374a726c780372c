"""Lists of revoked certificates, compared with what OpenSSL says of them."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from govern.errors import SigningError
from govern.signing import revocation
from govern.signing.certificate import pem
from govern.signing.revocation import Reason
from govern.signing.trust import Trust
from tests.signing.authorities import DAY, NOW, Party, party, root

ROOT = root()
ADA, BOB = party("Ada", ROOT), party("Bob", ROOT)


def revoked(
    *people: Party,
    by: Party = ROOT,
    reason: Reason = Reason.KEY_COMPROMISE,
    now: datetime = NOW,
    since: datetime | None = None,
) -> x509.CertificateRevocationList:
    made = None
    for person in people:
        made = revocation.issue(
            by.identity, person.certificate, before=made, reason=reason, now=now, invalid_since=since
        )
    assert made is not None
    return made


def openssl(folder: Path, person: Party, lists: x509.CertificateRevocationList, at: datetime) -> str:
    """Return what `openssl verify -crl_check` says."""
    if not (program := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    (folder / "root.pem").write_bytes(pem((ROOT.certificate,)))
    (folder / "crl.pem").write_bytes(revocation.pem(lists))
    (folder / "person.pem").write_bytes(pem((person.certificate,)))
    time = str(int(at.timestamp()))
    arguments = ["-crl_check", "-attime", time, "-CAfile", "root.pem", "-CRLfile", "crl.pem", "person.pem"]
    done = subprocess.run([program, "verify", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def ours(person: Party, lists: x509.CertificateRevocationList, at: datetime = NOW) -> str:
    trust = Trust(roots=(ROOT.certificate,), revoked=(lists,))
    step = trust.step("trust", person.whole, moment=at, clock="now")
    return "" if step.ok else step.found


def test_openssl_says_the_same_of_each_certificate(tmp_path: Path) -> None:
    lists = revoked(ADA)
    assert "certificate revoked" in openssl(tmp_path, ADA, lists, NOW + timedelta(seconds=1))
    assert "revoked since" in ours(ADA, lists)
    assert "OK" in openssl(tmp_path, BOB, lists, NOW + timedelta(seconds=1))
    assert ours(BOB, lists) == ""


def test_openssl_reads_number_reason_and_date(tmp_path: Path) -> None:
    lists = revoked(ADA, BOB, reason=Reason.AFFILIATION_CHANGED, since=NOW - DAY)
    (tmp_path / "crl.pem").write_bytes(revocation.pem(lists))
    (tmp_path / "root.pem").write_bytes(pem((ROOT.certificate,)))
    command = ["openssl", "crl", "-in", "crl.pem", "-CAfile", "root.pem", "-noout", "-text"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "verify OK" in done.stderr
    for words in ("X509v3 CRL Number: \n                2", "Affiliation Changed", "Invalidity Date"):
        assert words in done.stdout
    assert done.stdout.count("Serial Number:") == 2
    assert f"{ADA.certificate.serial_number:X}" in done.stdout.replace(":", "").upper()


def test_what_was_signed_before_stays_good_and_a_stolen_key_counts_from_the_theft_on() -> None:
    returned = revoked(ADA, reason=Reason.CESSATION_OF_OPERATION)
    assert ours(ADA, returned, NOW - timedelta(hours=1)) == ""
    assert "cessationOfOperation" in ours(ADA, returned, NOW)
    stolen = revoked(ADA, since=NOW - timedelta(hours=2))
    trust = Trust(roots=(ROOT.certificate,), revoked=(stolen,))
    moment = NOW - timedelta(hours=1)
    assert revocation.fault(ADA.certificate, ROOT.certificate, stolen, moment)
    assert not revocation.fault(ADA.certificate, ROOT.certificate, stolen, moment, as_known_then=True)
    # the log keeps its entries: only what asks for a role is lost
    assert trust.step("", ADA.whole, moment=moment, clock="").ok
    assert not trust.step("", ADA.whole, moment=NOW, clock="").ok
    assert not trust.step("", ADA.whole, moment=moment, clock="", roles=()).ok


def test_a_list_of_another_root_of_the_same_name_revokes_nothing_and_is_found() -> None:
    other = root()  # the same name, another key
    twin = party("Eve", other, serial=ADA.certificate.serial_number)
    lists = revoked(twin, by=other)
    both = (ROOT.certificate, other.certificate)
    assert revocation.read(revocation.pem(lists), both) == lists
    trust = Trust(roots=both, revoked=(lists,))
    assert trust.step("", ADA.whole, moment=NOW, clock="").ok
    assert not trust.step("", twin.whole, moment=NOW, clock="").ok
    with pytest.raises(SigningError, match="no trusted root signed"):
        revocation.read(revocation.pem(lists), (ROOT.certificate,))


def test_an_issuer_in_between_can_be_revoked() -> None:
    between = party("Department", ROOT, ca=True, path_length=0)
    person = party("Carla", between)
    lists = revoked(between)
    assert ours(person, revoked(BOB)) == ""
    assert "'Department' is revoked" in ours(person, lists)


def test_only_its_issuer_revokes_a_certificate_and_once() -> None:
    with pytest.raises(SigningError, match="was not issued by"):
        revoked(party("Ada", root()))
    with pytest.raises(SigningError, match="was not issued by"):
        revoked(party("Carla", party("Department", ROOT, ca=True)))
    with pytest.raises(SigningError, match="revoked already"):
        revoked(ADA, ADA)


def test_no_byte_of_a_list_is_free() -> None:
    data = revocation.pem(revoked(ADA))
    roots = (ROOT.certificate,)
    assert revocation.read(data, roots)
    for i in range(0, len(data), 3):
        other = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        with pytest.raises(SigningError):
            revocation.read(other, roots)
    for other in (b"", data + b"\n", b"x" + data, data * 2, pem(roots)):
        with pytest.raises(SigningError):
            revocation.read(other, roots)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_one_of_the_standard(reason: Reason) -> None:
    assert reason.value in ours(ADA, revoked(ADA, reason=reason))
