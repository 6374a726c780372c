"""What a project declares, looked over: what nobody has declared yet, and what a person should look at again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from govern.declared.catalogue import Catalogue, Fact
from govern.declared.reading import Declared


def missing(found: Declared, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return those of ``facts`` that are neither declared nor said not to apply."""
    return tuple(fact for fact in facts if fact.id not in found.facts)


def by_clause(
    found: Declared, clauses: Mapping[str, Iterable[str]], catalogue: Catalogue
) -> dict[str, tuple[Fact, ...]]:
    """Return what is missing for each clause; ``clauses`` gives the facts that each asks for.

    Clauses for which nothing is missing, and those said not to apply, are left out.
    """
    open_ = {
        clause: missing(found, (catalogue.facts[name] for name in names))
        for clause, names in clauses.items()
        if clause not in found.clauses
    }
    return {clause: facts for clause, facts in open_.items() if facts}


def doubts(found: Declared, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Give a sentence for each fact that is out of date, of a day to come, or public against the catalogue's advice."""
    for said in (*found.facts.values(), *found.clauses.values()):
        if said.valid_until and said.valid_until < today.isoformat():
            yield f"{said.place}: {said.id} was valid until {said.valid_until}: ask again"
        if said.on > today.isoformat():
            yield f"{said.place}: {said.id} is dated {said.on}, a day to come"
        if said.public and not catalogue.facts[said.id].public:
            yield f"{said.place}: {said.id} will be shown to the public; facts of its kind can hold secrets"
