"""Whom trust believes, and whom it must not."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from govern.errors import SigningError
from govern.signing import identity, rights
from govern.signing.certificate import DEVELOPMENT_MARK, is_root, pem, printable, read_chain
from govern.signing.issue import issue
from govern.signing.roots import keep, roots_from, trusted_roots
from govern.signing.trust import RIGHTS, Trust
from govern.types import Signatory, Step
from tests.signing.authorities import DAY, NOW, Party, party, root, rsa_key

ROOT = root()
ADA = party("Ada", ROOT)


def step(person: Party, *roots: Party, moment: datetime = NOW, authority: bool = False) -> Step:
    trust = Trust(roots=tuple(r.certificate for r in roots or (ROOT,)))
    return trust.step("trust", person.whole, moment=moment, clock="now", authority=authority)


def openssl(folder: Path, person: Party, *roots: Party) -> bool:
    if not (program := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    (folder / "roots.pem").write_bytes(pem(r.certificate for r in roots))
    (folder / "chain.pem").write_bytes(pem(person.chain))
    (folder / "person.pem").write_bytes(pem((person.certificate,)))
    arguments = ["-x509_strict", "-CAfile", "roots.pem", "-untrusted", "chain.pem", "person.pem"]
    return subprocess.run([program, "verify", *arguments], cwd=folder, capture_output=True, check=False).returncode == 0


def test_paths_as_openssl_finds_them(tmp_path: Path) -> None:
    between = party("Department", ROOT, ca=True, path_length=0)
    deep = party("Ward", between, ca=True)
    other, same_name = root("Other"), root()
    critical = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
    cases = {
        "direct": (ADA, True),
        "over one in between": (party("Carla", between), True),
        "path length exceeded": (party("Carla", deep), False),
        "issued by a person": (party("Eve", ADA), False),
        "another root": (party("Eve", other), False),
        "another root of the same name": (party("Eve", same_name), False),
        "an issuer of the same name, another key": (Party(ADA.certificate, ADA.key, (same_name.certificate,)), True),
        "a critical extension nobody knows": (party("Ada", ROOT, extensions=((critical, True),)), False),
        "run out": (party("Ada", ROOT, end=NOW - timedelta(hours=1)), False),
        "not yet": (party("Ada", ROOT, start=NOW + DAY), False),
    }
    for what, (person, expected) in cases.items():
        assert openssl(tmp_path, person, ROOT) is expected, what
        if "same name, another key" not in what:  # bytes of a root that came along are not free to change
            assert step(person).ok is expected, what
    assert not step(cases["an issuer of the same name, another key"][0]).ok


def test_each_person_is_under_their_own_of_two_roots() -> None:
    other = root("Other")
    bob = party("Bob", other)
    assert "under 'Example Hospital'" in step(ADA, ROOT, other).found
    assert "under 'Other'" in step(bob, ROOT, other).found
    held = rights.none_yet(ROOT.certificate)
    for person in (ADA, bob):  # a root that gives rights to another's people
        held = held.granted(person.certificate, [Signatory.AUTHOR], now=NOW - DAY)
    trust = Trust(roots=(ROOT.certificate, other.certificate)).beside({RIGHTS: rights.signed(held, ROOT.identity)})
    assert trust.step("", ADA.whole, moment=NOW, clock="", roles=[Signatory.AUTHOR]).ok
    refused = trust.step("", bob.whole, moment=NOW, clock="", roles=[Signatory.AUTHOR])
    assert "no trust.yaml of 'Other'" in refused.found
    assert not trust.step("", ADA.whole, moment=NOW, clock="", roles=[]).ok


def test_a_right_of_another_role_or_time_is_none() -> None:
    held = rights.none_yet(ROOT.certificate).granted(ADA.certificate, [Signatory.CLINICAL], now=NOW)
    trust = Trust(roots=(ROOT.certificate,)).beside({RIGHTS: rights.signed(held, ROOT.identity)})

    def said(role: Signatory, moment: datetime) -> str:
        found = trust.step("", ADA.whole, moment=moment, clock="", roles=[role])
        return "" if found.ok else found.found

    assert said(Signatory.CLINICAL, NOW) == ""
    assert "holds clinical, and approver was expected" in said(Signatory.APPROVER, NOW)
    assert "holds no role" in said(Signatory.CLINICAL, NOW - timedelta(seconds=1))


def test_under_a_development_root_everything_is_marked() -> None:
    """Its key lies open in a project: it must not make a certificate that looks like a real one."""
    key, person = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    valid = (NOW - DAY, NOW + DAY)
    made = issue("dev root", key.public_key(), issuer=None, issuer_key=key, valid=valid, development=True)
    dev = Party(made, key)
    plain = Party(issue("Eve", person.public_key(), issuer=made, issuer_key=key, valid=valid), person, (made,))
    marked = issue("Eve", person.public_key(), issuer=made, issuer_key=key, valid=valid, development=True)
    assert "not marked" in step(plain, dev).found
    assert "DEVELOPMENT KEY" in step(Party(marked, person, (made,)), dev).found
    assert DEVELOPMENT_MARK in marked.subject.rfc4514_string()


def test_a_root_signs_itself_only_where_it_is_asked_for() -> None:
    assert "authority" in step(ROOT).found
    allowed = step(ROOT, authority=True)
    assert allowed.ok
    assert "the root 'Example Hospital' itself" in allowed.found
    assert not step(root(), authority=True).ok
    assert "future" in step(ROOT, moment=NOW + DAY, authority=True).found
    assert not step(ROOT, moment=NOW - 2 * DAY, authority=True).ok
    trust = Trust(roots=(ROOT.certificate,))
    assert not trust.step("", ROOT.whole, moment=NOW, clock="", roles=[Signatory.AUTHOR], authority=True).ok
    assert step(ADA, authority=True).ok


def test_a_clock_that_is_behind_is_named() -> None:
    found = step(ADA, moment=datetime.now(UTC) + timedelta(hours=1))
    assert not found.ok
    assert "or the clock here is behind" in found.found
    assert step(ADA, moment=datetime.now(UTC) + timedelta(minutes=4)).ok


@pytest.mark.parametrize("what", ["a person", "RSA", "no authority", "another's"])
def test_what_is_no_root_is_not_taken_for_one(what: str, tmp_path: Path) -> None:
    found = {
        "a person": ADA,
        "RSA": root(key=rsa_key()),
        "no authority": party("Self-signed"),
        "another's": party("Department", ROOT, ca=True),
    }[what]
    assert not is_root(found.certificate)
    (tmp_path / "root.pem").write_bytes(pem((found.certificate,)))
    with pytest.raises(SigningError, match="is no root"):
        Trust.of(tmp_path)
    with pytest.raises(SigningError, match="is no root"):
        roots_from(tmp_path / "root.pem")


def test_a_folder_that_everyone_may_write_to_is_not_believed(tmp_path: Path) -> None:
    keep(tmp_path, ROOT.certificate)
    tmp_path.chmod(0o777)
    with pytest.raises(SigningError, match="everyone may write") as told:
        trusted_roots(tmp_path)
    assert "chmod o-w" in told.value.hint
    tmp_path.chmod(0o775)  # a group's folder, as some systems make every folder
    assert trusted_roots(tmp_path) == [ROOT.certificate]


def test_an_older_file_that_came_along_does_not_give_back_a_right(tmp_path: Path) -> None:
    keep(tmp_path, ROOT.certificate)
    old = rights.none_yet(ROOT.certificate).granted(ADA.certificate, [Signatory.AUTHOR], now=NOW - DAY)
    new = old.ended(ADA.identity.fingerprint, now=NOW - DAY / 2, revoked=None)
    (tmp_path / RIGHTS).write_bytes(rights.signed(new, ROOT.identity))
    trust = Trust.of(tmp_path).beside({RIGHTS: rights.signed(old, ROOT.identity)})
    assert not trust.step("", ADA.whole, moment=NOW, clock="", roles=[Signatory.AUTHOR]).ok


def test_names_that_cannot_be_told_apart_are_refused() -> None:
    for name in ("", " Ada", "Ada ", "A\u202eda", "Ada\u200b", "Mu\u0308ller", "x" * 65, "a\nb", "\x00"):
        with pytest.raises(SigningError, match="cannot be printed"):
            printable(name)
    for name in ("Dr. Ada Müller", "国王", "O'Neil, MD"):
        assert printable(name) == name


def test_certificates_that_govern_makes_hold_for_openssl(tmp_path: Path) -> None:
    made = identity.create_development(tmp_path / "keys", tmp_path / "trust", identity="author", name="Ada")
    own = read_chain(made.pem)
    assert openssl(tmp_path, Party(own[0], None, own[1:]), Party(own[1], None))
