from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import InputError, PolicyError
from govern.policy import from_json, load_policy, packs

GOOD = """\
schema: govern/policy/1
id: p
version: 1.0.0
title: A policy
checks:
  - id: fair
    check: bias.equal_opportunity
    params: {threshold: 0.3}
    by: [sex]
    accept: {upper: "<= 0.10"}
  - id: calibrated
    check: calibration.slope
    accept: {lower: ">= 0.8", upper: "<= 1.25"}
  - id: stable
    check: drift.psi
    accept: {upper: "<= 0.2"}
  - id: explained
    check: explainability.concentration
    accept: {upper: "<= 0.5"}
"""
DECLARED = """\
  - id: declared
    check: documentation.completeness
    accept: {estimate: ">= 1"}
documentation: {required: [intended_use]}
"""


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(folder: Path, text: str, groups: frozenset[str] | None = None) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load_policy(written(folder, text), groups=groups)
    return caught.value


def test_a_good_policy_loads(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, GOOD), groups=frozenset({"sex"}))
    assert [str(c) for c in policy.checks[1].accept.criteria] == ["lower >= 0.8", "upper <= 1.25"]
    assert policy.checks[0].min_events == 20
    assert from_json(policy.as_json()) == policy


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "near"),
    [
        ("calibration.slope", "calibration.slop", 12, "unknown check 'calibration.slop'", "'calibration.slope'"),
        ("threshold: 0.3", "treshold: 0.3", 8, "'treshold'", "'threshold'"),
        ("threshold: 0.3", "threshold: high", 8, "float expected", "mend"),
        ("by: [sex]", "by: [gender]", 9, "unknown group 'gender'", "sex"),
        ('accept: {upper: "<= 0.10"}', 'accept: {uper: "<= 0.10"}', 10, "unknown key 'uper'", "'upper'"),
        ('"<= 0.10"', '"=< 0.10"', 10, "operator", ""),
        ('upper: "<= 0.2"', 'lower: "<= 0.2"', 16, "lower can only be held by", "mend"),
        ("threshold: 0.3", "threshold: .nan", 8, "finite number", "mend"),
        ("threshold: 0.3", "threshold: 30", 8, "threshold: 30 is out of range", "above 0 and at most 1 (risk)"),
        ("check: drift.psi", "check: drift.psi\n    params: {bins: 0}", 16, "bins: 0 is out of range", "2 to 1000"),
        ("check: drift.psi", "check: drift.psi\n    params: {bins: 9.5}", 16, "int expected", "mend"),
        ("check: drift.psi", "check: drift.psi\n    by: [sex]", 16, "not by group", "remove"),
        ('"<= 0.2"', '"<= 1e999"', 16, "operator", "mend"),
        ('lower: ">= 0.8", upper: "<= 1.25"', 'lower: ">= 1.3", upper: "<= 1.25"', 13, "no interval", "mend"),
        ("title: A policy", "titel: A policy", 4, "unknown key 'titel'", "'title'"),
        ("by: [sex]", "by: [sex]\n    severity: fatal", 10, "severity", ""),
        ("by: [sex]", "by: [sex]\n    controls: [K99]", 10, "unknown control", "K45"),
        ("  - id: stable", "  - id: calibrated", 14, "two rules have the id", "rename"),
        ("schema: govern/policy/1", "schema: govern/policy/2", 1, "schema", ""),
    ],
)
def test_a_mistake_names_line_and_nearest_word(
    tmp_path: Path, old: str, new: str, line: int, message: str, near: str
) -> None:
    error = refused(tmp_path, GOOD.replace(old, new), groups=frozenset({"sex"}))
    assert error.message.startswith(f"{tmp_path / 'p.yaml'}:{line}: ")
    assert message in error.message
    assert near in error.hint
    assert error.exit_code == 2


def test_a_word_that_is_no_choice_names_the_nearest(tmp_path: Path) -> None:
    text = GOOD.replace("explainability.concentration", "explainability.stability\n    params: {compare: ranks}")
    error = refused(tmp_path, text.replace('upper: "<= 0.5"', 'lower: ">= 0.5"'))
    assert error.message.endswith("p.yaml:19: compare: unknown word 'ranks'")
    assert error.hint == "did you mean 'rank'?"


