"""The words of a policy: are there such checks, parameters, groups, families, facts, controls."""

from __future__ import annotations

import re
from collections.abc import Iterable

from govern import declared
from govern.checks import catalogue
from govern.checks.inputs import TASKS
from govern.checks.parameters import Range
from govern.policy.model import Policy, Rule
from govern.project import parts
from govern.strict_yaml import Document, Location, nearest
from govern.types import MANDATORY_FAMILIES, Criterion

#: K01..K39 are shared by the EU and US clause catalogues, K40..K45 are the US ones' own.
CONTROLS = frozenset(f"K{i:02d}" for i in range(1, 46))

#: In these a row is an event or none, so that a dataset can be asked for so many.
TASKS_OF_EVENTS = ("binary", "survival")

_DECLARE = " Or declare it under `groups:` in govern.yaml."


def check_words(policy: Policy, document: Document, groups: frozenset[str] | None) -> None:
    """Refuse a policy that names what does not exist.

    Raises:
        PolicyError: names file, line and the nearest valid word.
    """
    seen: set[str] = set()
    for i, rule in enumerate(policy.checks):
        at: Location = ("checks", i)
        if rule.id in seen:
            raise document.error((*at, "id"), f"two rules have the id {rule.id!r}", hint="rename one")
        _check_rule(rule, document, at, groups)
        seen.add(rule.id)
    for family in policy.not_applicable:
        _known(family, MANDATORY_FAMILIES, "family", document, ("not_applicable", family))
    for i, fact in enumerate(policy.documentation.required):
        _known(fact, declared.load().facts, "fact", document, ("documentation", "required", i))


def _check_rule(rule: Rule, document: Document, at: Location, groups: frozenset[str] | None) -> None:
    _known(rule.check, catalogue.names(), "check", document, (*at, "check"))
    valid = catalogue.load(rule.check)
    for name, value in rule.params.items():
        _known(name, valid.parameters, f"parameter of {rule.check}:", document, (*at, "params", name))
        if (wrong := valid.parameters[name].wrong(value)) is not None:
            raise document.error((*at, "params", name), wrong[0], hint=wrong[1])
    for criterion in rule.accept.criteria:
        if always := decided(criterion, valid.measured):
            raise document.error(
                (*at, "accept", criterion.on),
                f"{criterion}: {always}, since {rule.check} is {valid.measured}",
                hint="give a bound that a model can meet and can miss",
            )
    for i, group in enumerate(rule.by):
        if group in rule.by[:i]:
            raise document.error((*at, "by", i), f"the group {group!r} stands twice", hint="remove one")
        for part in parts(group):
            if not part:
                raise document.error((*at, "by", i), f"the group {group!r} lacks a name", hint="such as sex*race")
            _known(part, groups or parts(group), "group", document, (*at, "by", i), more=_DECLARE)
    for i, control in enumerate(rule.controls):
        if not re.fullmatch(r"K\d\d", control) or control not in CONTROLS:
            raise document.error((*at, "controls", i), f"unknown control {control!r}", hint="K01 to K45")
    if valid.grouped and not rule.by:
        raise document.error(at, f"{rule.check} compares groups, but `by:` is missing", hint="add by: [sex]")
    if rule.by and not (valid.grouped or valid.sliceable):
        raise document.error(
            (*at, "by"), f"{rule.check} measures more than rows of the test set, so not by group", hint="remove `by:`"
        )


def decided(criterion: Criterion, measured: Range) -> str:
    """Return whether a criterion always or never holds of a measure within a range, in words; else nothing."""
    low, high, bound = measured.low, measured.high, criterion.bound
    always, never = {
        ">=": (low >= bound, high < bound),
        ">": (low > bound, high <= bound),
        "<=": (high <= bound, low > bound),
        "<": (high < bound, low >= bound),
        "==": (low == high == bound, not low <= bound <= high),
    }[criterion.operator]
    return "this can never fail" if always else "this can never pass" if never else ""


def check_task(policy: Policy, document: Document) -> None:
    """Refuse rules and requirements of another task than the policy's, inherited ones counted.

    Raises:
        PolicyError: names the file, and the line of the rule or of what it is inherited from.
    """
    own = {str(rule.get("id")): i for i, rule in enumerate(document.value.get("checks") or [])}
    for rule in policy.checks:
        of = {TASKS[name] for name in catalogue.load(rule.check).inputs if name in TASKS}
        if of and policy.task not in of:
            raise document.error(
                ("checks", own[rule.id], "check") if rule.id in own else ("extends",),
                f"{rule.check} (rule {rule.id}) is for {of.pop()} models, the policy's task is {policy.task}",
                hint="set `task:`, or take a check of this task: `govern checks list`",
            )
    for role, needed in policy.data.items():
        if needed.min_events is not None and policy.task not in TASKS_OF_EVENTS:
            raise document.error(
                ("data", role, "min_events"),
                f"a policy of the task {policy.task} knows no events, of which {role} data must hold "
                f"{needed.min_events}",
                hint="ask for `min_rows` instead",
            )


def check_order(policy: Policy, document: Document) -> None:
    """Refuse a hierarchy in which a rule comes after one that is not before it, inherited ones counted.

    Raises:
        PolicyError: names the file and the nearest valid word.
    """
    before: list[str] = []
    for rule in policy.checks:
        for earlier in rule.after:
            what, more = f"earlier rule (in rule {rule.id})", ". Rules are tested in their order."
            _known(earlier, before or ["no rule"], what, document, ("checks",), more=more)
        before.append(rule.id)


def check_groups(policy: Policy, document: Document, groups: frozenset[str]) -> None:
    """Refuse a rule, inherited ones too, that slices by what the project has not.

    Raises:
        PolicyError: names the file, the line where it says what it extends, and the nearest valid word.
    """
    for rule in policy.checks:
        for part in (part for group in rule.by for part in parts(group)):
            _known(part, groups, f"group (in rule {rule.id})", document, ("extends",), more=_DECLARE)


def _known(word: str, valid: Iterable[str], what: str, document: Document, at: Location, *, more: str = "") -> None:
    if word not in valid:
        raise document.error(at, f"unknown {what} {word!r}", hint=nearest(word, valid) + more)
