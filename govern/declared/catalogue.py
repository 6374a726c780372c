"""The catalogue of facts: what a person may be asked about a system, in groups, one YAML file each.

The files are ``policies/regulations/facts/<group>.yaml``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from govern import strict_yaml
from govern.errors import PolicyError
from govern.resources import shared
from govern.strict_yaml import Document, Location, nearest

SCHEMA = "govern/facts/1"
KINDS = ("text", "list", "table", "choice", "yes_no", "date", "number", "document", "owner")
#: What only one kind has, and must have.
_OF_KIND = {"choices": "choice", "columns": "table"}
_KEYS = ("id", "label", "ask", "kind", "choices", "columns", "unit", "example", "controls", "public")
#: Keys of ``system:`` and of ``Record.system`` that are no facts.
RESERVED = ("by", "on", "public", "data", "declared", "not_applicable", "facts", "schema")
#: The facts that every dossier asks for, whatever regulation applies.
CORE = (
    "intended_use", "users", "population", "limitations", "human_oversight", "owner", "device_description",
    "reference_standard", "data_provenance", "risk_management", "monitoring_plan", "cybersecurity",
    "instructions_for_use",
)  # fmt: skip
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CONTROL = re.compile(r"K\d\d")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that a person may be asked to declare. ``kind`` is one of :data:`KINDS`."""

    id: str
    group: str
    label: str
    #: The question, in plain words.
    ask: str
    kind: str
    #: The words to choose from, of a ``choice``.
    choices: tuple[str, ...] = ()
    #: Column -> what to write there, of a ``table``.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Of a ``number``.
    unit: str = ""
    example: str = ""
    controls: tuple[str, ...] = ()
    #: Whether it may be shown to the public if the owner says so: no trade secret by nature.
    public: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Facts that belong together; ``id`` is the name of its file."""

    id: str
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Catalogue:
    """All groups, by name."""

    groups: tuple[Group, ...]

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Every fact by its id, group by group."""
        return {fact.id: fact for group in self.groups for fact in group.facts}

    def group(self, name: str) -> Group:
        """Return a group.

        Raises:
            PolicyError: there is none of that name; names the nearest.
        """
        known = {group.id: group for group in self.groups}
        if name not in known:
            raise PolicyError(f"no group of facts {name!r}", hint=nearest(name, known))
        return known[name]


def load() -> Catalogue:
    """Return the catalogue that comes with govern; it is read once.

    Raises:
        PolicyError: an unknown key, kind or control, or an id that stands twice; names file and line.
        GovernError: the installation is broken.
    """
    return _load(shared("policies/regulations/facts"))


@cache
def _load(folder: Path) -> Catalogue:
    from govern.declared import compiled

    return compiled.load(folder) or read(folder)


def read(folder: Path) -> Catalogue:
    """Read the YAML files of a catalogue, strictly.

    Raises:
        PolicyError: an unknown key, kind or control, or an id that stands twice; names file and line.
    """
    places: dict[str, str] = {}
    return Catalogue(tuple(_group(strict_yaml.read(path), places) for path in sorted(folder.glob("*.yaml"))))


def _group(document: Document, places: dict[str, str]) -> Group:
    value = document.value
    _keys(document, (), value, ("schema", "group", "title", "facts"))
    if value.get("schema") != SCHEMA:
        raise document.error(("schema",), f"schema is {value.get('schema')!r}", hint=f"write schema: {SCHEMA}")
    name, title = (_text(document, (), value, key) for key in ("group", "title"))
    if name != document.path.stem:
        raise document.error(("group",), f"the group is {name!r}, its file {document.path.name}", hint="make them one")
    if not isinstance(value.get("facts"), list) or not value["facts"]:
        raise document.error(("facts",), "facts is no list", hint="write one fact an item: - id: ...")
    facts = tuple(_fact(document, ("facts", i), item, name) for i, item in enumerate(value["facts"]))
    for i, fact in enumerate(facts):
        here = f"{document.path}:{document.line(('facts', i, 'id'))}"
        if fact.id in places:
            raise PolicyError(f"{here}: the fact {fact.id!r} is also at {places[fact.id]}", hint="rename one")
        places[fact.id] = here
    return Group(id=name, title=title, facts=facts)


def _fact(document: Document, at: Location, value: Any, group: str) -> Fact:
    if not isinstance(value, dict):
        raise document.error(at, f"a fact with keys was expected, found {value!r}", hint="write - id: ...")
    _keys(document, at, value, _KEYS)
    name, label, ask, kind = (_text(document, at, value, key) for key in ("id", "label", "ask", "kind"))
    if not _ID.fullmatch(name) or name in RESERVED:
        why = "is a word of the file format" if name in RESERVED else "is not in snake_case"
        raise document.error((*at, "id"), f"the id {name!r} {why}", hint="such as intended_use")
    if kind not in KINDS:
        raise document.error((*at, "kind"), f"unknown kind {kind!r}", hint=nearest(kind, KINDS))
    for key, of in _OF_KIND.items():
        if (key in value) != (kind == of):
            wrong = f"only a {of} has {key}" if key in value else f"a {of} needs {key}"
            raise document.error((*at, key), f"{name}: {wrong}", hint="change the kind or the key")
    if "unit" in value and kind != "number":
        raise document.error((*at, "unit"), f"{name}: only a number has a unit", hint="remove it")
    columns = value.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(c, str) and c for c in columns.values()):
        raise document.error((*at, "columns"), f"{name}: columns are names with what to write", hint="name: what")
    if not isinstance(value.get("public", False), bool):
        raise document.error((*at, "public"), f"{name}: public is true or false", hint="write true")
    controls = _words(document, at, value, "controls")
    for control in controls:
        if not _CONTROL.fullmatch(control):
            raise document.error((*at, "controls"), f"unknown control {control!r}", hint="such as K02")
    example = value.get("example", "")
    return Fact(
        id=name,
        group=group,
        label=label,
        ask=ask,
        kind=kind,
        choices=_words(document, at, value, "choices"),
        columns=columns,
        unit=str(value.get("unit", "")),
        example=example if isinstance(example, str) else json.dumps(example, ensure_ascii=False),
        controls=controls,
        public=value.get("public", False),
    )


def _keys(document: Document, at: Location, value: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in value:
        if key not in known:
            raise document.error((*at, key), f"unknown key {key!r}", hint=nearest(key, known))


def _text(document: Document, at: Location, value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip():
        raise document.error((*at, key), f"{key}: a text was expected, found {found!r}", hint="write it")
    return found.strip()


def _words(document: Document, at: Location, value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key, [])
    words = found if isinstance(found, list) else None
    if words is None or not all(isinstance(w, str) and w for w in words) or len(set(words)) < len(words):
        raise document.error((*at, key), f"{key}: different words were expected, found {found!r}", hint="[a, b]")
    return tuple(words)
