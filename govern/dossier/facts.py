"""Declared facts: what the owner says about the system, quoted; and which of them nobody has said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from govern import declared
from govern.declared import CORE
from govern.declared.values import blank

_DOCUMENT = {"title": "", "reference": "", "version": "version ", "date": "dated ", "sha256": "SHA-256 "}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One declared fact as templates print it; all of it is empty where nobody has declared it."""

    name: str
    label: str
    #: The question that it answers; empty for a fact that the catalogue does not know.
    ask: str = ""
    #: The catalogue's kind of the fact, or of how it was recorded: see :data:`govern.declared.catalogue.KINDS`.
    kind: str = "text"
    #: Everything that is said, as paragraphs, whatever the kind; why it does not apply, where it does not.
    paragraphs: tuple[str, ...]
    #: The items of a list.
    items: tuple[str, ...] = ()
    #: The columns of a table, and its rows with a cell for each column.
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    #: What is known of a document or an owner: (key, text).
    parts: tuple[tuple[str, str], ...] = ()
    #: The recorded value: ``True`` or ``False`` of a yes_no fact; ``None`` where there is none.
    value: Any = None
    #: Whether the policy requires it.
    required: bool
    #: Who declared it, on which day, until when it holds (ISO 8601); empty where that is not said.
    by: str = ""
    on: str = ""
    valid_until: str = ""
    #: Whether the owner lets the public see it.
    public: bool = False
    #: Why it does not apply; ``by`` says so.
    not_applicable: str = ""

    @property
    def declared(self) -> bool:
        """Whether somebody has declared it, or that it does not apply."""
        return bool(self.paragraphs)

    @property
    def said(self) -> str:
        """Who declared it and when, such as ``by Ruth Vogel on 2026-11-20, valid until 2027-11-20``; may be empty."""
        said = (f"by {self.by}" if self.by else "", f"on {self.on}" if self.on else "")
        until = f"valid until {self.valid_until}" if self.valid_until else ""
        return ", ".join(filter(None, (" ".join(filter(None, said)), until)))


class Facts:
    """The declared facts of a system, by name; a name that nobody declared gives an empty fact."""

    def __init__(self, system: Mapping[str, Any], required: Iterable[str]) -> None:
        self._system = system
        self._required = tuple(required)
        self._said = _mapping(system.get("declared"))
        self._absent = _mapping(system.get("not_applicable"))
        self._catalogue = declared.load()

    def get(self, name: str) -> Fact:
        """Return a fact; empty where it is not declared or not known."""
        known = self._catalogue.facts.get(name)
        value = None if blank(found := self._system.get(name)) else found
        said, absent = _mapping(self._said.get(name)), _mapping(self._absent.get(name))
        reason, person = (str(absent.get(key) or "").strip() for key in ("reason", "person"))
        applies = value is not None or not (reason and person)
        why = f"Not applicable: {reason.rstrip('.')} (said by {person})."
        columns, rows = _table(value, () if known is None else tuple(known.columns))
        return Fact(
            name=name,
            label=name.replace("_", " ").capitalize() if known is None else known.label,
            ask="" if known is None else known.ask,
            kind="text" if known is None else known.kind,
            paragraphs=tuple(_paragraphs(value, "" if known is None else known.unit)) if applies else (why,),
            items=tuple(_paragraphs(value)) if isinstance(value, list | tuple) and not columns else (),
            columns=columns,
            rows=rows,
            parts=tuple((str(k), _word(v)) for k, v in _mapping(value).items() if not blank(v)),
            value=value,
            required=name in self._required,
            by=str(said.get("by") or "") if applies else person,
            on=str((said if applies else absent).get("on") or ""),
            valid_until=str(said.get("valid_until") or "") if applies else "",
            public=applies and value is not None and said.get("public") is True,
            not_applicable="" if applies else reason,
        )

    def group(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of a group of the catalogue, declared or not; none where there is no such group."""
        return tuple(self.get(f.id) for g in self._catalogue.groups if g.id == name for f in g.facts)

    def public(self) -> tuple[Fact, ...]:
        """Return what the owner lets the public see, in the order of the catalogue."""
        return tuple(fact for fact in map(self.get, self._catalogue.facts) if fact.public)

    def missing(self) -> list[Fact]:
        """Return what is not declared of what the policy requires, then of what every dossier asks for."""
        names = dict.fromkeys([*self._required, *CORE])
        return [f for f in map(self.get, names) if not f.declared]

    @property
    def others_missing(self) -> int:
        """How many facts of the catalogue are not declared beside those that :meth:`missing` names."""
        named = {"name", *self._required, *CORE}
        return sum(not self.get(name).declared for name in self._catalogue.facts if name not in named)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value).strip()


def _table(value: Any, columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return columns and rows of a list of records: the catalogue's columns, then others that the rows have."""
    if not isinstance(value, list | tuple) or not value or not all(isinstance(row, Mapping) for row in value):
        return (), ()
    names = tuple(dict.fromkeys([*columns, *(str(key) for row in value for key in row)]))
    return names, tuple(tuple(_word(row.get(name)) for name in names) for row in value)


def _paragraphs(value: Any, unit: str = "") -> list[str]:
    """Return a value as paragraphs, by its shape: evidence may hold what this catalogue does not know."""
    if isinstance(value, Mapping):
        if "title" in value:
            parts = [f"{_DOCUMENT.get(str(k), f'{k} ')}{_word(v)}" for k, v in value.items() if not blank(v)]
            return [", ".join(parts)]
        return [f"{str(k).capitalize()}: {_word(v)}" for k, v in value.items() if not blank(v)]
    if isinstance(value, list | tuple):
        return ["; ".join(_paragraphs(v)) if isinstance(v, Mapping) else _word(v) for v in value if not blank(v)]
    if isinstance(value, str):
        return [p.strip() for p in value.split("\n\n") if p.strip()]
    return [] if value is None else [f"{_word(value)} {unit}".strip()]
