"""The nouns of regulations: clauses, what answers them, and for whom they hold. Frozen, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class State(StrEnum):
    """What is known of a clause, or of one of its needs."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"
    DECLARED = "declared"
    SIGNED = "signed"
    NOT_APPLICABLE = "not_applicable"
    STALE = "stale"


#: How each state is marked wherever it is printed.
SIGNS: Mapping[State, str] = {
    State.PASS: "✓",
    State.FAIL: "✗",
    State.INCONCLUSIVE: "?",
    State.NOT_RUN: "○",
    State.DECLARED: "”",
    State.SIGNED: "✓",
    State.NOT_APPLICABLE: "–",  # noqa: RUF001 - the dash of a table
    State.STALE: "!",
}
#: States that stop a release.
BLOCKING = (State.FAIL, State.STALE, State.NOT_RUN)


class Kind(StrEnum):
    """Where an answer comes from: a measurement, a person's word, a person's signature."""

    COMPUTED = "computed"
    DECLARED = "declared"
    SIGNED = "signed"


class Force(StrEnum):
    """How strong a clause is."""

    LAW = "law"
    GUIDANCE = "guidance"
    DRAFT = "draft"
    STANDARD = "standard"
    REPORTING = "reporting"


@dataclass(frozen=True, kw_only=True)
class Control:
    """A need in our own words that clauses of several laws share."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A question that computed evidence answers.

    Rules on one of ``checks`` or of one of ``families`` answer it; with ``by`` only their findings for groups (``any``,
    or of these attributes). All of ``record`` (:data:`govern.regulations.record.ITEMS`) must be in the evidence too.
    ``misses`` is the part of the question that stays open; ``not_available`` says why nothing here measures it.
    """

    id: str
    title: str
    checks: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    misses: str = ""
    not_available: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Something that a named person signs; ``by``: ``author``, ``approval`` (in a ``role``, or ``any``), ``freeze``."""

    id: str
    title: str
    by: str = ""
    role: str = ""
    not_available: str = ""


@dataclass(frozen=True, kw_only=True)
class Switch:
    """An instrument that would take a clause out of force (``proposed``), or has (``adopted``) from a day on."""

    by: str
    state: str
    off_from: date | None = None

    def off(self, today: date) -> bool:
        """Whether the clause is out of force."""
        return self.state == "adopted" and self.off_from is not None and today >= self.off_from

    def __str__(self) -> str:
        """Say what it is and from when."""
        when = f" from {self.off_from.isoformat()}" if self.off_from else ""
        return f"{'taken out' if self.state == 'adopted' else 'may be taken out'} of force{when} by {self.by}"


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One requirement of an instrument, in our own words, and what answers it.

    ``computed``, ``declared`` and ``signed`` hold the ids of the probes, facts and signatures that it needs, all of
    them; ``sections`` are those of its region's dossier; ``confirmed`` says how its text was read.
    """

    id: str
    citation: str
    group: str
    force: Force
    label: str
    requirement: str
    evidence: str
    kinds: tuple[Kind, ...]
    controls: tuple[str, ...]
    sections: tuple[str, ...]
    computed: tuple[str, ...]
    declared: tuple[str, ...]
    signed: tuple[str, ...]
    sources: tuple[str, ...]
    confirmed: str
    switch: Switch | None
    #: The instrument's id.
    instrument: str

    @property
    def cited(self) -> str:
        """The citation with its label, such as ``AI-DSF V (draft, January 2025)``: how it is printed everywhere."""
        return f"{self.citation} ({self.label})" if self.label else self.citation

    @property
    def from_memory(self) -> bool:
        """Whether some of it was not read in a copy of the text."""
        return "memory" in self.confirmed


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A law, a guidance, a standard or a reporting frame, as it was read on a day."""

    id: str
    title: str
    region: str
    version: str
    label: str
    force: Force
    read_on: date
    #: Group id -> title, in order.
    groups: Mapping[str, str]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A part of an instrument that a profile holds: all of it, some groups, or some clauses; the last one counts."""

    instrument: str
    groups: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    applies_from: date | None = None

    def holds(self, clause: Clause) -> bool:
        """Whether a clause is in it."""
        if clause.instrument != self.instrument:
            return False
        if self.groups or self.clauses:
            return clause.group in self.groups or clause.id in self.clauses
        return True


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """Clauses of a profile's scope that the law itself does not apply to its systems, and why."""

    clauses: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Profile:
    """For what kind of system which parts of which instruments hold, and from when."""

    id: str
    region: str
    title: str
    trigger: str
    scope: tuple[Scope, ...]
    warning: str = ""
    excluded: tuple[Excluded, ...] = ()

    def scope_of(self, clause: Clause) -> Scope | None:
        """Return the part that holds a clause, the last one that does; ``None`` where it is outside."""
        return next((s for s in reversed(self.scope) if s.holds(clause)), None)

    def exclusion(self, clause: Clause) -> str:
        """Return why the law does not reach the profile's systems with a clause; empty where it does."""
        return next((e.reason for e in self.excluded if clause.id in e.clauses), "")


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything in ``policies/regulations``, by id."""

    controls: Mapping[str, Control]
    probes: Mapping[str, Probe]
    signatures: Mapping[str, Signature]
    instruments: Mapping[str, Instrument]
    profiles: Mapping[str, Profile]
    #: The labels of the facts that can be declared.
    facts: Mapping[str, str]
    clauses: Mapping[str, Clause] = field(repr=False)

    def region(self, region: str) -> tuple[Instrument, ...]:
        """Return the instruments that a region's profiles speak of, in the order in which they do."""
        named = dict.fromkeys(s.instrument for p in self.profiles.values() if p.region == region for s in p.scope)
        return tuple(self.instruments[name] for name in named)
