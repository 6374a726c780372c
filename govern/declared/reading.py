"""What a project declares: the facts in ``govern.yaml`` and in its folder of facts, each with who said it and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from govern import strict_yaml
from govern.declared import places, values
from govern.declared.catalogue import Catalogue, Fact, load
from govern.declared.values import WrongError
from govern.errors import GovernError, PolicyError
from govern.strict_yaml import Document, Location, nearest

SCHEMA = "govern/declared/1"
#: Of one file, for the facts in it that do not say otherwise; and in ``system:``.
_DEFAULTS = ("by", "on", "public")
_LONG = ("value", "not_applicable", "by", "on", "valid_until", "public")
_NAME = 200
_CLAUSE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What is said of one fact, or of one clause that does not apply. Dates are ISO 8601; empty where not said."""

    id: str
    #: As :func:`govern.declared.values.recorded` gives it; ``None`` where it does not apply.
    value: Any = None
    #: Why it does not apply.
    reason: str = ""
    by: str = ""
    on: str = ""
    valid_until: str = ""
    #: Whether the owner lets the public see it.
    public: bool = False
    #: ``file:line``, the file as seen from the project.
    place: str

    @property
    def applies(self) -> bool:
        """Whether a value is declared, not that there is none."""
        return not self.reason


@dataclass(frozen=True, kw_only=True)
class Declared:
    """All that a project declares. What is wrong is among ``problems``, and then not among the rest."""

    facts: Mapping[str, Declaration]
    #: Clauses of regulations that are said not to apply; whether there are such clauses is not looked at here.
    clauses: Mapping[str, Declaration]
    problems: tuple[PolicyError, ...]

    def raise_problems(self) -> None:
        """Raise the first problem, where there is one.

        Raises:
            PolicyError: names file and line, what was found, and how many more there are.
        """
        if not self.problems:
            return
        first, more = self.problems[0], len(self.problems) - 1
        told = f" (and {more} more: `govern facts lint`)" if more else ""
        raise PolicyError(first.message + told, hint=first.hint)

    def as_system(self) -> dict[str, Any]:
        """Return the facts as evidence records them: values by fact, who said them, and what does not apply.

        ``declared`` and ``not_applicable`` are there only where somebody wrote what belongs in them.
        """
        said = {d.id: kept for d in self.facts.values() if d.applies and (kept := _said(d))}
        absent = {
            d.id: {"reason": d.reason, "person": d.by, **({"on": d.on} if d.on else {})}
            for d in (*self.facts.values(), *self.clauses.values())
            if not d.applies
        }
        return {
            **{d.id: d.value for d in self.facts.values() if d.applies},
            **({"declared": said} if said else {}),
            **({"not_applicable": absent} if absent else {}),
        }


def read(document: Document, root: Path, catalogue: Catalogue | None = None) -> Declared:
    """Return what a project file and its folder of facts declare; mistakes are collected, not raised.

    ``catalogue`` is the one that comes with govern unless another is given.
    """
    reader = _Reader(root, catalogue or load())
    system = document.value.get("system")
    if isinstance(system, dict):
        reader.section(document, ("system",), system, {k: system[k] for k in _DEFAULTS if k in system})
    elif "system" in document.value:
        reader.problem(document, ("system",), "system: facts were expected", "such as name: my-model")
    reader.absent(document)
    reader.folder(document)
    return reader.result()


def _said(declaration: Declaration) -> dict[str, Any]:
    said = {"by": declaration.by, "on": declaration.on, "valid_until": declaration.valid_until}
    return {**{k: v for k, v in said.items() if v}, **({"public": True} if declaration.public else {})}


