"""The root's holder at work: nothing lost between processes, nothing half done, no clock that runs behind."""

from __future__ import annotations

import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from govern.canonical import sha256
from govern.errors import SigningError
from govern.signing import identity, rights
from govern.signing.authority import Authority, Change, Nowhere, establish
from govern.signing.identity import Identity
from govern.signing.revocation import Reason
from govern.signing.roots import keep
from govern.signing.trust import RIGHTS, Trust
from govern.types import Signatory
from tests.signing.authorities import DAY, NOW, Party, party, root
from tests.signing.test_identity import snapshot


@pytest.fixture
def holder(tmp_path: Path) -> Authority:
    return Authority(root=root().identity, trust=tmp_path / "trust")


def certified(authority: Authority, name: str = "Ada", role: Signatory = Signatory.CLINICAL) -> Party:
    key = ec.generate_private_key(ec.SECP256R1())
    chain = authority.certify(name, key.public_key(), [role])
    return Party(chain[0], key, chain[1:])


def holds(authority: Authority, person: Party, role: Signatory, moment: datetime | None = None) -> bool:
    moment = moment or datetime.now(UTC)
    return Trust.of(authority.trust).step("", person.whole, moment=moment, clock="", roles=[role]).ok


def test_roles_are_given_extended_and_taken_back(holder: Authority) -> None:
    ada, bob = certified(holder), certified(holder, "Bob")
    assert holds(holder, ada, Signatory.CLINICAL)
    assert not holds(holder, ada, Signatory.QUALITY)
    holder.grant(ada.whole, [Signatory.QUALITY], until=NOW + DAY)
    assert holds(holder, ada, Signatory.QUALITY)
    holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE)
    assert not holds(holder, ada, Signatory.CLINICAL)
    assert not holds(holder, ada, Signatory.QUALITY)
    assert holds(holder, bob, Signatory.CLINICAL)
    with pytest.raises(SigningError, match="revoked already"):
        holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE)
    with pytest.raises(SigningError, match="is revoked since"):
        holder.grant(ada.whole, [Signatory.APPROVER])
    holder.revoke(bob.certificate, reason=Reason.SUPERSEDED)  # the list keeps both
    assert not holds(holder, ada, Signatory.CLINICAL)
    assert not holds(holder, bob, Signatory.CLINICAL)


def test_a_key_stolen_earlier_counts_no_longer_from_then_on(holder: Authority) -> None:
    held = rights.none_yet(holder.root.certificate)
    ada = party("Ada", Party(holder.root.certificate, holder.root.key))
    held = held.granted(ada.certificate, [Signatory.CLINICAL], now=NOW - 20 * timedelta(hours=1))
    holder.trust.mkdir()
    keep(holder.trust, holder.root.certificate)
    (holder.trust / RIGHTS).write_bytes(rights.signed(held, holder.root))
    since = NOW - timedelta(hours=3)
    holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE, since=since)
    assert holds(holder, ada, Signatory.CLINICAL, since - timedelta(minutes=1))
    assert not holds(holder, ada, Signatory.CLINICAL, since + timedelta(minutes=1))
    with pytest.raises(SigningError, match="lies ahead"):
        holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE, since=NOW + DAY)


@pytest.mark.parametrize("why", ["another root's", "run out", "not yet", "unprintable", "no role", "past"])
def test_a_right_that_nobody_could_use_is_not_given(holder: Authority, why: str) -> None:
    own = Party(holder.root.certificate, holder.root.key)
    person = {
        "another root's": lambda: party("Eve", root()),
        "run out": lambda: party("Ada", own, end=NOW - timedelta(minutes=1)),
        "not yet": lambda: party("Ada", own, start=NOW + timedelta(hours=1)),
        "unprintable": lambda: party("Ada\u202e", own),
    }.get(why, lambda: party("Ada", own))()
    holder.trust.mkdir()
    with pytest.raises(SigningError):
        holder.grant(
            person.whole,
            [] if why == "no role" else [Signatory.AUTHOR],
            until=NOW - DAY if why == "past" else None,
        )
    assert snapshot(holder.trust) == {}


def test_each_change_is_entered_before_it_is_made_and_names_what_it_leaves(tmp_path: Path) -> None:
    entered: list[tuple[Change, str, bytes | None]] = []
    path = tmp_path / "trust" / RIGHTS

    class Kept(Nowhere):
        def enter(self, change: Change, signer: Identity) -> None:
            entered.append((change, signer.name, path.read_bytes() if path.exists() else None))

    holder = Authority(root=root().identity, trust=tmp_path / "trust", journal=Kept())
    ada = certified(holder)
    once = path.read_bytes()
    holder.revoke(ada.certificate, reason=Reason.SUPERSEDED)
    (first, signer, before), (second, _, between) = entered
    assert (first.action, first.holder, first.roles, signer) == ("trust", "Ada", ("clinical",), "Example Hospital")
    assert (before, between) == (None, once)
    assert first.trust_sha256 == sha256(once)
    assert (second.action, second.reason, second.trust_sha256) == ("revoke", "superseded", sha256(path.read_bytes()))


@pytest.mark.parametrize("change", ["certify", "grant", "revoke"])
def test_what_cannot_be_entered_is_not_made_and_can_be_done_again(tmp_path: Path, change: str) -> None:
    plain = Authority(root=root().identity, trust=tmp_path / "trust")
    ada = certified(plain)
    path = tmp_path / "trust" / RIGHTS
    before = path.read_bytes()

    class Full(Nowhere):
        def enter(self, change: Change, signer: Identity) -> None:
            raise SigningError("the disk is full")

    def do(holder: Authority) -> None:
        {
            "certify": lambda: certified(holder, "Bob"),
            "grant": lambda: holder.grant(ada.whole, [Signatory.QUALITY]),
            "revoke": lambda: holder.revoke(ada.certificate, reason=Reason.SUPERSEDED),
        }[change]()

    with pytest.raises(SigningError, match="the disk is full"):
        do(Authority(root=plain.root, trust=plain.trust, journal=Full()))
    assert path.read_bytes() == before
    do(plain)
    assert Trust.of(plain.trust).rights[0].serial == 3
    assert path.read_bytes() != before


