"""``govern log list`` says in words what an entry holds."""

from __future__ import annotations

from pathlib import Path

from govern import canonical, looks
from govern.cli.log import _said
from govern.evidence.log import Log
from tests.evidence.samples import POLICY, people


def test_a_decisions_order_of_events_is_a_sentence(tmp_path: Path) -> None:
    author = people(tmp_path / "people").author
    log = Log(tmp_path / "log.db")
    frozen = looks.freeze(log, POLICY, {"test": "aa" * 32}, identity=author).entry
    assert _said(frozen, "datasets", frozen.body["datasets"]) == "datasets: test aaaaaaaaaaaa"
    assert _said(frozen, "policy", "small") == "policy small"
    told = []
    for subject in ("1", "2"):
        seen = looks.look(
            log, dataset="aa" * 32, policy=POLICY, subject=canonical.digest(subject), command="check", identity=author
        )
        entry = log.append("decision", {"order": seen.as_json()}, identity=author).entry
        told.append(_said(entry, "order", entry.body["order"]))
    assert told[0] == "look 1"
    assert told[1].startswith("look 2; exploratory: look 2 at this test set, and the policy allows 1")
    assert not any("{" in text for text in told)
