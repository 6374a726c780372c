"""One cause is told once, with the rules that it stops; what is measured is told one by one."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

from govern.causes import causes
from govern.formats.cases import Level, of_findings
from govern.formats.contract import finding_json
from govern.formats.junit import junit
from govern.formats.markdown import markdown
from govern.types import Decision, Finding, Insufficient, Outcome, Severity, Verdict

UNREADABLE = "p: scores are not numbers: 'high'"


def finding(rule: str, outcome: Outcome, message: str, group: str = "", **more: Any) -> Finding:
    facts: dict[str, Any] = {"severity": Severity.BLOCK, "fix": "name the column of the scores", **more}
    return Finding(
        id=f"{rule}[sex={group}]" if group else rule,
        rule=rule,
        check="performance.auroc",
        family="performance",
        outcome=outcome,
        insufficient=Insufficient.BLOCK,
        criterion="lower >= 0.7",
        message=message,
        slice={"sex": group} if group else {},
        **facts,
    )


FINDINGS = (
    finding("auroc", Outcome.ERROR, UNREADABLE),
    finding("by-sex", Outcome.ERROR, UNREADABLE, "f"),
    finding("by-sex", Outcome.ERROR, UNREADABLE, "m"),
    finding("slope", Outcome.ERROR, UNREADABLE, severity=Severity.WARN),
    finding("twice", Outcome.ERROR, "another thing", "f"),
    finding("twice", Outcome.ERROR, "another thing", "m"),
    finding("psi", Outcome.NOT_AVAILABLE, "no dataset in the role 'reference'"),
    finding("ks", Outcome.FAIL, "0.3 where <= 0.1 is required"),
    finding("jsd", Outcome.FAIL, "0.3 where <= 0.1 is required"),
    finding("lonely", Outcome.NOT_AVAILABLE, UNREADABLE),
)
DECISION = Decision(
    verdict=Verdict.DENY,
    blocking=tuple(f.id for f in FINDINGS if f.severity is Severity.BLOCK),
    warnings=("slope",),
)


def test_only_what_stops_several_rules_in_the_same_words_is_one_cause() -> None:
    found = causes(FINDINGS)
    assert set(found) == {"auroc", "by-sex[sex=f]", "by-sex[sex=m]", "slope"}
    assert str(found["auroc"]) == "stops 3 rules: auroc, by-sex, slope"
    assert len(set(found.values())) == 1
    assert causes([]) == {}


def test_a_summary_tells_the_cause_once_and_all_else_as_before() -> None:
    cases = of_findings(FINDINGS, DECISION)
    assert [c.name for c in cases] == [
        "auroc and 2 more", "twice[sex=f]", "twice[sex=m]", "psi", "ks", "jsd", "lonely",
    ]  # fmt: skip
    assert cases[0].level is Level.ERROR, "one of its rules blocks"
    assert cases[0].message == f"{UNREADABLE}; stops 3 rules: auroc, by-sex, slope"
    text = markdown("t", cases)
    assert text.count("by-sex") == 1
    suite = ET.fromstring(junit("t", cases)).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("7", "3", "4")
    names = [(c.get("classname"), c.get("name")) for c in suite]
    assert len(set(names)) == len(names)


def test_a_cause_of_warnings_alone_is_a_warning() -> None:
    two = [finding(r, Outcome.NOT_AVAILABLE, "no model", severity=Severity.WARN) for r in ("noise", "units")]
    (case,) = of_findings(two, Decision(verdict=Verdict.ALLOW, warnings=("noise", "units")))
    assert case.level is Level.WARNING


def test_json_keeps_one_item_for_each_finding() -> None:
    items = [finding_json(f) for f in FINDINGS]
    assert [i["id"] for i in items] == [f.id for f in FINDINGS]
    assert json.dumps(items).count("stops") == 0


def test_the_terminal_tells_the_cause_once() -> None:
    from rich.console import Console

    from govern.cli.verdict import verdict_table

    record = SimpleNamespace(
        decision=DECISION, findings=FINDINGS, registered_name="m", system={"name": "m"},
        policy={"id": "p", "version": "1"},
    )  # fmt: skip
    bundle: Any = SimpleNamespace(record=record, receipt=None, sha256="0" * 64, path=None)
    screen = Console(width=100, record=True, file=io.StringIO())
    screen.print(verdict_table(bundle))
    text = screen.export_text()
    assert text.count("stops 3 rules: auroc, by-sex, slope") == 1
    assert text.count(UNREADABLE) == 3, "as the cause, in what to do about it, and of the rule that is not available"
    assert "blocks (9, 3 of them by the causes above)" in text
    assert "warns (1, 1 of them by the causes above)" in text
