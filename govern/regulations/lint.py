"""Whether the catalogues hold together; every complaint names what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from govern import strict_yaml
from govern.errors import GovernError
from govern.regulations.catalogue import folder, load
from govern.regulations.model import Catalogue, Clause, Force, Kind
from govern.regulations.record import ITEMS

REGIONS = ("eu", "us", "international")
#: Words for the state of a switch, and for what a signature is by.
_SWITCH, _BY = ("proposed", "adopted"), ("author", "approval", "freeze")
_ROLES = ("reviewer", "clinical", "regulatory", "quality", "approver", "any")


def lint(root: Path | None = None, *, checks: Iterable[str]) -> list[str]:
    """Return what is wrong in the catalogues of a folder, by default those that come with govern.

    Args:
        root: the folder.
        checks: the ids of the checks that there are (:func:`govern.checks.catalogue.names`).
    """
    root = root or folder()
    wrong = []
    for path in sorted(root.rglob("*.yaml")):
        try:
            strict_yaml.read(path)  # a key that stands twice
        except GovernError as e:
            wrong.append(e.message)
    try:
        catalogue = load(root)
    except GovernError as e:
        return [*wrong, e.message]
    known = frozenset(checks)
    return [*wrong, *_probes(catalogue, known), *_signatures(catalogue), *_clauses(catalogue), *_profiles(catalogue)]


def _probes(catalogue: Catalogue, checks: frozenset[str]) -> Iterator[str]:
    families = {c.partition(".")[0] for c in checks}
    for probe in catalogue.probes.values():
        yield from _unknown(f"probe {probe.id}: check", probe.checks, checks)
        yield from _unknown(f"probe {probe.id}: family", probe.families, families)
        yield from _unknown(f"probe {probe.id}: record item", probe.record, ITEMS)
        asks = bool(probe.checks or probe.families or probe.record)
        if asks == bool(probe.not_available):
            yield f"probe {probe.id}: either checks, families or record items, or `not_available`, was expected"
        if probe.by and not (probe.checks or probe.families):
            yield f"probe {probe.id}: `by` without checks or families"


def _signatures(catalogue: Catalogue) -> Iterator[str]:
    for need in catalogue.signatures.values():
        if bool(need.by) == bool(need.not_available):
            yield f"signature {need.id}: either `by` or `not_available` was expected"
        yield from _unknown(f"signature {need.id}: by", [need.by] if need.by else (), _BY)
        yield from _unknown(f"signature {need.id}: role", [need.role] if need.by == "approval" else (), _ROLES)


def _clauses(catalogue: Catalogue) -> Iterator[str]:
    for instrument in catalogue.instruments.values():
        if instrument.region not in REGIONS:
            yield f"{instrument.id}: region {instrument.region!r}"
        for group in set(instrument.groups) - {c.group for c in instrument.clauses}:
            yield f"{instrument.id}: group {group} has no clause"
        for clause in instrument.clauses:
            yield from _unknown(f"{clause.id}: group", [clause.group], instrument.groups)
            yield from _clause(clause, catalogue)
    used = {k for c in catalogue.clauses.values() for k in c.controls}
    yield from (f"control {k} is in no clause" for k in catalogue.controls if k not in used)
    for kind, known, needs in (
        ("probe", catalogue.probes, {n for c in catalogue.clauses.values() for n in c.computed}),
        ("signature", catalogue.signatures, {n for c in catalogue.clauses.values() for n in c.signed}),
    ):
        yield from (f"{kind} {n} answers no clause" for n in known if n not in needs)


def _clause(clause: Clause, catalogue: Catalogue) -> Iterator[str]:
    yield from _unknown(f"{clause.id}: control", clause.controls, catalogue.controls)
    for kind, needs, known in (
        (Kind.COMPUTED, clause.computed, catalogue.probes),
        (Kind.DECLARED, clause.declared, catalogue.facts),
        (Kind.SIGNED, clause.signed, catalogue.signatures),
    ):
        yield from _unknown(f"{clause.id}: {kind.value}", needs, known)
        if bool(needs) != (kind in clause.kinds):
            yield f"{clause.id}: kinds {', '.join(clause.kinds)}, and {len(needs)} {kind.value} needs"
    for what in ("citation", "requirement", "evidence", "controls", "sections", "sources", "confirmed", "kinds"):
        if not getattr(clause, what):
            yield f"{clause.id}: no {what}"
    if clause.force is Force.DRAFT and not clause.label:
        yield f"{clause.id}: a draft without a label"
    if clause.switch is not None:
        yield from _unknown(f"{clause.id}: switch", [clause.switch.state], _SWITCH)


def _profiles(catalogue: Catalogue) -> Iterator[str]:
    for profile in catalogue.profiles.values():
        at = f"profile {profile.id}"
        if profile.region not in REGIONS[:2]:
            yield f"{at}: region {profile.region!r}"
        for scope in profile.scope:
            instrument = catalogue.instruments.get(scope.instrument)
            if instrument is None:
                yield f"{at}: unknown instrument {scope.instrument!r}"
                continue
            yield from _unknown(f"{at}: group of {scope.instrument}", scope.groups, instrument.groups)
            yield from _unknown(f"{at}: clause", scope.clauses, {c.id for c in instrument.clauses})
        for excluded in profile.excluded:
            yield from _unknown(f"{at}: excluded clause", excluded.clauses, catalogue.clauses)
    held = {s.instrument for p in catalogue.profiles.values() for s in p.scope}
    yield from (f"{name} is in no profile" for name in catalogue.instruments if name not in held)


def _unknown(what: str, words: Iterable[str], valid: Iterable[str]) -> Iterator[str]:
    known = frozenset(valid)
    yield from (f"{what} {w!r} is unknown: {strict_yaml.nearest(w, known)}" for w in words if w not in known)
