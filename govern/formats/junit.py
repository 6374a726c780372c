"""JUnit XML, which every CI server shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from govern.formats.cases import Case, Level

#: Control characters that XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def junit(title: str, cases: Sequence[Case]) -> str:
    """Return a JUnit report: what blocks is a failure, a crashed check an error, a warning is printed output."""
    crashed = [c for c in cases if c.level is Level.ERROR and c.outcome == Level.ERROR]
    failed = [c for c in cases if c.level is Level.ERROR and c.outcome != Level.ERROR]
    counts = {"tests": str(len(cases)), "failures": str(len(failed)), "errors": str(len(crashed))}
    suite = ET.Element("testsuite", {"name": _clean(title), **counts})
    for case in cases:
        node = ET.SubElement(suite, "testcase", {"classname": _clean(case.group), "name": _clean(case.name)})
        text = _clean("\n".join(t for t in (case.message, case.fix) if t))
        if case.level is Level.ERROR:
            kind = "error" if case.outcome == Level.ERROR else "failure"
            ET.SubElement(node, kind, {"type": case.outcome, "message": _clean(case.message)}).text = text
        elif case.level is Level.WARNING:
            ET.SubElement(node, "system-out").text = f"{case.outcome}: {text}"
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text)
