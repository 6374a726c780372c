"""Two places, the root's holder's and a project, and what goes between them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from govern import project
from govern.errors import PolicyError, SigningError
from govern.evidence.entry import KEYS
from govern.evidence.log import Log
from govern.keys import bring, certify, make
from govern.keys.listing import holder, holders
from govern.keys.newest import newest
from govern.keys.place import Place
from govern.signing import identity
from govern.signing.certificate import fingerprint, pem
from govern.signing.revocation import Reason
from govern.signing.trust import RIGHTS, Trust
from govern.types import Signatory
from tests.signing.authorities import DAY, NOW, Party, party, root, rsa_key
from tests.signing.test_identity import snapshot

ROOT_WORDS, ADA_WORDS, NEW_WORDS = "the root's own words", "ada's own passphrase", "a new passphrase"
GOVERN = "schema: govern/project/1\nsystem: {name: t}\ndata: {label: y}\npolicy: p\nidentity: ada\n"


def says(words: str) -> Callable[[str], str]:
    return lambda what: words


def silent(what: str) -> str:
    raise AssertionError(f"nobody should be asked for the {what}")


@pytest.fixture(autouse=True)
def _nobody_trusts_anyone_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(identity.PASSPHRASE, raising=False)


@pytest.fixture
def office(tmp_path: Path) -> Place:
    """The root's holder's."""
    place = Place(keys=tmp_path / "office/keys", trust=tmp_path / "office/trust", workspace=None)
    make.create_root(place, "St. Example Hospital", new=says(ROOT_WORDS))
    return place


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """A project."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "govern.yaml").write_text(GOVERN)
    workspace = project.load(folder)
    return Place(keys=workspace.keys, trust=workspace.trust, workspace=workspace)


def ada(place: Place, roles: tuple[Signatory, ...] = (Signatory.AUTHOR,)) -> None:
    make.create(place, "ada", called="Dr. Ada", roles=roles, root=says(ROOT_WORDS), person=says(ADA_WORDS))


def entries(place: Place) -> list[tuple[str, str, str]]:
    assert place.workspace is not None
    found = Log(place.workspace.log).find(KEYS)
    return [(str(e.body["action"]), str(e.body["holder"]), e.actor) for e in found]


def step_ok(place: Place) -> bool:
    assert place.workspace is not None
    (step,) = newest(place.workspace, Log(place.workspace.log).entries())
    return step.ok


def test_in_a_project_every_change_is_an_entry_signed_by_who_made_it(here: Place) -> None:
    assert here.workspace is not None
    make.create_root(here, "St. Example Hospital", new=says(ROOT_WORDS))
    ada(here)
    certify.give(here, "ada", [Signatory.QUALITY], root=says(ROOT_WORDS))
    certify.revoke(here, "ada", reason=Reason.SUPERSEDED, root=says(ROOT_WORDS))
    hospital = "St. Example Hospital"
    assert entries(here) == [
        ("create", hospital, hospital),
        ("create", "Dr. Ada", hospital),
        ("trust", "Dr. Ada", hospital),
        ("revoke", "Dr. Ada", hospital),
    ]
    assert step_ok(here)
    trust = Trust.of(here.trust)
    log = Log(here.workspace.log)
    for entry in log.entries():
        chain = (identity.load(here.keys, "root", ask=says(ROOT_WORDS)).certificate,)
        assert trust.step("", chain, moment=entry.moment, clock="", authority=True).ok
    assert log.entries()[1].body["roles"] == ["author"]
    assert log.entries()[3].body["reason"] == "superseded"


def test_an_older_trust_file_put_back_is_seen(here: Place) -> None:
    make.create_root(here, "St. Example Hospital", new=says(ROOT_WORDS))
    ada(here)
    old = (here.trust / RIGHTS).read_bytes()
    certify.revoke(here, "ada", reason=Reason.KEY_COMPROMISE, root=says(ROOT_WORDS))
    assert here.workspace is not None
    logged = Log(here.workspace.log).entries()
    (here.trust / RIGHTS).write_bytes(old)
    (step,) = newest(here.workspace, logged)
    assert not step.ok
    assert "an older one, of entry 1" in step.found
    (here.trust / RIGHTS).unlink()
    (step,) = newest(here.workspace, logged)
    assert (step.ok, step.found) == (False, "none")
    (here.trust / RIGHTS).write_bytes(old + b"\n")
    (step,) = newest(here.workspace, logged)
    assert "which the log never named" in step.found
    assert newest(here.workspace, []) == []


