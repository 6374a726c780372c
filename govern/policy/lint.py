"""The words of a policy: are there such checks, parameters, groups, families, facts, controls."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from govern.checks import catalogue
from govern.checks.inputs import TASKS
from govern.policy.model import Policy, Rule
from govern.project import System, parts
from govern.strict_yaml import Document, Location, nearest
from govern.types import MANDATORY_FAMILIES

#: K01..K39 are shared by the EU and US clause catalogues, K40..K45 are the US ones' own.
CONTROLS = frozenset(f"K{i:02d}" for i in range(1, 46))

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
        _check_rule(rule, policy.task, document, at, groups)
        seen.add(rule.id)
    for family in policy.not_applicable:
        _known(family, MANDATORY_FAMILIES, "family", document, ("not_applicable", family))
    for i, fact in enumerate(policy.documentation.required):
        _known(fact, System.model_fields, "fact", document, ("documentation", "required", i))


def _check_rule(rule: Rule, task: str, document: Document, at: Location, groups: frozenset[str] | None) -> None:
    _known(rule.check, catalogue.names(), "check", document, (*at, "check"))
    valid = catalogue.load(rule.check)
    if foreign := [name for name in valid.inputs if name in TASKS and TASKS[name] != task]:
        raise document.error(
            (*at, "check"),
            f"{rule.check} is for {TASKS[foreign[0]]} models, the policy's task is {task}",
            hint="set `task:`, or take a check of this task: `govern checks list`",
        )
    for name, value in rule.params.items():
        _known(name, valid.params, f"parameter of {rule.check}:", document, (*at, "params", name))
        _same_type(name, value, valid.params[name], document, (*at, "params", name))
    for i, group in enumerate(rule.by):
        if group in rule.by[:i]:
            raise document.error((*at, "by", i), f"the group {group!r} stands twice", hint="remove one")
        for part in parts(group):
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


def _same_type(name: str, value: object, default: object, document: Document, at: Location) -> None:
    """Refuse a parameter of another type than its default (a whole number may stand for a float)."""
    if isinstance(value, float) and not math.isfinite(value):
        raise document.error(at, f"{name}: a finite number was expected, found {value}", hint="mend the value")
    if isinstance(value, list) and (odd := [v for v in value if not isinstance(v, str)]):
        raise document.error(at, f"{name}: texts were expected, found {odd[0]!r}", hint="mend the value")
    expected = type(default)
    fits = isinstance(value, expected) and isinstance(value, bool) == isinstance(default, bool)
    if not fits and not (expected is float and type(value) is int) and default is not None:
        raise document.error(
            at, f"{name}: {expected.__name__} expected, found {value!r} ({type(value).__name__})", hint="mend the value"
        )
