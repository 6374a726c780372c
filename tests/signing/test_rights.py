from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from govern.errors import SigningError
from govern.signing import rights, signature
from govern.signing.rights import Rights
from govern.signing.trust import RIGHTS, Trust
from govern.types import Signatory
from tests.signing.authorities import DAY, NOW, Party, party, root

ROOT = root()
ADA, BOB = party("Dr. Ada Müller", ROOT), party("Bob", ROOT)


def given(*people: Party, serial: int = 1) -> Rights:
    held = rights.none_yet(ROOT.certificate)
    for person in people:
        held = held.granted(person.certificate, [Signatory.CLINICAL], now=NOW)
    return held.model_copy(update={"serial": serial})


def signed(held: Rights, by: Party = ROOT) -> bytes:
    return rights.signed(held, by.identity)


def test_what_was_written_is_read_again() -> None:
    held = given(ADA, BOB)
    assert rights.read(signed(held), [ROOT.certificate]) == held


def test_a_right_holds_within_its_time_for_that_certificate_and_name_only() -> None:
    held = given(ADA).granted(ADA.certificate, [Signatory.QUALITY], now=NOW, until=NOW + 2 * DAY)
    assert held.roles_of(ADA.certificate, NOW + DAY) == {"clinical", "quality"}
    assert held.roles_of(ADA.certificate, NOW + 3 * DAY) == {"clinical"}
    assert held.roles_of(ADA.certificate, NOW - timedelta(seconds=1)) == frozenset()
    assert held.roles_of(ADA.certificate, NOW + 366 * DAY) == frozenset()
    assert held.roles_of(BOB.certificate, NOW + DAY) == frozenset()
    renamed = held.model_copy(update={"signers": tuple(r.model_copy(update={"name": "Eve"}) for r in held.signers)})
    assert renamed.roles_of(ADA.certificate, NOW + DAY) == frozenset()


def test_ended_rights_stay_in_the_file_and_were_good_before() -> None:
    held = given(ADA, BOB).ended(given(ADA).signers[0].certificate, now=NOW + DAY, revoked="0" * 64)
    assert len(held.signers) == 2
    assert held.roles_of(ADA.certificate, NOW) == {"clinical"}
    assert held.roles_of(ADA.certificate, NOW + 2 * DAY) == frozenset()
    assert held.roles_of(BOB.certificate, NOW + 2 * DAY) == {"clinical"}


def test_only_its_own_root_signs_a_file() -> None:
    with pytest.raises(SigningError, match="is of the root"):
        signed(given(ADA), root())


@pytest.mark.parametrize("blob", [b"", b"\x00", bytes(70)])
def test_a_file_without_a_signature_is_refused(blob: bytes) -> None:
    """The empty one was once taken for a good one."""
    body = rights.text(given(ADA))
    with pytest.raises(SigningError, match="did not sign these bytes"):
        rights.read(body + b"signature: " + base64.b64encode(blob) + b"\n", [ROOT.certificate])
    with pytest.raises(SigningError, match="not signed"):
        rights.read(body, [ROOT.certificate])


def test_no_byte_is_free() -> None:
    data = signed(given(ADA, BOB))
    changed = 0
    for i in range(len(data)):
        other = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        with pytest.raises(SigningError):
            rights.read(other, [ROOT.certificate])
        changed += 1
    for other in (data + b"\n", data[:-1], b"\n" + data, data.replace(b"\n", b"\r\n"), data + data, b""):
        with pytest.raises(SigningError):
            rights.read(other, [ROOT.certificate])
    assert changed == len(data)


def test_the_twin_of_the_signature_is_refused() -> None:
    data = signed(given(ADA))
    head, _, blob = data.rpartition(b"signature: ")
    r, s = decode_dss_signature(base64.b64decode(blob))
    twin = base64.b64encode(encode_dss_signature(r, signature.ORDER - s))
    with pytest.raises(SigningError, match="did not sign"):
        rights.read(head + b"signature: " + twin + b"\n", [ROOT.certificate])


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("roles: [clinical]", "roles: [clinical, aprover]", 8, "approver"),
        ("roles: [clinical]", "roles: [ clinical, approver ]", 8, "did not sign"),
        ("schema: govern", "# by hand\nschema: govern", 2, "did not sign"),
        ("serial: 1", "serial: 0", 3, "greater"),
        ("    name:", "    nme:", 7, "unknown key"),
        ("    until:", "     until:", 10, "YAML"),
        ("signers:\n", "signers: &a\n", 5, "did not sign"),
    ],
)
def test_an_edit_by_hand_is_told_with_its_line(old: str, new: str, line: int, what: str) -> None:
    data = signed(given(ADA)).decode()
    assert old in data
    with pytest.raises(SigningError, match=re.escape(what)) as told:
        rights.read(data.replace(old, new, 1).encode(), [ROOT.certificate], path=Path("trust.yaml"))
    assert f"trust.yaml:{line}:" in told.value.message
    assert "govern keys" in told.value.hint


def test_a_role_added_in_the_right_form_is_refused_too() -> None:
    data = signed(given(ADA)).replace(b"[clinical]", b"[clinical, approver]")
    with pytest.raises(SigningError, match="did not sign these bytes"):
        rights.read(data, [ROOT.certificate])


def test_another_root_of_the_same_name_is_another() -> None:
    other = root()
    with pytest.raises(SigningError, match="not trusted here"):
        rights.read(signed(given(ADA)), [other.certificate])


def test_of_two_files_the_newer_counts_and_two_of_one_serial_are_refused() -> None:
    old, new = given(ADA, serial=4), given(ADA, BOB, serial=5)
    trust = Trust(roots=(ROOT.certificate,))
    for first, second in ((old, new), (new, old)):
        both = trust.beside({RIGHTS: signed(first)}).beside({RIGHTS: signed(second)})
        assert both.rights == (new,)
    same = given(BOB, serial=5)
    with pytest.raises(SigningError, match="serial 5"):
        trust.beside({RIGHTS: signed(new)}).beside({RIGHTS: signed(same)})
    assert trust.beside({RIGHTS: signed(new)}).beside({RIGHTS: signed(new)}).rights == (new,)


def test_a_list_that_is_named_must_be_there() -> None:
    with pytest.raises(SigningError, match="missing"):
        Trust(roots=(ROOT.certificate,)).beside({RIGHTS: signed(given(ADA).ended("0" * 64, now=NOW, revoked="1" * 64))})


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(SigningError):
        rights.read(("\n".join(lines) + "\nsignature: AAAA\n").encode(), [ROOT.certificate])
    with pytest.raises(SigningError, match="larger than"):
        rights.read(b"#" * (5 << 20) + b"\nsignature: AAAA\n", [ROOT.certificate])


def test_names_survive_yaml() -> None:
    for name in ('Ö "quoted" \\ back', "yes", "12:30:45", "Ms. O'Neil: MD #1", "- dash", "国王"):
        person = party(name, ROOT)
        assert rights.read(signed(given(person)), [ROOT.certificate]).signers[0].name == name