@pytest.mark.parametrize(
    ("check", "accept", "said"),
    [
        ("performance.auroc", 'lower: ">= -5"', "never fail"),
        ("performance.auroc", 'lower: ">= 0"', "never fail"),
        ("performance.auroc", 'lower: ">= 1.2"', "never pass"),
        ("performance.auroc", 'lower: "> 1"', "never pass"),
        ("performance.auroc", 'upper: "<= 1"', "never fail"),
        ("performance.auroc", 'estimate: "== 70"', "never pass"),
        ("performance.brier", 'upper: "< 0"', "never pass"),
        ("calibration.observed_expected", 'lower: ">= -1"', "never fail"),
        ("data.duplicates", 'estimate: "<= -1"', "never pass"),
        ("performance.net_benefit", 'upper: "<= 1"', "never fail"),
    ],
)
def test_a_bound_that_nothing_or_everything_meets_is_refused(
    tmp_path: Path, check: str, accept: str, said: str
) -> None:
    error = refused(tmp_path, f"{GOOD}  - id: bound\n    check: {check}\n    accept: {{{accept}}}\n")
    assert f"this can {said}, since {check} is " in error.message
    assert ":22: " in error.message


@pytest.mark.parametrize(
    ("check", "accept"),
    [
        ("performance.auroc", 'lower: ">= 0.001"'),
        ("performance.auroc", 'lower: ">= 1"'),
        ("performance.net_benefit", 'lower: ">= 0"'),
        ("calibration.in_the_large", 'lower: ">= -90"'),
        ("data.duplicates", 'estimate: "== 0"'),
    ],
)
def test_a_bound_that_can_be_met_and_missed_is_not(tmp_path: Path, check: str, accept: str) -> None:
    text = f"{GOOD}  - id: bound\n    check: {check}\n    accept: {{{accept}}}\n"
    assert load_policy(written(tmp_path, text)).checks[-1].check == check


def test_a_mandatory_family_without_a_blocking_check_is_refused(tmp_path: Path) -> None:
    for text in (
        GOOD.replace("drift.psi", "data.missingness"),
        GOOD.replace("check: drift.psi", "check: drift.psi\n    severity: warn"),
    ):
        error = refused(tmp_path, text)
        assert "mandatory family drift" in error.message
        assert "not_applicable" in error.hint


def test_a_family_may_be_not_applicable_with_reason_and_person(tmp_path: Path) -> None:
    text = GOOD.replace("drift.psi", "data.missingness")
    reasoned = text + "not_applicable:\n  drift: {reason: one hospital and one season of data, person: A. Lee}\n"
    assert load_policy(written(tmp_path, reasoned)).not_applicable["drift"].person == "A. Lee"
    error = refused(tmp_path, text + "not_applicable:\n  drift: {reason: one hospital and one season}\n")
    assert "person is missing" in error.message


def test_grouped_checks_need_groups(tmp_path: Path) -> None:
    assert "`by:` is missing" in refused(tmp_path, GOOD.replace("    by: [sex]\n", "")).message


def test_yaml_that_is_none(tmp_path: Path) -> None:
    for text in ("a: [1,", "- a", "a: 1\na: 2\n", ""):
        assert ":" in refused(tmp_path, text).message


def test_extending_merges_by_id_and_never_asks_for_less(tmp_path: Path) -> None:
    written(tmp_path, GOOD + DECLARED + "approvals: [{role: clinical}]\n", "root.yaml")
    child = """\
schema: govern/policy/1
id: child
version: 2.0.0
title: Child
extends: [root]
checks:
  - id: calibrated
    check: calibration.slope
    accept: {lower: ">= 0.9"}
documentation: {required: [limitations]}
"""
    policy = load_policy(written(tmp_path, child, "child.yaml"))
    assert policy.id == "child"
    assert [r.id for r in policy.checks] == ["fair", "calibrated", "stable", "explained", "declared"]
    assert [str(c) for c in policy.checks[1].accept.criteria] == ["lower >= 0.9"]
    assert policy.documentation.required == ["intended_use", "limitations"]
    assert [a.role.value for a in policy.approvals] == ["clinical"]


CHILD = """\
schema: govern/policy/1
id: child
version: 1.0.0
title: Child
extends: [base/regression]
not_applicable: {explainability: {reason: numbers have no attributions here, person: A. Lee}}
"""


def test_the_task_is_that_of_the_merged_policy(tmp_path: Path) -> None:
    inherited = CHILD + 'checks:\n  - {id: error, check: performance.rmse, accept: {upper: "<= 4"}}\n'
    assert load_policy(written(tmp_path, inherited)).task == "regression"
    foreign = CHILD + 'checks:\n  - {id: area, check: performance.auroc, accept: {lower: ">= 0.7"}}\n'
    error = refused(tmp_path, foreign)
    assert (
        "p.yaml:8: performance.auroc (rule area) is for binary models, the policy's task is regression" in error.message
    )
    error = refused(tmp_path, CHILD + "task: binary\n")
    assert "p.yaml:5: " in error.message, "the rules that do not fit are inherited: said where it extends"
    assert "the policy's task is binary" in error.message


def test_events_are_asked_for_only_where_there_are_events(tmp_path: Path) -> None:
    error = refused(tmp_path, CHILD + "data:\n  test: {min_rows: 100, min_events: 20}\n")
    assert "p.yaml:8: a policy of the task regression knows no events" in error.message


