"""Who may approve a registered version, what a signature leaves behind, and what a rejection blocks."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern import canonical
from govern.approve import Signed, sign, with_approvals
from govern.errors import GovernError, InputError, PolicyError, SigningError
from govern.evidence import bundle
from govern.lifecycle import approvals
from govern.lifecycle.approvals import APPROVAL, REJECTION
from govern.registry import lookup, register
from govern.registry.register import kept
from govern.signing import identity
from govern.signing.pades import check
from govern.types import Signatory
from govern.verify import verify
from tests.evidence.samples import certified, plain_pdf
from tests.lifecycle.conftest import Make, Registered, certify, enrol, policy
from tests.registry.test_refusals import refused


def signs(made: Registered, who: str, role: str | None = None, *, kind: str = APPROVAL, meaning: str = "") -> Signed:
    return sign(
        made.workspace,
        made.target,
        kind=kind,
        role=Signatory(role or who),
        meaning=meaning or f"{role or who} {kind}",
        signer=made.people[who],
    )


def rejects(made: Registered, who: str, role: str | None = None) -> Signed:
    return signs(made, who, role, kind=REJECTION)


def promote(made: Registered) -> None:
    made.project.client().set_registered_model_alias(made.project.name, "champion", "1")


def steps(made: Registered) -> dict[str, Any]:
    return {s.name: s for s in verify(made.target, made.workspace)}


def test_an_alias_waits_for_every_role_and_a_rejection_blocks_it_again(registered: Registered) -> None:
    message = refused(promote, registered)
    assert "govern approve sepsis/1 --role clinical --meaning TEXT" in message
    assert "govern approve sepsis/1 --role regulatory --meaning TEXT" in message
    done = signs(registered, "clinical")
    assert done.standing.missing == (Signatory.REGULATORY,)
    message = refused(promote, registered)
    assert "--role regulatory" in message
    assert "--role clinical" not in message
    assert signs(registered, "regulatory").standing.complete
    promote(registered)
    assert registered.project.client().get_model_version_by_alias("sepsis", "champion").version == 1
    assert rejects(registered, "clinical").standing.rejections
    assert "rejected by Grace Hopper" in refused(promote, registered)
    assert signs(registered, "clinical", meaning="answered since").standing.complete
    promote(registered)


def test_stages_wait_too_and_putting_away_does_not(registered: Registered) -> None:
    store = registered.project.store()

    def move(stage: str) -> Any:
        return store.transition_model_version_stage("sepsis", "1", stage, False)

    for stage in ("Production", "Staging", "production"):
        assert "--role clinical" in refused(move, stage)
    assert move("Archived").current_stage == "Archived"
    signs(registered, "clinical")
    signs(registered, "regulatory")
    assert move("Production").current_stage == "Production"
    (entry,) = registered.log.find("promotion")
    assert entry.body["stage"] == "Production"


def test_the_entry_is_the_signature(registered: Registered) -> None:
    before = kept(registered.workspace, registered.evidence)
    done = signs(registered, "clinical", meaning="I have read it and agree")
    entry = done.receipt.entry
    assert (entry.kind, entry.actor) == ("approval", "Grace Hopper")
    assert entry.signer == registered.people["clinical"].fingerprint
    assert abs((datetime.now(UTC) - entry.moment).total_seconds()) < 60
    body = dict(entry.body)
    signed = body.pop("signed")
    assert body == {
        "evidence": registered.evidence.sha256,
        "name": "sepsis",
        "version": 1,
        "role": "clinical",
        "meaning": "I have read it and agree",
        "dossiers": {path: canonical.sha256(pdf) for path, pdf in before.items()},
    }
    after = kept(registered.workspace, registered.evidence)
    assert signed == {path: canonical.sha256(pdf) for path, pdf in after.items()}
    (pdf,) = after.values()
    found = {s.name: s for s in check(pdf, registered.trust)}
    assert all(s.ok for s in found.values())
    assert "'Grace Hopper' for I have read it and agree" in found["PDF signature (clinical)"].found
    assert "approval (clinical)" in steps(registered)


def test_a_promotion_is_in_the_log_where_the_process_can_sign(make: Make) -> None:
    made = make(policy(approvals=[]))
    promote(made)
    (entry,) = made.log.find("promotion")
    assert entry.body["alias"] == "champion"
    assert entry.body["evidence"] == made.evidence.sha256
    made.project.client().delete_registered_model_alias("sepsis", "champion")
    (made.workspace.keys / "author").rename(made.workspace.keys / "away")
    promote(made)
    assert len(made.log.find("promotion")) == 1
    assert made.project.rows("registered_model_aliases") == [("champion", 1, "sepsis", "default")]


@pytest.mark.parametrize(
    ("who", "role", "error", "words"),
    [
        ("clinical", "regulatory", SigningError, "holds clinical, and regulatory was expected"),
        ("reviewer", "clinical", SigningError, "holds reviewer"),
        ("author", "clinical", SigningError, "holds author"),
        ("author", "author", PolicyError, "approves nothing"),
        ("namesake", "author", PolicyError, "approves nothing"),
        ("namesake", "clinical", PolicyError, "is the author"),
    ],
)
def test_who_may_not_sign(registered: Registered, who: str, role: str, error: type[GovernError], words: str) -> None:
    before = registered.kinds()
    for kind in (APPROVAL, REJECTION):
        with pytest.raises(error, match=words):
            signs(registered, who, role, kind=kind)
    assert registered.kinds() == before


def test_the_authors_key_under_another_name_is_the_author(registered: Registered) -> None:
    from govern.signing.authority import Authority
    from govern.signing.identity import Identity

    root = identity.load(registered.workspace.keys, "root")
    author = registered.people["author"]
    certificate, *rest = Authority(root=root, trust=registered.workspace.trust).certify(
        "Somebody Else", author.key.public_key(), [Signatory.CLINICAL]
    )
    other = Identity(name="Somebody Else", key=author.key, certificate=certificate, chain=tuple(rest))
    made = dataclasses.replace(registered, people={"clinical": other})
    with pytest.raises(PolicyError, match="is the author"):
        signs(made, "clinical")


def test_an_entry_written_around_the_command_does_not_count(registered: Registered) -> None:
    """The log is open to whoever has a key: what counts is who they are."""
    about = {"evidence": registered.evidence.sha256, "name": "sepsis", "version": 1, "meaning": "yes"}
    for who, changes in (
        ("author", {}),
        ("reviewer", {}),
        ("namesake", {}),
        ("clinical", {"role": "regulatory"}),
        ("clinical", {"version": 2}),
        ("clinical", {"evidence": "0" * 64}),
        ("clinical", {"meaning": None}),
        ("clinical", {"role": ["clinical"]}),
    ):
        body = {**about, "role": "clinical", **changes}
        registered.log.append(APPROVAL, body, identity=registered.people[who])
    stands = approvals.standing(
        registered.workspace, registered.evidence, "sepsis", 1, registered.trust, datetime.now(UTC)
    )
    assert stands.missing == (Signatory.CLINICAL, Signatory.REGULATORY)
    assert len(stands.void) == 6
    assert "entry 3 does not count" in refused(promote, registered)
    assert verify(registered.target, registered.workspace)


def test_signing_twice(registered: Registered) -> None:
    signs(registered, "clinical")
    before = registered.kinds()
    with pytest.raises(PolicyError, match="approved as clinical already: Grace Hopper"):
        signs(registered, "clinical")
    with pytest.raises(PolicyError, match="approved as clinical already: Grace Hopper"):
        signs(registered, "second", "clinical")
    rejects(registered, "regulatory")
    with pytest.raises(PolicyError, match="has rejected this version already"):
        rejects(registered, "regulatory")
    assert registered.kinds() == [*before, "rejection"]


def test_a_rejection_is_lifted_by_who_made_it(registered: Registered) -> None:
    rejects(registered, "clinical")
    with pytest.raises(PolicyError, match="the rejection by Grace Hopper"):
        signs(registered, "second", "clinical")
    body = {
        "evidence": registered.evidence.sha256,
        "name": "sepsis",
        "version": 1,
        "role": "clinical",
        "meaning": "but I agree",
    }
    registered.log.append(APPROVAL, body, identity=registered.people["second"])
    stands = lookup.approvals_of(registered.workspace, "sepsis", "1")
    assert any("rejected by Grace Hopper" in s.found for s in stands)
    assert signs(registered, "clinical").standing.missing == (Signatory.REGULATORY,)


def test_a_rejection_of_who_left_can_be_lifted_by_another(registered: Registered) -> None:
    from govern.signing.authority import Authority
    from govern.signing.revocation import Reason

    rejects(registered, "clinical")
    time.sleep(1.1)  # a list of revoked certificates states whole seconds
    root = identity.load(registered.workspace.keys, "root")
    Authority(root=root, trust=registered.workspace.trust).revoke(
        registered.people["clinical"].certificate, reason=Reason.AFFILIATION_CHANGED
    )
    with pytest.raises(SigningError, match="revoked"):
        signs(registered, "clinical")
    assert not signs(registered, "second", "clinical").standing.rejections


def test_a_rejection_in_a_role_that_nobody_asked_for_blocks(make: Make) -> None:
    made = make(policy(approvals=[]))
    rejects(made, "quality")
    assert "rejected by Barbara Liskov" in refused(promote, made)
    signs(made, "quality")
    promote(made)


def test_a_rejected_version_in_use_does_not_verify_and_one_on_the_shelf_does(make: Make) -> None:
    made = make(policy(approvals=[{"role": "quality"}]))
    assert all(s.ok for s in steps(made).values()), "an approval that nobody needs yet is no fault"
    assert "missing" in steps(made)["approval (quality)"].found
    rejects(made, "quality")
    assert all(s.ok for s in steps(made).values())
    signs(made, "quality")
    promote(made)
    assert all(s.ok for s in steps(made).values())
    rejects(made, "quality")
    assert [n for n, s in steps(made).items() if not s.ok] == ["approval (quality)", "rejection (quality)"]


def dossier(made: Registered) -> Path:
    (path,) = kept(made.workspace, made.evidence)
    return made.project.root / "mlruns" / made.project.run_id / "artifacts" / path


def test_a_dossier_that_was_changed_or_exchanged_or_lost_is_not_signed(registered: Registered) -> None:
    path = dossier(registered)
    whole = path.read_bytes()
    author = registered.people["author"]
    other = certify(registered.evidence, author)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for spoiled in (other, bytes(flipped), whole[:-400], whole + b"\n%%EOF\n", b"not a PDF"):
        path.write_bytes(spoiled)
        before = registered.kinds()
        with pytest.raises(InputError, match=r"dossier-fda\.pdf"):
            signs(registered, "clinical")
        assert registered.kinds() == before
        assert path.read_bytes() == spoiled
    path.unlink()
    with pytest.raises(InputError, match="is gone from the run's artifacts"):
        signs(registered, "clinical")
    path.write_bytes(whole)
    stray = path.with_name("another.pdf")
    stray.write_bytes(other)
    with pytest.raises(InputError, match=r"another\.pdf: it is not the file that was logged"):
        signs(registered, "clinical")
    stray.unlink()
    signs(registered, "clinical")
    assert signs(registered, "regulatory").standing.complete


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["before the entry", "after the entry", "while storing"])
def test_killed_and_run_again_it_completes_without_a_second_entry(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from govern.evidence.log import Log

    def kill(*_: Any, **__: Any) -> None:
        if moment == "while storing":
            data = dossier(registered).read_bytes()
            dossier(registered).write_bytes(data[: len(data) // 2])
        raise Killed

    with monkeypatch.context() as patched:
        if moment == "before the entry":
            patched.setattr(Log, "append", kill)
        else:
            patched.setattr(register, "replace_kept", kill)
        with pytest.raises(Killed):
            signs(registered, "clinical")
    done = signs(registered, "clinical")
    assert done.resumed == (moment != "before the entry")
    assert registered.kinds().count("approval") == 1
    assert done.dossiers
    (pdf,) = kept(registered.workspace, registered.evidence).values()
    found = check(pdf, registered.trust)
    assert all(s.ok for s in found)
    assert "PDF signature (clinical)" in {s.name for s in found}
    with pytest.raises(PolicyError, match="already"):
        signs(registered, "clinical")


def test_a_version_without_evidence_or_with_changed_facts(registered: Registered) -> None:
    with pytest.raises(InputError, match="no version sepsis/9"):
        sign(
            registered.workspace,
            "sepsis/9",
            kind=APPROVAL,
            role=Signatory.CLINICAL,
            meaning="yes",
            signer=registered.people["clinical"],
        )
    registered.project.write("DELETE FROM model_version_tags WHERE key = 'govern.evidence'")
    with pytest.raises(InputError, match="registered around the gate"):
        signs(registered, "clinical")


@pytest.mark.parametrize("meaning", ["", "  ", "two\nlines", "x" * 201, "bell\a"])
def test_a_meaning_that_cannot_be_printed(registered: Registered, meaning: str) -> None:
    with pytest.raises(PolicyError, match="--meaning"):
        sign(
            registered.workspace,
            registered.target,
            kind=APPROVAL,
            role=Signatory.CLINICAL,
            meaning=meaning,
            signer=registered.people["clinical"],
        )


def test_approvals_travel_and_prove_themselves(registered: Registered, tmp_path: Path) -> None:
    signs(registered, "clinical")
    rejects(registered, "regulatory")
    carried = with_approvals(registered.workspace, registered.evidence, registered.target)
    pdf = tmp_path / "later.pdf"

    def verified(files: dict[str, bytes]) -> dict[str, Any]:
        pdf.write_bytes(certified(plain_pdf(files), registered.people["author"]))
        return {s.name: s for s in verify(str(pdf), None, trust=registered.trust)}

    found = verified(dict(carried.files))
    assert all(s.ok for s in found.values())
    assert "Grace Hopper" in found["approval (clinical)"].found
    assert "rejected by Mary Shaw" in found["rejection (regulatory)"].found
    receipts = approvals.read_attached(carried.files[bundle.APPROVALS])
    forged = dataclasses.replace(
        receipts[0], entry=dataclasses.replace(receipts[0].entry, body={**receipts[0].entry.body, "meaning": "no"})
    )
    for spoiled in (approvals.attached([forged]), approvals.attached([]), b"[]", b"{}", b"[1]", b"nonsense"):
        found = verified({**carried.files, bundle.APPROVALS: spoiled})
        assert not all(s.ok for s in found.values()), spoiled[:20]


def test_approvals_of_another_version_do_not_travel(registered: Registered) -> None:
    signs(registered, "clinical")
    receipts = registered.log.receipt(registered.log.find("approval")[0].index)
    other = registered.project.decide(dataclasses.replace(registered.evidence.record, system={"name": "another"}))
    files = {**other.files, bundle.APPROVALS: approvals.attached([receipts])}
    found = approvals.carried(bundle.from_files(files), registered.trust)
    assert [s.ok for s in found if not s.ok]


def test_a_clock_that_was_moved_back_signs_nothing(registered: Registered, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.lifecycle import entries

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(entries, "datetime", Yesterday)
    with pytest.raises(SigningError, match="clock says 2020"):
        signs(registered, "clinical")


def test_one_person_may_hold_two_roles(registered: Registered) -> None:
    both = enrol(registered.workspace, {"both": ("Radia Perlman", [Signatory.CLINICAL, Signatory.REGULATORY])})
    made = dataclasses.replace(registered, people={**registered.people, **both})
    signs(made, "both", "clinical")
    assert signs(made, "both", "regulatory").standing.complete