class _Reader:
    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self._root = root
        self._known = catalogue.facts
        self._found: dict[str, Declaration] = {}
        self._public: set[str] = set()
        self._problems: list[PolicyError] = []

    def problem(self, document: Document, at: Location, message: str, hint: str) -> None:
        self._problems.append(document.error(at, message, hint=hint))

    def folder(self, document: Document) -> None:
        """Read the files of the folder that the project file names."""
        try:
            path = places.folder(document, self._root)
            for file in () if path is None else places.files(path, self._root):
                if isinstance(file, PolicyError):
                    self._problems.append(file)
                else:
                    self._file(file)
        except PolicyError as e:
            self._problems.append(e)

    def _file(self, path: Path) -> None:
        try:
            document = strict_yaml.read(path)
        except GovernError as e:
            self._problems.append(PolicyError(e.message, hint="text that holds a colon or # goes below |-"))
            return
        value = document.value
        known = ("schema", "facts", *_DEFAULTS)
        for key in value:
            if key not in known:
                self.problem(document, (key,), f"unknown key {key!r}", f"{nearest(key, known)} Facts go below facts:")
        if value.get("schema") != SCHEMA:
            self.problem(document, ("schema",), f"schema is {value.get('schema')!r}", f"write schema: {SCHEMA}")
        facts = value.get("facts")
        if isinstance(facts, dict):
            self.section(document, ("facts",), facts, {k: value[k] for k in _DEFAULTS if k in value}, ())
        elif facts is not None:
            self.problem(document, ("facts",), "facts: names with values were expected", "such as users: Nurses.")

    def section(
        self,
        document: Document,
        at: Location,
        entries: Mapping[str, Any],
        defaults: Mapping[str, Any],
        within: Location | None = None,
    ) -> None:
        """Read facts at ``at``; ``by``, ``on`` and ``public`` for all of them stand at ``within``, or beside them."""
        beside = at if within is None else within
        by = self._part(document, (*beside, "by"), defaults.get("by"), _name)
        on = self._part(document, (*beside, "on"), defaults.get("on"), values.day)
        self._shown(document, (*beside, "public"), defaults.get("public"))
        for key, value in entries.items():
            if within is None and key in _DEFAULTS:
                continue
            if key not in self._known:
                self.problem(document, (*at, key), f"unknown fact {key!r}", self._near(key))
            elif not values.blank(value):
                self._fact(document, (*at, key), self._known[key], value, by, on)

    def absent(self, document: Document) -> None:
        """Read ``not_applicable:`` of a project file: facts and clauses, each with a reason and a person."""
        entries = document.value.get("not_applicable") or {}
        if not isinstance(entries, dict):
            self.problem(document, ("not_applicable",), "not_applicable: names were expected", "ID: {reason, person}")
            return
        for key, entry in entries.items():
            at: Location = ("not_applicable", key)
            if key not in self._known and not _CLAUSE.fullmatch(key):
                self.problem(document, at, f"{key!r} is no fact and no clause", self._near(key))
                continue
            if not isinstance(entry, dict) or set(entry) - {"reason", "person", "on"}:
                self.problem(document, at, f"{key}: a reason and a person were expected", "{reason: ..., person: ...}")
                continue
            reason = self._part(document, at, entry.get("reason") or "", values.line, f"{key}, reason: ")
            person = self._part(document, at, entry.get("person") or "", _name, f"{key}, person: ")
            on = self._part(document, (*at, "on"), entry.get("on"), values.day, f"{key}, on: ")
            if reason and person:
                self._add(document, at, Declaration(id=key, reason=reason, by=person, on=on, place=""))

    def result(self) -> Declared:
        """Return what was found, facts in the order of the catalogue."""
        shown = {k: replace(d, public=d.applies and (d.public or k in self._public)) for k, d in self._found.items()}
        return Declared(
            facts={k: shown[k] for k in self._known if k in shown},
            clauses={k: shown[k] for k in sorted(shown) if k not in self._known},
            problems=tuple(self._problems),
        )

    def _fact(self, document: Document, at: Location, fact: Fact, written: Any, by: str, on: str) -> None:
        long = isinstance(written, dict) and bool({"value", "not_applicable"} & set(written))
        entry = written if long else {"value": written}
        for key in entry:
            if key not in _LONG:
                self.problem(document, (*at, key), f"{fact.id}: unknown key {key!r}", nearest(key, _LONG))
        inner = (*at, "value") if long else at
        before = len(self._problems)
        author = self._part(document, (*at, "by"), entry.get("by"), _name, f"{fact.id}, by: ") or by
        dated = self._part(document, (*at, "on"), entry.get("on"), values.day, f"{fact.id}, on: ") or on
        until = self._part(document, (*at, "valid_until"), entry.get("valid_until"), values.day, f"{fact.id}: ")
        if until and dated and until < dated:
            self.problem(document, (*at, "valid_until"), f"{fact.id}: valid until {until}, said on {dated}", "mend one")
        if not isinstance(entry.get("public", False), bool):
            self.problem(document, (*at, "public"), f"{fact.id}: public is true or false", "write true")
        reason, value = "", None
        if "not_applicable" in entry:
            if not values.blank(entry.get("value")):
                self.problem(document, at, f"{fact.id}: has a value and is not applicable", "keep one of the two")
            reason = self._part(
                document, (*at, "not_applicable"), entry["not_applicable"] or "", values.line, f"{fact.id}: "
            )
            if reason and not author:
                self.problem(document, at, f"{fact.id}: nobody says that it is not applicable", "add by: NAME")
        elif values.blank(entry["value"]):
            self.problem(document, at, f"{fact.id}: there is no value", "write it behind value:, or remove the entry")
        else:
            value = self._value(document, inner, fact, entry["value"])
        if len(self._problems) > before:
            return
        said = {"by": author, "on": dated, "valid_until": until, "public": entry.get("public", False)}
        self._add(document, at, Declaration(id=fact.id, value=value, reason=reason, place="", **said))

    def _value(self, document: Document, at: Location, fact: Fact, value: Any) -> Any:
        try:
            return values.recorded(fact, value)
        except WrongError as e:
            self.problem(document, (*at, *e.at), f"{fact.id}: {e.message}", e.hint)

    def _part(self, document: Document, at: Location, value: Any, of: Callable[[Any], str], what: str = "") -> str:
        """Return a name, date or reason; nothing where it is not given, or wrong."""
        if value is None or (value == "" and not what):
            return ""
        try:
            return of(value)
        except WrongError as e:
            self.problem(document, at, f"{what or f'{at[-1]}: '}{e.message}", e.hint)
            return ""

    def _shown(self, document: Document, at: Location, value: Any) -> None:
        if value is None:
            return
        if not isinstance(value, list):
            self.problem(document, at, "public: names of facts were expected", "public: [intended_use]")
            return
        for i, key in enumerate(value):
            if key in self._known:
                self._public.add(key)
            else:
                self.problem(document, (*at, i), f"unknown fact {key!r}", self._near(str(key)))

    def _add(self, document: Document, at: Location, declaration: Declaration) -> None:
        here = f"{self._relative(document.path)}:{document.line(at)}"
        if (other := self._found.get(declaration.id)) is not None:
            twice = f"{declaration.id} is declared twice, here and in {other.place}"
            self.problem(document, at, twice, "keep one of the two")
            return
        self._found[declaration.id] = replace(declaration, place=here)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else str(path)

    def _near(self, word: str) -> str:
        hint = nearest(word, self._known)
        return hint if hint.startswith("did you") else "see `govern facts list`"


def _name(value: Any) -> str:
    return values.line(value, longest=_NAME)