def test_a_request_is_certified_elsewhere_and_comes_back(office: Place, here: Place, tmp_path: Path) -> None:
    request = make.ask_for(here, "ada", called="Dr. Ada", person=says(ADA_WORDS))
    told = subprocess.run(["openssl", "req", "-in", request, "-verify", "-noout"], capture_output=True, check=True)
    assert b"verify OK" in told.stdout + told.stderr
    with pytest.raises(SigningError, match="still to come"):
        identity.load(here.keys, "ada", ask=silent)
    assert [(h.kind, h.name) for h in holders(here)] == [("request", "Dr. Ada")]
    chain = certify.give(office, str(request), [Signatory.AUTHOR], root=says(ROOT_WORDS))
    back = tmp_path / "back.pem"
    back.write_bytes(pem(chain))

    def come() -> None:
        bring.identity_from(here, "ada", back, opening=says(ADA_WORDS), new=silent)

    with pytest.raises(SigningError, match="certified by the root") as refused:
        (tmp_path / "config").rename(tmp_path / "elsewhere")  # this person has not compared the root yet
        come()
    assert "keys trust ROOT.pem" in refused.value.hint
    own = Place(keys=tmp_path / "config/govern/keys", trust=tmp_path / "config/govern/trust", workspace=None)
    certify.believe(own, chain[-1], compared=fingerprint(chain[-1])[:20], ask=silent)
    come()
    assert sorted(p.name for p in (here.keys / "ada").iterdir()) == ["certificate.pem", "key.pem"]
    assert identity.load(here.keys, "ada", ask=says(ADA_WORDS)).name == "Dr. Ada"
    assert holder(here, "ada").roles == ()  # the rights are still at the office
    bring.rights_from(here, office.trust, ask=says(ADA_WORDS))
    assert holder(here, "ada").roles == ("author",)
    assert entries(here) == [("import", "Dr. Ada", "Dr. Ada"), ("import", "St. Example Hospital", "Dr. Ada")]
    assert step_ok(here)


def test_older_rights_are_not_brought_in(office: Place, here: Place, tmp_path: Path) -> None:
    test_a_request_is_certified_elsewhere_and_comes_back(office, here, tmp_path)
    old = {p.name: p.read_bytes() for p in office.trust.iterdir() if p.is_file()}
    certify.revoke(office, holder(office, "Dr. Ada").certificate or "", reason=Reason.SUPERSEDED, root=says(ROOT_WORDS))
    bring.rights_from(here, office.trust, ask=says(ADA_WORDS))
    assert holder(here, "ada").roles == ()
    for name, data in old.items():
        (office.trust / name).write_bytes(data)
    with pytest.raises(SigningError, match="serial 2, and the newest known here has 3"):
        bring.rights_from(here, office.trust, ask=says(ADA_WORDS))
    (here.trust / RIGHTS).write_bytes(old[RIGHTS])  # put back by hand, then brought in from where it lies
    with pytest.raises(SigningError, match="serial 2, and the newest known here has 3"):
        bring.rights_from(here, here.trust, ask=says(ADA_WORDS))


def files_of(person: Party, folder: Path, form: str) -> Path:
    path = folder / f"brought.{form}"
    if form == "p12":
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(
                b"ada", person.key, person.certificate, person.chain, serialization.BestAvailableEncryption(b"short")
            )
        )
    else:
        key = person.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"short") if form == "enc" else serialization.NoEncryption(),
        )
        path.write_bytes(key + pem(person.whole))
    return path


@pytest.fixture
def hospital(here: Place) -> Party:
    """A root made elsewhere, with an issuer under it, that the project trusts."""
    from govern.signing.roots import keep

    made = root("Hospital CA")
    here.trust.mkdir(parents=True)
    keep(here.trust, made.certificate)
    return made


