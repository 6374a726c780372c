"""Evidence, declared facts and signatures against the clauses of a profile: a state for each clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING

from govern import canonical
from govern.declared.values import blank
from govern.errors import PolicyError
from govern.regulations import computed, declared, signed
from govern.regulations.answer import Answer, combined, decisive
from govern.regulations.catalogue import load
from govern.regulations.model import BLOCKING, Catalogue, Clause, Instrument, Kind, Profile, State
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle

#: The profile of a region where nobody has declared one, and the fact that declares it.
DEFAULT_PROFILE = {"eu": "device-high-risk", "us": "device"}
PROFILE_FACT = {"eu": "eu_profile", "us": "us_profile"}


@dataclass(frozen=True, kw_only=True)
class Current:
    """What is known of the present: SHA-256 of the model's files, of the policy and of the declared facts.

    ``None`` is not known, and then nothing is compared. :func:`facts_digest` gives the last.
    """

    model: str | None = None
    policy: str | None = None
    facts: str | None = None


@dataclass(frozen=True, kw_only=True)
class Covered:
    """A clause with its state, its needs, and from when it applies in the profile (``None``: already, or no date)."""

    clause: Clause
    state: State
    answers: tuple[Answer, ...]
    applies_from: date | None
    #: Why the clause as a whole does not apply; empty where it does.
    reason: str = ""

    @property
    def blocks(self) -> bool:
        """Whether it stops a release."""
        return self.state in BLOCKING

    @property
    def deciding(self) -> tuple[Answer, ...]:
        """The needs that make the state."""
        return () if self.reason else decisive(self.answers)

    @property
    def why(self) -> str:
        """One plain sentence for the state: the first need that makes it, and how many others do."""
        if self.reason:
            return self.reason
        first, *others = self.deciding
        shown = first.why if first.kind is Kind.COMPUTED and first.state is not State.NOT_RUN else _named(first)
        return f"{shown} And {len(others)} more." if others else shown

    @property
    def misses(self) -> tuple[str, ...]:
        """What its computed needs leave open whatever they say."""
        return tuple(dict.fromkeys(a.misses for a in self.answers if a.misses and not self.reason))


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """The clauses of a profile with their states. ``outside`` counts those that the profile does not hold."""

    profile: Profile
    #: Why this profile.
    chosen: str
    instruments: tuple[Instrument, ...]
    covered: tuple[Covered, ...]
    outside: int
    today: date

    def counts(self) -> dict[State, int]:
        """Return how many clauses are in each state, in the order of :class:`State`; none is left out."""
        return self.tally(self.covered)

    @staticmethod
    def tally(some: Sequence[Covered]) -> dict[State, int]:
        """Return how many of some clauses are in each state, as :meth:`counts` does for all."""
        found = Counter(c.state for c in some)
        return {state: found[state] for state in State}

    def blocking(self) -> tuple[Covered, ...]:
        """Return the clauses that stop a release."""
        return tuple(c for c in self.covered if c.blocks)

    @cached_property
    def by_clause(self) -> dict[str, Covered]:
        """The clauses by id."""
        return {c.clause.id: c for c in self.covered}

    def of(self, instrument: str, group: str | None = None) -> tuple[Covered, ...]:
        """Return the clauses of an instrument, or of one of its groups."""
        return tuple(c for c in self.covered if c.clause.instrument == instrument and group in (None, c.clause.group))

    def section(self, section: str) -> tuple[Covered, ...]:
        """Return the clauses that belong in a section of the region's dossier."""
        return tuple(c for c in self.covered if section in c.clause.sections)


def coverage(
    bundle: Bundle,
    region: str,
    profile: str | None = None,
    *,
    instruments: Sequence[str] = (),
    today: date,
    current: Current | None = None,
) -> Coverage:
    """Return the state of every clause of a profile.

    Args:
        bundle: the evidence, with receipt and approvals where they are known.
        region: ``eu`` or ``us``.
        profile: the profile's id; by default the one that is declared, else the region's default.
        instruments: only these; one of which the profile holds nothing is then shown as a whole.
        today: the day on which facts, evidence and clauses are valid or not.
        current: what is known of the present model, policy and facts; ``None`` where evidence is all there is.

    Raises:
        PolicyError: the region, profile or an instrument is unknown; the hint names the nearest one.
        InputError: what travels with the evidence is malformed.
    """
    catalogue = load()
    chosen, why = choose(catalogue, region, profile, bundle.record.system)
    wanted = _instruments(catalogue, region, instruments)
    reached = {s.instrument for s in chosen.scope}
    inside: list[tuple[Clause, date | None]] = []
    outside = 0
    for instrument in wanted:
        for clause in instrument.clauses:
            scope = chosen.scope_of(clause)
            if scope is None and (not instruments or instrument.id in reached):
                outside += 1
            else:
                inside.append((clause, None if scope is None else scope.applies_from))
    engine = _Engine(bundle, catalogue, chosen, today, current)
    return Coverage(
        profile=chosen,
        chosen=why,
        instruments=wanted,
        covered=tuple(engine.covered(clause, applies_from) for clause, applies_from in inside),
        outside=outside,
        today=today,
    )


