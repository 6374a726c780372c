"""Evidence grows old: it is still what was signed, and admits, promotes and approves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from govern.approve import sign
from govern.errors import PolicyError
from govern.lifecycle import entries, expiry
from govern.lifecycle.approvals import APPROVAL, REJECTION
from govern.registry.register import register
from govern.signing import trust
from govern.types import Signatory
from govern.verify import verify
from tests.lifecycle.conftest import Make, Registered, policy, record_under
from tests.registry.conftest import Project
from tests.registry.test_refusals import refused


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let so many days pass for whatever asks whether something has expired."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=days)

    for module in (entries, trust):
        monkeypatch.setattr(module, "datetime", Later)


def signs(made: Registered, kind: str) -> Any:
    clinical = made.people["clinical"]
    return sign(
        made.workspace, made.target, kind=kind, role=Signatory.CLINICAL, meaning="clinical view", signer=clinical
    )


def test_the_policy_says_how_long(make: Make) -> None:
    made = make(policy(approvals=[], evidence={"valid_days": 90}))
    receipt = made.evidence.receipt
    assert receipt is not None
    decided = receipt.entry.moment
    record = made.evidence.record
    assert expiry.until(record, decided) == decided + timedelta(days=90)
    assert expiry.current(record, decided, decided + timedelta(days=89, hours=23)).ok
    assert not expiry.current(record, decided, decided + timedelta(days=90)).ok
    assert expiry.told(record, decided, decided + timedelta(days=400)).ok
    assert "expired on" in expiry.told(record, decided, decided + timedelta(days=400)).found
    assert expiry.until(record_under(made.project, policy()), decided) == decided + timedelta(days=365)


def test_expired_evidence_promotes_nothing_and_still_verifies(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(policy(approvals=[], evidence={"valid_days": 90}))
    client = made.project.client()
    client.set_registered_model_alias("sepsis", "champion", "1")
    later(monkeypatch, 91)
    message = refused(client.set_registered_model_alias, "sepsis", "next", "1")
    assert "evidence is current" in message
    assert "expired on" in message
    assert all(s.ok for s in verify(made.target, made.workspace))


def test_expired_evidence_can_be_rejected_and_not_approved(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(policy(evidence={"valid_days": 90}))
    with monkeypatch.context() as patched:
        later(patched, 91)
        with pytest.raises(PolicyError, match="evidence is current: expired on"):
            signs(made, APPROVAL)
    assert signs(made, REJECTION).standing.rejections


def test_expired_evidence_admits_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = project.decide(record_under(project, policy(approvals=[], evidence={"valid_days": 90})))
    with monkeypatch.context() as patched:
        later(patched, 91)
        with pytest.raises(PolicyError, match="evidence is current"):
            register(project.workspace, evidence, "sepsis")
    assert not project.rows("model_versions")
    register(project.workspace, evidence, "sepsis")


def test_a_new_decision_about_the_same_evidence_renews_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal inputs give equal evidence; that the gate was run again is an entry of the log."""
    made = make(policy(approvals=[], evidence={"valid_days": 90}))
    receipt = made.log.receipt(made.log.find("decision")[0].index)
    assert entries.decided(made.log, made.evidence.sha256, "sepsis", made.trust) == receipt
    made.log.append("decision", dict(receipt.entry.body), identity=made.people["author"])
    again = entries.decided(made.log, made.evidence.sha256, "sepsis", made.trust)
    assert again.index > receipt.index
    made.project.client().set_registered_model_alias("sepsis", "champion", "1")
    assert all(s.ok for s in verify(made.target, made.workspace)), "the version keeps the facts of the first"


def test_only_an_author_renews(make: Make) -> None:
    made = make(policy(approvals=[], evidence={"valid_days": 90}))
    first = made.log.find("decision")[0]
    made.log.append("decision", dict(first.body), identity=made.people["reviewer"])
    assert entries.decided(made.log, made.evidence.sha256, "sepsis", made.trust).index == first.index
