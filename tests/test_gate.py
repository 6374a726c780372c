from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from govern.gate import decide
from govern.policy import Policy
from govern.types import Finding, Insufficient, Measurement, Outcome, Severity, Verdict, Waiver

TODAY = date(2026, 11, 24)
ACCEPT = {"upper": "<= 0.10"}
RULES = [
    ("fair", "bias.equal_opportunity"),
    ("calibrated", "calibration.slope"),
    ("steady", "drift.psi"),
    ("explained", "explainability.concentration"),
]
#: What a check measured where a rule makes each outcome of it.
MEASURED = {Outcome.PASS: (0.05, 0.01, 0.09), Outcome.FAIL: (0.2, 0.15, 0.3), Outcome.INCONCLUSIVE: (0.05, 0.01, 0.3)}


def policy(**changes: object) -> Policy:
    checks = [{"id": i, "check": c, "accept": ACCEPT} for i, c in RULES]
    for rule in checks:
        rule.update(changes)
    return Policy.model_validate(
        {"schema": "govern/policy/1", "id": "p", "version": "1", "title": "t", "checks": checks}
    )


def finding(i: int, outcome: Outcome = Outcome.PASS, **changes: object) -> Finding:
    rule, check = RULES[i]
    numbers = MEASURED.get(outcome)
    measured = numbers and Measurement(estimate=numbers[0], lower=numbers[1], upper=numbers[2], n=900, method="m")
    plain = Finding(
        id=rule,
        rule=rule,
        check=check,
        family=check.partition(".")[0],
        outcome=outcome,
        severity=Severity.BLOCK,
        insufficient=Insufficient.BLOCK,
        criterion="",
        message="",
        measurement=measured or None,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def findings(*, first: Finding | None = None) -> list[Finding]:
    return [first or finding(0), finding(1), finding(2), finding(3)]


def test_all_passing_is_allowed() -> None:
    assert decide(policy(), findings(), today=TODAY).verdict is Verdict.ALLOW


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in (Outcome.PASS, Outcome.NOT_APPLICABLE)])
def test_whatever_does_not_pass_blocks(outcome: Outcome) -> None:
    decision = decide(policy(), findings(first=finding(0, outcome)), today=TODAY)
    assert decision.verdict is Verdict.DENY
    assert decision.blocking == ("fair",)


def test_a_pass_without_a_measurement_or_against_it_is_caught() -> None:
    for measured in (None, finding(0, Outcome.FAIL).measurement, finding(0, Outcome.INCONCLUSIVE).measurement):
        forged = finding(0, Outcome.PASS, measurement=measured)
        assert decide(policy(), findings(first=forged), today=TODAY).verdict is Verdict.DENY


def test_not_applicable_is_for_the_policy_to_say() -> None:
    given = findings(first=finding(0, Outcome.NOT_APPLICABLE))
    assert decide(policy(), given, today=TODAY).verdict is Verdict.DENY
    reason = {"bias": {"reason": "nobody can be told apart", "person": "A. Lee"}}
    body = {k: v for k, v in policy().as_json().items() if k != "sha256"}
    said = Policy.model_validate({**body, "not_applicable": reason})
    assert decide(said, given, today=TODAY).verdict is Verdict.ALLOW


def sliced(given: Finding, by: str, group: str) -> Finding:
    assert given.measurement
    measured = dataclasses.replace(given.measurement, slice={by: group})
    return dataclasses.replace(given, id=f"{given.id}[{by}={group}]", slice={by: group}, measurement=measured)


def test_a_finding_of_another_family_or_group_than_measured_is_caught() -> None:
    for forged in (finding(0, family="drift"), finding(0, slice={"sex": "f"})):
        assert decide(policy(), findings(first=forged), today=TODAY).verdict is Verdict.DENY


def test_every_group_of_a_rule_must_be_measured() -> None:
    rules = policy(by=["sex", "race"])
    one = [sliced(f, "sex", "a") for f in findings()]
    assert "rule fair was not measured by race" in decide(rules, one, today=TODAY).reasons
    other = [sliced(f, "race", "b") for f in findings()]
    assert decide(rules, [*one, *other], today=TODAY).verdict is Verdict.ALLOW


def test_a_mandatory_family_of_which_nothing_passes_is_not_covered_by_limitations() -> None:
    rules = policy(insufficient="limit")
    limited_all = [finding(i, Outcome.INCONCLUSIVE, insufficient=Insufficient.LIMIT) for i in range(4)]
    decision = decide(rules, limited_all, today=TODAY)
    assert decision.verdict is Verdict.DENY
    assert decision.reasons == tuple(
        f"no blocking finding passes in the mandatory family {f}"
        for f in ("bias", "calibration", "drift", "explainability")
    )


def test_a_missing_finding_can_never_score() -> None:
    decision = decide(policy(), findings()[1:], today=TODAY)
    assert decision.verdict is Verdict.DENY
    assert "rule fair was not measured" in decision.reasons


def test_nothing_measured_is_denied() -> None:
    assert decide(policy(), [], today=TODAY).verdict is Verdict.DENY


def test_a_finding_that_softens_its_own_rule_is_caught() -> None:
    soft = finding(0, Outcome.FAIL, severity=Severity.WARN)
    assert decide(policy(), findings(first=soft), today=TODAY).verdict is Verdict.DENY