def choose(catalogue: Catalogue, region: str, profile: str | None, system: object) -> tuple[Profile, str]:
    """Return the profile to use and why it is used: asked for, declared, or the region's default.

    Raises:
        PolicyError: the region or the profile is unknown.
    """
    if region not in DEFAULT_PROFILE:
        raise PolicyError(f"unknown region {region!r}", hint=nearest(region, DEFAULT_PROFILE))
    known = {p.id: p for p in catalogue.profiles.values() if p.region == region}
    fact, default = PROFILE_FACT[region], DEFAULT_PROFILE[region]
    said = system.get(fact) if isinstance(system, dict) else None
    if profile is not None:
        name, why = profile, "asked for"
    elif not blank(said):
        name, why = str(said), f"declared as {fact}"
    else:
        name, why = default, f"the default, since {fact} is not declared"
    if name not in known:
        source = "" if profile is not None else f" declared as {fact}"
        raise PolicyError(f"unknown profile {name!r}{source} in the region {region}", hint=nearest(name, known))
    return known[name], why


def facts_digest(system: object) -> str:
    """Return the SHA-256 of declared facts as evidence holds them, without what the run adds about the data."""
    body = {k: v for k, v in dict(system).items() if k != "data"} if isinstance(system, dict) else {}
    return canonical.digest(body)


def _instruments(catalogue: Catalogue, region: str, names: Sequence[str]) -> tuple[Instrument, ...]:
    for name in names:
        if name not in catalogue.instruments:
            raise PolicyError(f"unknown regulation {name!r}", hint=nearest(name, catalogue.instruments))
    return tuple(catalogue.instruments[n] for n in names) or catalogue.region(region)


class _Engine:
    """Answers of one evidence, each need asked once."""

    def __init__(
        self, bundle: Bundle, catalogue: Catalogue, profile: Profile, today: date, current: Current | None
    ) -> None:
        self._bundle = bundle
        self._catalogue = catalogue
        self._profile = profile
        self._today = today
        self._stale = _stale(bundle, today, current or Current())
        self._known: dict[tuple[Kind, str], Answer] = {}

    def covered(self, clause: Clause, applies_from: date | None) -> Covered:
        needs = [
            *((Kind.COMPUTED, need) for need in clause.computed),
            *((Kind.DECLARED, need) for need in clause.declared),
            *((Kind.SIGNED, need) for need in clause.signed),
        ]
        answers = tuple(self._answer(kind, need) for kind, need in needs)
        reason = self._reason(clause)
        state = State.NOT_APPLICABLE if reason else combined(a.state for a in answers)
        return Covered(clause=clause, state=state, answers=answers, applies_from=applies_from, reason=reason)

    def _reason(self, clause: Clause) -> str:
        """Return why a clause as a whole does not apply: switched off, not for these systems, or declared so."""
        if clause.switch is not None and clause.switch.off(self._today):
            return f"{str(clause.switch).capitalize()}."
        if said := self._profile.exclusion(clause):
            return f"{said.rstrip('.')} (profile {self._profile.id})."
        return declared.not_applicable(clause.id, self._bundle.record.system)

    def _answer(self, kind: Kind, need: str) -> Answer:
        if (kind, need) not in self._known:
            self._known[kind, need] = self._asked(kind, need)
        return self._known[kind, need]

    def _asked(self, kind: Kind, need: str) -> Answer:
        if kind is Kind.COMPUTED:
            return computed.answer(self._catalogue.probes[need], self._bundle, self._stale)
        if kind is Kind.SIGNED:
            return signed.answer(self._catalogue.signatures[need], self._bundle)
        label = self._catalogue.facts[need]
        return declared.answer(need, label, self._bundle.record.system, self._today)


def _stale(bundle: Bundle, today: date, current: Current) -> str:
    """Return why the evidence does not speak of the present; empty where nothing says so."""
    from govern.lifecycle import expiry

    record = bundle.record
    pairs = (
        ("the model's files", current.model, record.subject.sha256),
        ("the policy", current.policy, record.policy.get("sha256")),
        ("the declared facts", current.facts, facts_digest(record.system)),
    )
    changed = [what for what, now, then in pairs if now is not None and now != then]
    if changed:
        return f"Measured before a change of {' and '.join(changed)}: run the gate again."
    if bundle.receipt is not None:
        end = expiry.until(record, bundle.receipt.entry.moment)
        if datetime.combine(today, time(), UTC) >= end:
            return f"The evidence expired on {end:%Y-%m-%d}: run the gate again."
    return ""


def _named(answer: Answer) -> str:
    return f"{answer.title.rstrip('.?')}: {answer.why[:1].lower()}{answer.why[1:]}"