def test_a_policy_that_extends_itself_is_refused(tmp_path: Path) -> None:
    assert "extend itself" in refused(tmp_path, GOOD.replace("title:", "extends: [p]\ntitle:")).message


def test_an_absent_policy_names_the_nearest_pack() -> None:
    with pytest.raises(InputError) as caught:
        load_policy("clinical-decision-suport")
    assert "clinical-decision-support" in caught.value.hint


def test_a_recorded_policy_that_was_changed_is_refused(tmp_path: Path) -> None:
    value = load_policy(written(tmp_path, GOOD)).as_json()
    value["title"] = "Another"
    with pytest.raises(PolicyError, match="digest"):
        from_json(value)


#: Families that a pack leaves to whoever extends it.
OPEN = {
    "base/multiclass": {"explainability"},
    "base/regression": {"explainability"},
    "base/survival": {"calibration", "explainability"},
}


@pytest.mark.parametrize("name", sorted(packs()))
def test_every_pack_is_valid_and_says_why(name: str) -> None:
    policy = load_policy(name, whole=False)
    assert not [rule.id for rule in policy.checks if not rule.because]
    assert set(policy.missing_families()) == OPEN.get(name, set())


def test_a_pack_with_open_families_judges_nothing_until_somebody_puts_a_name_to_them(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no blocking check in the mandatory families calibration, explainability"):
        load_policy("base/survival")
    head = "schema: govern/policy/1\nid: c\nversion: '1'\ntitle: C\ntask: survival\nextends: [base/survival]\n"
    reasons = "".join(
        f"  {name}: {{reason: a ranking states no probability, person: Ada Lee}}\n" for name in OPEN["base/survival"]
    )
    assert load_policy(written(tmp_path, f"{head}not_applicable:\n{reasons}", "child.yaml")).task == "survival"


def test_inherited_rules_slice_only_by_groups_of_the_project(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "root.yaml")
    child = "schema: govern/policy/1\nid: c\nversion: '1'\ntitle: C\nextends: [root]\n"
    path = written(tmp_path, child, "child.yaml")
    assert load_policy(path, groups=frozenset({"sex"}))
    with pytest.raises(PolicyError, match=r"child.yaml:5: unknown group \(in rule fair\) 'sex'"):
        load_policy(path, groups=frozenset({"ward"}))


def test_a_policy_that_refuses_nothing_is_refused(tmp_path: Path) -> None:
    head = "schema: govern/policy/1\nid: p\nversion: '1'\ntitle: P\nnot_applicable:\n"
    reasons = "".join(
        f"  {f}: {{reason: it is only a test, person: A. Lee}}\n"
        for f in ("bias", "calibration", "drift", "explainability")
    )
    assert "no rule that blocks" in refused(tmp_path, head + reasons).message
    warns = "checks:\n  - {id: a, check: performance.auroc, severity: warn, accept: {lower: '>= 0.7'}}\n"
    assert "no rule that blocks" in refused(tmp_path, head + reasons + warns).message


def test_a_blank_reason_is_none(tmp_path: Path) -> None:
    text = GOOD.replace("drift.psi", "data.missingness") + "not_applicable:\n  drift: {reason: '%s', person: '  '}\n"
    assert "reason" in refused(tmp_path, text % (" " * 20)).message


def test_required_facts_need_a_rule_that_asks_for_them(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD + "documentation: {required: [intended_use]}\n")
    assert "documentation.completeness" in error.message


def test_aliases_of_aliases_do_not_hang(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "aliases" in refused(tmp_path, "\n".join(lines)).message


def test_a_hierarchy_reaches_across_what_is_extended(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "root.yaml")
    head = "schema: govern/policy/1\nid: c\nversion: '1'\ntitle: C\nextends: [root]\nchecks:\n"
    rule = "  - {id: late, check: performance.brier, after: [%s], accept: {upper: '<= 0.2'}}\n"
    first = load_policy(written(tmp_path, GOOD, "alone.yaml")).checks[0].id
    assert load_policy(written(tmp_path, head + rule % first, "child.yaml")).checks[-1].after == [first]
    with pytest.raises(PolicyError, match=r"unknown earlier rule \(in rule late\) 'absent'"):
        load_policy(written(tmp_path, head + rule % "absent", "other.yaml"))


def test_requirements_of_a_dataset_add_up(tmp_path: Path) -> None:
    child = "schema: govern/policy/1\nid: c\nversion: '1'\ntitle: C\nextends: [clinical-decision-support]\n"
    found = load_policy(written(tmp_path, f"{child}data: {{test: {{min_rows: 600}}}}\n", "child.yaml"))
    assert (found.data["test"].min_rows, found.data["test"].min_events) == (600, 100)