def test_a_finding_twice_or_of_no_rule_is_caught() -> None:
    assert decide(policy(), [*findings(), finding(0)], today=TODAY).verdict is Verdict.DENY
    assert decide(policy(), [*findings(), finding(0, rule="other", id="other")], today=TODAY).verdict is Verdict.DENY


def limiting_others() -> list[Finding]:
    """Findings that pass: of the other rules, and of another group under the first."""
    return [finding(i, insufficient=Insufficient.LIMIT, id=f"{i}") for i in range(4)]


def limited(lower: float | None, upper: float | None, support: int | None = 9) -> Finding:
    measured = Measurement(estimate=0.05, lower=lower, upper=upper, n=900, method="m", support=support)
    return finding(0, Outcome.INCONCLUSIVE, insufficient=Insufficient.LIMIT, measurement=measured)


def test_too_little_evidence_may_be_a_limitation_but_not_where_all_of_it_points_to_failure() -> None:
    rules = policy(insufficient="limit")
    others = limiting_others()
    decision = decide(rules, [limited(0.01, 0.30), *others], today=TODAY)
    assert (decision.verdict, decision.limitations) == (Verdict.ALLOW, ("fair",))
    assert decide(rules, [limited(0.20, 0.90), *others], today=TODAY).blocking == ("fair",)
    assert decide(rules, [limited(None, None), *others], today=TODAY).limitations == ("fair",)


@pytest.mark.parametrize("support", [20, 900, None])
def test_what_cannot_be_measured_is_a_limitation_only_for_want_of_patients(support: int | None) -> None:
    others = limiting_others()
    given = [limited(None, None, support), *others]
    assert decide(policy(insufficient="limit"), given, today=TODAY).blocking == ("fair",)


def test_limit_lets_nothing_by_but_too_little_evidence() -> None:
    rules = policy(insufficient="limit")
    others = limiting_others()
    for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_AVAILABLE):
        failing = finding(0, outcome, insufficient=Insufficient.LIMIT)
        assert decide(rules, [failing, *others], today=TODAY).verdict is Verdict.DENY


def waiver(**changes: object) -> Waiver:
    plain = Waiver(
        finding="fair",
        outcome=Outcome.FAIL,
        policy="p",
        name=None,
        owner="a",
        approver="b",
        reason="r",
        expires="2026-12-01",
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (waiver(), Verdict.ALLOW),
        (waiver(expires="2026-11-24"), Verdict.ALLOW),
        (waiver(expires="2026-11-23"), Verdict.DENY),
        (waiver(expires="soon"), Verdict.DENY),
        (waiver(approver="a"), Verdict.DENY),
        (waiver(approver=" A"), Verdict.DENY),
        (waiver(finding="other"), Verdict.DENY),
        (waiver(policy="other"), Verdict.DENY),
        (waiver(name="sepsis"), Verdict.DENY),
        (waiver(outcome=Outcome.INCONCLUSIVE), Verdict.DENY),
    ],
)
def test_a_waiver_covers_its_finding_until_it_expires(given: Waiver, verdict: Verdict) -> None:
    failing = findings(first=finding(0, Outcome.FAIL))
    assert decide(policy(), failing, waivers=[given], today=TODAY).verdict is verdict


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NOT_AVAILABLE])
def test_what_was_not_measured_is_waived_only_where_the_policy_says_so(outcome: Outcome) -> None:
    given, waived = findings(first=finding(0, outcome)), [waiver(outcome=outcome)]
    assert decide(policy(), given, waivers=waived, today=TODAY).verdict is Verdict.DENY
    body = {k: v for k, v in policy().as_json().items() if k != "sha256"}
    lenient = Policy.model_validate({**body, "waivers": {"outcomes": ["error", "not_available"]}})
    assert decide(lenient, given, waivers=waived, today=TODAY).waived == ("fair",)


def test_a_waiver_speaks_for_one_registered_name() -> None:
    failing, given = findings(first=finding(0, Outcome.FAIL)), [waiver(name="sepsis")]
    assert decide(policy(), failing, waivers=given, name="sepsis", today=TODAY).waived == ("fair",)
    assert decide(policy(), failing, waivers=given, name="other", today=TODAY).verdict is Verdict.DENY


def test_a_policy_of_nothing_but_reasons_allows_nothing() -> None:
    reason = {"reason": "nothing can be measured here", "person": "A. Lee"}
    families = ("bias", "calibration", "drift", "explainability")
    body = {k: v for k, v in policy().as_json().items() if k != "sha256"}
    empty = Policy.model_validate({**body, "checks": [], "not_applicable": dict.fromkeys(families, reason)})
    assert decide(empty, [], today=TODAY).verdict is Verdict.DENY


def test_a_warning_does_not_block() -> None:
    rules = policy()
    checks = [*rules.checks, rules.checks[0].model_copy(update={"id": "extra", "severity": Severity.WARN})]
    rules = rules.model_copy(update={"checks": checks})
    extra = finding(0, Outcome.FAIL, id="extra", rule="extra", severity=Severity.WARN)
    decision = decide(rules, [*findings(), extra], today=TODAY)
    assert (decision.verdict, decision.warnings) == (Verdict.ALLOW, ("extra",))


def test_the_gate_is_pure() -> None:
    source = (Path(__file__).parent.parent / "govern" / "gate.py").read_text()
    assert not [word for word in ("datetime.now", "open(", "import os", "Path") if word in source]
