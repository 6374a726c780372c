from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from govern.formats.cases import Case, Level, of_steps
from govern.formats.contract import measurement_json, steps_json
from govern.formats.junit import junit
from govern.formats.markdown import markdown
from govern.formats.sarif import sarif
from govern.types import Measurement, Step

CASES = [
    Case(name="good", group="a.b", level=Level.PASS, outcome="pass", message=""),
    Case(name="bad[race=<b>|\x07]", group="a.c", level=Level.ERROR, outcome="fail", message="0.5 & less", fix="mend"),
    Case(name="crash", group="a.c", level=Level.ERROR, outcome="error", message="boom"),
    Case(name="hm", group="a.d", level=Level.WARNING, outcome="inconclusive", message="few"),
]


def test_junit_counts_failures_and_errors() -> None:
    suite = ET.fromstring(junit("t", CASES)).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert [c.find("failure") is not None for c in suite] == [False, True, False, False]


def test_sarif_levels() -> None:
    run = json.loads(sarif("t", CASES))["runs"][0]
    assert [r["level"] for r in run["results"]] == ["none", "error", "error", "warning"]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["a.b", "a.c", "a.d"]
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])


def test_markdown_puts_what_matters_first_and_keeps_its_columns() -> None:
    rows = markdown("t", CASES).splitlines()[4:]
    assert "bad" in rows[0]
    assert "good" in rows[-1]
    assert all(row.replace("\\|", "").count("|") == 7 for row in rows)


def test_a_measurement_is_never_a_pass() -> None:
    good = Measurement(estimate=0.8, lower=0.7, upper=0.9, n=500, events=200, support=200, method="m")
    few = Measurement(estimate=0.8, lower=0.1, upper=0.99, n=50, events=5, support=5, method="m")
    none = Measurement(estimate=None, lower=None, upper=None, n=0, method="m", message="no events")
    outcomes = [measurement_json("c", m)["outcome"] for m in (good, few, none)]
    assert outcomes == [None, "inconclusive", "inconclusive"]
    keys = ["check", "slice", "estimate", "lower", "upper", "level", "method", "n", "events", "outcome", "message"]
    assert list(measurement_json("c", good)) == keys


def test_no_steps_are_no_verification() -> None:
    assert steps_json([])["ok"] is False
    steps = [Step(name="a", ok=True, expected="x", found="x"), Step(name="b", ok=False, expected="x", found="y")]
    assert steps_json(steps)["ok"] is False
    assert of_steps(steps)[1].message == "expected x; found y"