@pytest.mark.parametrize("form", ["pem", "enc", "p12"])
def test_a_key_made_elsewhere_is_brought_in_and_encrypted(
    here: Place, hospital: Party, tmp_path: Path, form: str
) -> None:
    person = party("Dr. Ada", party("Department", hospital, ca=True))
    path = files_of(person, tmp_path, form)
    opening = silent if form == "pem" else says("short")
    bring.identity_from(here, "ada", path, opening=opening, new=says(NEW_WORDS))
    loaded = identity.load(here.keys, "ada", ask=says(NEW_WORDS))
    assert (loaded.certificate, loaded.chain) == (person.certificate, person.chain)
    assert entries(here) == [("import", "Dr. Ada", "Dr. Ada")]


@pytest.mark.parametrize(
    "why",
    ["another root", "RSA", "key of another", "run out", "an authority", "no key", "wrong words", "rubbish", "weak"],
)
def test_what_does_not_fit_is_not_brought_in(here: Place, hospital: Party, tmp_path: Path, why: str) -> None:
    good = party("Dr. Ada", hospital)
    person = {
        "another root": lambda: party("Dr. Ada", root("Hospital CA")),
        "RSA": lambda: party("Dr. Ada", hospital, key=rsa_key()),
        "key of another": lambda: Party(good.certificate, party("Eve", hospital).key, good.chain),
        "run out": lambda: party("Dr. Ada", hospital, end=NOW - DAY / 24),
        "an authority": lambda: party("Dr. Ada", hospital, ca=True),
    }.get(why, lambda: good)()
    path = files_of(person, tmp_path, "enc" if why == "wrong words" else "pem")
    if why == "no key":
        path.write_bytes(pem(good.whole))
    elif why == "rubbish":
        path.write_bytes(b"\x30\x82rubbish")
    before = snapshot(tmp_path / "project")
    with pytest.raises(SigningError):
        bring.identity_from(
            here, "ada", path, opening=says("not these"), new=says("short" if why == "weak" else NEW_WORDS)
        )
    assert snapshot(tmp_path / "project") == before


def test_a_root_is_trusted_only_after_its_number_was_compared(tmp_path: Path) -> None:
    place = Place(keys=tmp_path / "keys", trust=tmp_path / "trust", workspace=None)
    made = root().certificate
    with pytest.raises(PolicyError, match=fingerprint(made)) as told:
        certify.believe(place, made, compared=None, ask=silent)
    assert "--fingerprint" in told.value.hint
    for other in ("ab", fingerprint(root().certificate)):
        with pytest.raises((SigningError, PolicyError)):
            certify.believe(place, made, compared=other, ask=silent)
    assert not Trust.of(place.trust).roots
    certify.believe(place, made, compared=fingerprint(made).upper(), ask=silent)
    assert Trust.of(place.trust).roots == (made,)


@pytest.mark.parametrize("change", [b"", b"rubbish", "another key"])
def test_a_request_that_its_key_did_not_sign_is_refused(office: Place, tmp_path: Path, change: bytes | str) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    path = tmp_path / "request.pem"
    if isinstance(change, bytes):
        path.write_bytes(b"-----BEGIN CERTIFICATE REQUEST-----\n" + change)
    else:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Eve")])
        made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(party("Eve").key, hashes.SHA256())
        der = bytearray(made.public_bytes(serialization.Encoding.DER))
        der[-1] ^= 1
        from asn1crypto import pem as armour

        path.write_bytes(armour.armor("CERTIFICATE REQUEST", bytes(der)))
    with pytest.raises(SigningError, match="request"):
        certify.give(office, str(path), [Signatory.AUTHOR], root=says(ROOT_WORDS))


def test_a_wrong_passphrase_changes_nothing(here: Place, tmp_path: Path) -> None:
    make.create_root(here, "St. Example Hospital", new=says(ROOT_WORDS))
    before = snapshot(tmp_path / "project")
    for words, person in (("not the root's words", ADA_WORDS), (ROOT_WORDS, "short")):
        with pytest.raises(SigningError):
            make.create(here, "ada", called="Ada", roles=[Signatory.AUTHOR], root=says(words), person=says(person))
    with pytest.raises(SigningError, match="never overwritten"):
        make.create_root(here, "Another", new=says(ROOT_WORDS))
    assert snapshot(tmp_path / "project") == before
