"""A hierarchy of endpoints: a rule counts only after those before it passed."""

from __future__ import annotations

from datetime import date

import pytest

from govern.errors import PolicyError
from govern.gate import decide
from govern.judge import unmet
from govern.policy import Policy, load_policy
from govern.types import Finding, Insufficient, Measurement, Outcome, Severity

TODAY = date(2026, 1, 1)


def policy() -> Policy:
    families = {"bias": "demographic_parity", "calibration": "slope", "drift": "psi", "explainability": "concentration"}
    rules = [
        {"id": "first", "check": "performance.auroc", "accept": {"lower": ">= 0.7"}},
        {"id": "second", "check": "performance.sensitivity", "after": "first", "accept": {"lower": ">= 0.6"}},
        *({"id": f, "check": f"{f}.{n}", "accept": {"upper": "<= 1"}} for f, n in families.items()),
    ]
    plain = {"schema": "govern/policy/1", "id": "p", "version": "1", "title": "t", "checks": rules}
    return Policy.model_validate(plain)


def findings(first: Outcome, second: Outcome) -> list[Finding]:
    made = []
    for rule in policy().checks:
        outcome = {"first": first, "second": second}.get(rule.id, Outcome.PASS)
        estimate, lower = (0.9, 0.85) if outcome is Outcome.PASS or rule.id == "second" else (0.5, 0.45)
        made.append(
            Finding(
                id=rule.id,
                rule=rule.id,
                check=rule.check,
                family=rule.family,
                outcome=outcome,
                severity=Severity.BLOCK,
                insufficient=Insufficient.BLOCK,
                criterion=str(rule.accept),
                message="",
                measurement=Measurement(estimate=estimate, lower=lower, upper=0.95, n=500, support=200, method="m"),
            )
        )
    return made


def test_a_rule_counts_once_those_before_it_passed() -> None:
    assert not unmet(policy().checks[1], findings(Outcome.PASS, Outcome.PASS))
    assert not decide(policy(), findings(Outcome.PASS, Outcome.PASS), today=TODAY).reasons


def test_a_rule_after_one_that_failed_is_inconclusive_though_it_would_pass() -> None:
    found = findings(Outcome.FAIL, Outcome.INCONCLUSIVE)
    assert unmet(policy().checks[1], found) == ["first"]
    decision = decide(policy(), found, today=TODAY)
    assert decision.blocking == ("first", "second")
    assert not decision.reasons


def test_a_pass_that_the_hierarchy_does_not_reach_is_no_pass() -> None:
    decision = decide(policy(), findings(Outcome.FAIL, Outcome.PASS), today=TODAY)
    assert "finding second was not judged by its rule" in decision.reasons


def test_a_rule_comes_after_earlier_ones_only(tmp_path: object, repository: object) -> None:
    text = """\
schema: govern/policy/1
id: p
version: 1.0.0
title: t
extends: [base/healthcare]
checks:
  - {id: a, check: performance.auroc, after: [b], accept: {lower: ">= 0.7"}}
  - {id: b, check: performance.brier, accept: {upper: "<= 0.2"}}
"""
    file = tmp_path / "p.yaml"  # type: ignore[operator]
    file.write_text(text)
    with pytest.raises(PolicyError, match=r"unknown earlier rule \(in rule a\) 'b'"):
        load_policy(file)
