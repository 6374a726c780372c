"""Coverage as JSON: a stable contract for other programs."""

from __future__ import annotations

from typing import Any

from govern.regulations.coverage import Coverage, Covered

SCHEMA = "govern/coverage/1"


def coverage_json(coverage: Coverage, shown: tuple[Covered, ...]) -> dict[str, Any]:
    """Return coverage as plain values; ``counts``, ``blocking`` and ``outside`` are of all clauses, shown or not."""
    return {
        "schema": SCHEMA,
        "profile": {"id": coverage.profile.id, "region": coverage.profile.region, "chosen": coverage.chosen},
        "warning": coverage.profile.warning,
        "instruments": [
            {"id": i.id, "title": i.title, "version": i.version, "label": i.label, "read_on": i.read_on.isoformat()}
            for i in coverage.instruments
        ],
        "today": coverage.today.isoformat(),
        "counts": {state.value: n for state, n in coverage.counts().items()},
        "blocking": len(coverage.blocking()),
        "outside": coverage.outside,
        "clauses": [_clause(c) for c in shown],
    }


def _clause(covered: Covered) -> dict[str, Any]:
    clause = covered.clause
    return {
        "id": clause.id,
        "citation": clause.cited,
        "instrument": clause.instrument,
        "group": clause.group,
        "force": clause.force.value,
        "confirmed": clause.confirmed,
        "requirement": clause.requirement,
        "controls": list(clause.controls),
        "sections": list(clause.sections),
        "applies_from": covered.applies_from.isoformat() if covered.applies_from else None,
        "switch": str(clause.switch) if clause.switch else None,
        "state": covered.state.value,
        "why": covered.why,
        "misses": list(covered.misses),
        "answers": [
            {
                "kind": a.kind.value,
                "need": a.need,
                "title": a.title,
                "state": a.state.value,
                "why": a.why,
                "findings": list(a.findings),
            }
            for a in covered.answers
        ],
    }
