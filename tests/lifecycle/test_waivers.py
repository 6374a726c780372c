"""Waivers: two signatures, one scope, a last day; and what the registry makes of one that has expired."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from govern.errors import GovernError, PolicyError, SigningError
from govern.evidence.bundle import Bundle
from govern.evidence.log import Log
from govern.gate import decide
from govern.lifecycle import waivers
from govern.policy import Policy
from govern.registry.register import register
from govern.signing import identity
from govern.signing.identity import Identity
from govern.signing.trust import Trust
from govern.types import Outcome, Record, Verdict, Waiver
from govern.verify import verify
from tests.lifecycle.conftest import PEOPLE, enrol, policy, record_under
from tests.registry.conftest import Project, finding
from tests.registry.test_refusals import refused

REASON = "the next 200 patients are being enrolled"
NOW = datetime.now(UTC)
SOON = (NOW.date() + timedelta(days=30)).isoformat()
FINDING = "discrimination"


@dataclasses.dataclass
class Waived:
    """A project whose gate denied ``sepsis`` for one finding."""

    project: Project
    people: dict[str, Identity]
    policy: Policy

    @property
    def log(self) -> Log:
        return Log(self.project.workspace.log)

    @property
    def trust(self) -> Trust:
        return Trust.of(self.project.workspace.trust)

    def propose(self, finding: str = FINDING, *, owner: str = "author", **changes: Any) -> int:
        given = {
            "reason": REASON,
            "expires": SOON,
            "name": "sepsis",
            "policy": self.policy,
            "now": datetime.now(UTC),
            **changes,
        }
        receipt = waivers.propose(self.project.workspace, finding, owner=self.people[owner], trust=self.trust, **given)
        return receipt.index

    def approve(self, index: int, who: str = "clinical", now: datetime | None = None) -> None:
        now = now or datetime.now(UTC)
        waivers.approve(self.project.workspace, index, approver=self.people[who], trust=self.trust, now=now)

    def valid(self, now: datetime = NOW, name: str | None = "sepsis", author: str = "author") -> tuple[Waiver, ...]:
        return waivers.valid(
            self.project.workspace,
            self.policy,
            name,
            author=self.people[author].certificate,
            trust=self.trust,
            now=now,
        )

    def record(self, given: tuple[Waiver, ...], today: date) -> Record:
        findings = (finding(Outcome.FAIL),)
        decision = decide(self.policy, findings, waivers=given, name="sepsis", today=today)
        plain = record_under(self.project, self.policy, Outcome.FAIL)
        return dataclasses.replace(plain, decision=decision, waivers=given)

    def evidence(self, given: tuple[Waiver, ...] | None = None, **changes: Any) -> Bundle:
        """Return the evidence of a run of the gate with waivers: those in force, or others."""
        record = self.record(self.valid() if given is None else given, NOW.date())
        return self.project.decide(dataclasses.replace(record, **changes))


@pytest.fixture
def denied(project: Project) -> Waived:
    workspace = project.workspace
    author = identity.load(workspace.keys, "author")
    judged_by = policy(approvals=[])
    project.decide(record_under(project, judged_by, Outcome.FAIL))
    return Waived(project, {"author": author, **enrol(workspace, PEOPLE)}, judged_by)


def test_a_waiver_needs_a_second_person_and_then_lets_the_model_in(denied: Waived) -> None:
    index = denied.propose()
    assert denied.valid() == ()
    denied.approve(index)
    (waiver,) = denied.valid()
    assert (waiver.owner, waiver.approver, waiver.reason, waiver.expires) == ("Ada Lee", "Grace Hopper", REASON, SOON)
    assert (waiver.finding, waiver.outcome, waiver.policy, waiver.name) == (FINDING, "fail", "small", "sepsis")
    evidence = denied.evidence()
    assert evidence.record.decision.verdict is Verdict.ALLOW
    assert evidence.record.decision.waived == (FINDING,)
    assert evidence.record.findings[0].outcome is Outcome.FAIL, "the finding stays what it is"
    register(denied.project.workspace, evidence, "sepsis")
    denied.project.client().set_registered_model_alias("sepsis", "champion", "1")
    for workspace in (denied.project.workspace, None):
        steps = {s.name: s for s in verify(str(evidence.path), workspace, trust=denied.trust)}
        assert all(s.ok for s in steps.values())
        assert f"owner Ada Lee, approved by Grace Hopper, until {SOON}" in steps["waivers"].found


def test_nothing_is_waived_beyond_the_scope(denied: Waived) -> None:
    denied.approve(denied.propose())
    assert denied.valid(name="other") == denied.valid(name=None) == ()
    other = policy(approvals=[], id="other")
    assert dataclasses.replace(denied, policy=other).valid() == ()


def test_the_last_day_counts_and_the_next_does_not(denied: Waived) -> None:
    denied.approve(denied.propose())
    last = datetime.fromisoformat(f"{SOON}T23:59:59+00:00")
    assert denied.valid(last)
    assert denied.valid(last + timedelta(seconds=1)) == ()


def test_an_expired_waiver_admits_and_promotes_nothing(denied: Waived, monkeypatch: pytest.MonkeyPatch) -> None:
    today = NOW.date().isoformat()
    denied.approve(denied.propose(expires=today))
    evidence = denied.evidence()
    workspace = denied.project.workspace
    register(workspace, evidence, "sepsis")
    client = denied.project.client()
    client.set_registered_model_alias("sepsis", "champion", "1")
    from govern.lifecycle import entries

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return NOW + timedelta(days=1)

    monkeypatch.setattr(entries, "datetime", Tomorrow)
    message = refused(client.set_registered_model_alias, "sepsis", "next", "1")
    assert "the waiver of discrimination has expired" in message
    denied.project.write("DELETE FROM registered_model_aliases")
    denied.project.write("DELETE FROM model_version_tags")
    denied.project.write("DELETE FROM model_versions")
    message = refused(client.create_model_version, "sepsis", denied.project.source)
    assert "the waiver of discrimination has expired" in message
    steps = {s.name: s for s in verify(str(evidence.path), workspace)}
    assert all(s.ok for s in steps.values()), "what was signed is still what was signed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"finding": "discriminaton"}, "has no finding 'discriminaton'"),
        ({"name": "other"}, "decided nothing for the name 'other'"),
        ({"name": None}, "decided nothing for `govern check`"),
        ({"expires": "soon"}, "'soon' is no date"),
        ({"expires": "20270101"}, "is no date"),
        ({"expires": "2027-02-30"}, "is no date"),
        ({"expires": "2026-01-01"}, "is past"),
        ({"expires": "2099-01-01"}, "at most 365 days"),
        ({"reason": "because"}, "--reason"),
        ({"reason": "two lines\nof a reason"}, "--reason"),
    ],
)
def test_what_cannot_be_proposed(denied: Waived, changes: dict[str, Any], words: str) -> None:
    before = len(denied.log.entries())
    with pytest.raises(PolicyError, match=words) as caught:
        denied.propose(**changes)
    assert caught.value.hint
    assert len(denied.log.entries()) == before
    if "finding" in changes:
        assert "did you mean 'discrimination'" in caught.value.hint


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NOT_AVAILABLE])
def test_what_was_not_measured_cannot_be_waived_unless_the_policy_says_so(denied: Waived, outcome: Outcome) -> None:
    odd = dataclasses.replace(finding(outcome), measurement=None, message="the check crashed")
    for judged_by in (denied.policy, policy(approvals=[], waivers={"outcomes": ["error", "not_available"]})):
        record = dataclasses.replace(
            record_under(denied.project, judged_by, Outcome.FAIL),
            findings=(odd,),
            decision=decide(judged_by, (odd,), today=NOW.date()),
        )
        denied.project.decide(record)
        denied.policy = judged_by
        if "fail" in judged_by.waivers.outcomes:
            with pytest.raises(PolicyError, match="does not let be waived"):
                denied.propose()
        else:
            denied.approve(denied.propose())
            assert denied.valid()[0].outcome is outcome


def test_a_passing_finding_needs_no_waiver(denied: Waived) -> None:
    denied.project.decide(record_under(denied.project, denied.policy))
    with pytest.raises(PolicyError, match="is pass and blocks nothing"):
        denied.propose()


def test_the_same_proposal_twice_is_one(denied: Waived) -> None:
    assert denied.propose() == denied.propose()
    assert denied.propose(reason=f"{REASON}, in two hospitals") != denied.propose()


@pytest.mark.parametrize(
    ("owner", "approver", "error", "words"),
    [
        ("author", "author", SigningError, "holds author"),
        ("author", "reviewer", SigningError, "holds reviewer"),
        ("author", "namesake", PolicyError, "owns this waiver"),
        ("clinical", "clinical", PolicyError, "owns this waiver"),
        ("clinical", "namesake", PolicyError, "is the author of what this waiver is for"),
    ],
)
def test_who_may_not_approve(denied: Waived, owner: str, approver: str, error: type[GovernError], words: str) -> None:
    index = denied.propose(owner=owner)
    with pytest.raises(error, match=words):
        denied.approve(index, approver)
    # and the entry written around the command covers nothing
    leaf = denied.log.receipt(index).entry.leaf_sha256
    denied.log.append(waivers.APPROVAL, {"waiver": index, "waiver_sha256": leaf}, identity=denied.people[approver])
    assert denied.valid() == ()


def test_what_cannot_be_approved(denied: Waived) -> None:
    index = denied.propose()
    with pytest.raises(PolicyError, match="entry 0 of the log is no waiver") as caught:
        denied.approve(0)
    assert f"{index} (discrimination)" in caught.value.hint
    with pytest.raises(PolicyError, match="expired on"):
        denied.approve(index, now=NOW + timedelta(days=31))
    denied.approve(index)
    with pytest.raises(PolicyError, match="was approved by Grace Hopper"):
        denied.approve(index, "quality")


def test_waivers_that_nobody_signed_open_nothing(denied: Waived) -> None:
    """The author signs the evidence, and could write any waiver into it: its two entries must prove it."""
    denied.approve(denied.propose())
    (true,) = denied.valid()
    approval = true.approval
    forged = {
        "no receipts": dataclasses.replace(true, proposal={}, approval={}),
        "a later day": dataclasses.replace(true, expires="2027-10-01"),
        "another reason": dataclasses.replace(true, reason="no reason at all"),
        "another approver": dataclasses.replace(true, approver="Mary Shaw"),
        "the approval twice": dataclasses.replace(true, proposal=approval),
        "another meaning": dataclasses.replace(
            true, approval={**approval, "entry": {**approval["entry"], "body": {"waiver": 1}}}
        ),
    }
    for what, waiver in forged.items():
        evidence = denied.evidence((waiver,))
        assert evidence.record.decision.verdict is Verdict.ALLOW
        with pytest.raises(GovernError, match="waiver"):
            register(denied.project.workspace, evidence, "sepsis")
        found = {s.name for s in verify(str(evidence.path), None, trust=denied.trust) if not s.ok}
        assert found == {"waivers"}, what
    assert not denied.project.rows("model_versions")


def test_a_waiver_approved_by_who_signs_the_evidence_opens_nothing(denied: Waived) -> None:
    from govern.types import Signatory

    people = enrol(denied.project.workspace, {"both": ("Radia Perlman", list(Signatory))})
    denied.people |= people
    denied.approve(denied.propose(owner="quality"), "both")
    assert denied.valid()
    assert denied.valid(author="both") == ()
    record = denied.record(denied.valid(), NOW.date())
    evidence = denied.project.decide(record, signer=people["both"])
    with pytest.raises(GovernError, match="approved by the author"):
        register(denied.project.workspace, evidence, "sepsis")


def test_a_waiver_of_another_log_opens_nothing(denied: Waived, tmp_path: Any) -> None:
    denied.approve(denied.propose())
    (true,) = denied.valid()
    elsewhere = Log(tmp_path / "other.db")
    author, clinical = denied.people["author"], denied.people["clinical"]
    body = {key: getattr(true, key) for key in ("finding", "outcome", "policy", "name", "reason", "expires", "owner")}
    proposal = elsewhere.append(waivers.WAIVER, body, identity=author)
    about = {"waiver": proposal.index, "waiver_sha256": proposal.entry.leaf_sha256}
    approval = elsewhere.append(waivers.APPROVAL, about, identity=clinical)
    evidence = denied.evidence((waivers._waiver(proposal, approval),))
    with pytest.raises(GovernError, match="in the same log"):
        register(denied.project.workspace, evidence, "sepsis")
