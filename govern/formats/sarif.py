"""SARIF 2.1.0 (OASIS), which code-scanning pages show."""

from __future__ import annotations

import json
from collections.abc import Sequence

import govern
from govern.formats.cases import Case, Level

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note", Level.PASS: "none"}


def sarif(title: str, cases: Sequence[Case]) -> str:
    """Return a SARIF log with one run; a rule is a check, a result is a case."""
    groups = list(dict.fromkeys(c.group for c in cases))
    results = [
        {
            "ruleId": c.group,
            "ruleIndex": groups.index(c.group),
            "kind": "pass" if c.level is Level.PASS else "fail" if c.level is not Level.NOTE else "informational",
            "level": _LEVELS[c.level] if c.level is not Level.NOTE else "none",
            "message": {"text": " ".join(t for t in (f"{c.name}: {c.outcome}.", c.message, c.fix) if t)},
            "locations": [{"logicalLocations": [{"name": c.name, "kind": "member"}]}],
        }
        for c in cases
    ]
    driver = {"name": "govern", "version": govern.__version__, "rules": [{"id": g} for g in groups]}
    run = {"tool": {"driver": driver}, "results": results, "properties": {"title": title}}
    log = {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"