class Remembered(Nowhere):
    """A journal in memory; ``killed`` ends the process right after an entry, as far as the caller can tell."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.killed = False

    def enter(self, change: Change, signer: Identity) -> None:
        self.changes.append(change)
        if self.killed:
            raise KeyboardInterrupt

    def newest(self) -> Change | None:
        return self.changes[-1] if self.changes else None


def test_a_change_that_was_killed_after_its_entry_is_finished_by_the_next(tmp_path: Path) -> None:
    journal = Remembered()
    holder = Authority(root=root().identity, trust=tmp_path / "trust", journal=journal)
    ada = certified(holder)
    journal.killed = True
    with pytest.raises(KeyboardInterrupt):
        holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE)
    assert holds(holder, ada, Signatory.CLINICAL)
    journal.killed = False
    with pytest.raises(SigningError, match="revoked already"):
        holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE)
    assert not holds(holder, ada, Signatory.CLINICAL)
    assert len(journal.changes) == 2


def test_an_older_file_that_was_put_back_gives_nothing_again(tmp_path: Path) -> None:
    journal = Remembered()
    holder = Authority(root=root().identity, trust=tmp_path / "trust", journal=journal)
    ada = certified(holder)
    old = (holder.trust / RIGHTS).read_bytes()
    holder.revoke(ada.certificate, reason=Reason.KEY_COMPROMISE)
    newest = (holder.trust / RIGHTS).read_bytes()
    (holder.trust / RIGHTS).write_bytes(old)
    for change in (lambda: certified(holder, "Bob"), lambda: holder.grant(ada.whole, [Signatory.QUALITY])):
        with pytest.raises(SigningError, match=r"not the one .* that the log names last"):
            change()
    (holder.trust / RIGHTS).write_bytes(newest)
    certified(holder, "Bob")
    assert not holds(holder, ada, Signatory.CLINICAL)


def _certify_many(keys: Path, trust: Path, worker: int, count: int) -> None:
    holder = Authority(root=identity.load(keys, "root"), trust=trust)
    for i in range(count):
        certified(holder, f"Person {worker}-{i}")


def test_processes_do_not_lose_one_anothers_rights(tmp_path: Path) -> None:
    keys, trust, workers, count = tmp_path / "keys", tmp_path / "trust", 4, 5
    establish(keys, trust, root().identity, passphrase="")
    spawn = multiprocessing.get_context("spawn")
    started = [spawn.Process(target=_certify_many, args=(keys, trust, w, count)) for w in range(workers)]
    for process in started:
        process.start()
    for process in started:
        process.join()
        assert process.exitcode == 0
    (held,) = Trust.of(trust).rights
    assert held.serial == 1 + workers * count
    assert len({r.name for r in held.signers}) == workers * count


def test_a_clock_that_is_behind_gives_no_rights(holder: Authority) -> None:
    ahead = NOW + timedelta(hours=1)
    held = rights.none_yet(holder.root.certificate)
    person = party("Ada", Party(holder.root.certificate, holder.root.key))
    holder.trust.mkdir()
    (holder.trust / RIGHTS).write_bytes(
        rights.signed(held.granted(person.certificate, [Signatory.AUTHOR], now=ahead), holder.root)
    )
    with pytest.raises(SigningError, match="the clock says") as told:
        certified(holder, "Bob")
    assert told.value.hint == "set the clock right"


def test_rights_of_another_root_are_not_replaced(tmp_path: Path) -> None:
    first = Authority(root=root("First").identity, trust=tmp_path / "trust")
    certified(first)
    before = snapshot(tmp_path)
    with pytest.raises(SigningError, match="the root 'First' has given"):
        establish(tmp_path / "keys", tmp_path / "trust", root("Second").identity, passphrase="")
    with pytest.raises(SigningError, match="not trusted here"):
        certified(Authority(root=root("Second").identity, trust=tmp_path / "trust"))
    assert snapshot(tmp_path) == before


def test_a_development_root_makes_way_and_stays_trusted(tmp_path: Path) -> None:
    keys, trust = tmp_path / "keys", tmp_path / "trust"
    dev = identity.create_development(keys, trust, identity="author", name="Ada")
    real = root().identity
    establish(keys, trust, real, passphrase="")
    assert identity.load(keys, "root").fingerprint == real.fingerprint
    assert (keys / "root-development/key.pem").exists()
    assert Trust.of(trust).step("", (dev.certificate, *dev.chain), moment=datetime.now(UTC), clock="").ok
    assert Trust.of(trust).rights[0].signers == ()
    with pytest.raises(SigningError, match="never overwritten"):
        establish(keys, trust, root().identity, passphrase="")
    with pytest.raises(SigningError, match="no development root"):
        identity.create_development(keys, trust, identity="bob", name="Bob")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(holder: Authority) -> None:
    holder.trust.mkdir(mode=0o500)
    with pytest.raises(SigningError, match="cannot be written"):
        certified(holder)


def test_a_full_disk_leaves_the_rights_as_they_were(holder: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    certified(holder)
    before = (holder.trust / RIGHTS).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    from govern.errors import InputError

    with pytest.raises(InputError, match="No space left"):
        certified(holder, "Bob")
    assert (holder.trust / RIGHTS).read_bytes() == before
