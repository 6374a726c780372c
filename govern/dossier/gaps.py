"""What is missing, failing or not shown: the first thing a dossier says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govern.causes import Cause, causes
from govern.dossier.facts import Facts
from govern.dossier.findings import MARKS, Row, Rule, word
from govern.dossier.signatures import Entered, Seal, Signature
from govern.looks import Looks
from govern.types import MANDATORY_FAMILIES, Outcome, Record

#: The families a reviewer may look for; one that no rule measures is said to be not assessed.
FAMILIES = (*MANDATORY_FAMILIES, "performance", "data", "robustness", "privacy", "security", "documentation")


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One thing that a reader must know is not there. ``rows`` are the findings that say so."""

    mark: str
    word: str
    what: str
    why: str
    rows: tuple[Row, ...] = ()
    #: The outcome, for the style of the mark.
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class GapGroup:
    """Gaps of one kind under a heading."""

    title: str
    gaps: tuple[Gap, ...]


def gap_groups(
    record: Record,
    rules: Sequence[Rule],
    facts: Facts,
    seal: Seal,
    signatures: Sequence[Signature],
    order: Looks | None = None,
    entered: Sequence[Entered] = (),
    *,
    stamped: bool = False,
) -> tuple[GapGroup, ...]:
    """Return all gaps, the gravest kind first. Every finding that does not pass is in one of them, or its cause is."""
    open_rows = [row for rule in rules for row in rule.open]
    effects = {
        "blocks": "Findings that block",
        "limitation": "Limitations of use: too little evidence, which the policy accepts as a stated limit",
        "waived": "Findings under a waiver",
        "warning": "Warnings: findings that do not pass and do not block",
        "": "Other findings without a pass",
    }
    groups = [GapGroup(title="The policy is not covered", gaps=tuple(_reasons(record)))]
    for effect, title in effects.items():
        rows = [r for r in open_rows if r.effect == effect]
        waivers = _waivers(record) if effect == "waived" else []
        groups.append(GapGroup(title=title, gaps=(*_by_rule(rows), *waivers)))
    groups += [
        GapGroup(title="Order of events", gaps=tuple(_order(order))),
        GapGroup(title="Families declared not applicable", gaps=tuple(_not_applicable(record))),
        GapGroup(title="Signatures, key and time", gaps=tuple(_trust(seal, signatures, entered, stamped=stamped))),
        GapGroup(title="Not declared by the owner", gaps=tuple(_undeclared(facts))),
        GapGroup(title="Not assessed", gaps=tuple(_not_assessed(record, rules, order))),
    ]
    return tuple(g for g in groups if g.gaps)


def _reasons(record: Record) -> Iterable[Gap]:
    return (Gap(mark="✗", word="missing", what="Policy", why=r, outcome="fail") for r in record.decision.reasons)


def _by_rule(rows: Sequence[Row]) -> list[Gap]:
    """Return a gap for each cause that stops several rules, then for each rule and outcome, with all its findings."""
    grouped: dict[tuple[str, Outcome], list[Row]] = {}
    shared = causes(row.finding for row in rows)
    for row in rows:
        if row.finding.id not in shared:
            grouped.setdefault((row.finding.rule, row.finding.outcome), []).append(row)
    return [
        *(_of_cause(cause) for cause in dict.fromkeys(shared.values())),
        *(_of_rule(rule, outcome, found) for (rule, outcome), found in grouped.items()),
    ]


def _of_cause(cause: Cause) -> Gap:
    return Gap(
        mark=MARKS[cause.outcome],
        word=word(cause.outcome),
        what=f"{len(cause.rules)} rules",
        why=f"{cause.message}; {cause}",
        outcome=cause.outcome.value,
    )


def _of_rule(rule: str, outcome: Outcome, found: Sequence[Row]) -> Gap:
    return Gap(
        mark=MARKS[outcome],
        word=found[0].word,
        what=rule,
        why=found[0].message if len(found) == 1 else "",
        rows=tuple(found),
        outcome=outcome.value,
    )


def _waivers(record: Record) -> list[Gap]:
    return [
        Gap(
            mark="○",
            word="waiver",
            what=w.finding,
            why=f"{w.reason}. Owner {w.owner}, approved by {w.approver}, expires {w.expires}",
        )
        for w in record.waivers
    ]


def _not_applicable(record: Record) -> Iterable[Gap]:
    for family, why in (record.policy.get("not_applicable") or {}).items():
        text = f"{why.get('reason', 'no reason given')} (said by {why.get('person', 'nobody named')})"
        yield Gap(mark="–", word="not applicable", what=family, why=text, outcome="not_applicable")  # noqa: RUF001


def _trust(seal: Seal, signatures: Sequence[Signature], entered: Sequence[Entered], *, stamped: bool) -> Iterable[Gap]:
    if seal.development:
        yield Gap(
            mark="!",
            word="development key",
            what="DEVELOPMENT KEY",
            why="The evidence is signed with a key made for trying out. It proves no person's identity.",
            outcome="error",
        )
    last = {e.role: e for e in entered}
    for said in last.values():
        if said.kind == "rejection":
            why = f"By {said.name}, {said.time}: {said.meaning}. Log entry {said.index}."
            yield Gap(mark="✗", word="rejected", what=f"Rejected as {said.role}", why=why, outcome="fail")
    approved = {role for role, said in last.items() if said.kind == "approval"}
    if missing := [s.title for s in signatures if s.required and s.role not in approved]:
        yield Gap(
            mark="○",
            word="not signed",
            what="Approvals not given",
            why=f"The policy asks for these signatures, and none was there when this file was made: "
            f"{', '.join(missing)}.",
        )
    if not seal.logged:
        yield Gap(mark="○", word="not logged", what="No log receipt", why="The log's proof of this evidence is absent.")
    if not stamped:
        yield Gap(
            mark="○",
            word="no time stamp",
            what="No trusted time stamp",
            why="Times are those of the signing machine's clock, and the signature is not prepared for long-term "
            "validation (PAdES B-B).",
        )


def _undeclared(facts: Facts) -> Iterable[Gap]:
    missing = facts.missing()
    required = [f.label for f in missing if f.required]
    others = [f.label for f in missing if not f.required]
    if required:
        yield Gap(mark="✗", word="missing", what="Required by the policy", why=", ".join(required), outcome="fail")
    if others:
        yield Gap(mark="○", word="not declared", what="Other facts", why=", ".join(others))
    if facts.others_missing:
        why = f"{facts.others_missing} further facts of the catalogue (govern facts lint names them by clause)"
        yield Gap(mark="○", word="not declared", what="Further facts", why=why)


def _order(order: Looks | None) -> Iterable[Gap]:
    """Say what came in the wrong order: a policy frozen late or never, a test set that had been looked at."""
    for sentence in () if order is None else order.sentences():
        yield Gap(
            mark="!", word="order of events", what="Order of events", why=f"{sentence[:1].upper()}{sentence[1:]}."
        )


def _not_assessed(record: Record, rules: Sequence[Rule], order: Looks | None) -> Iterable[Gap]:
    measured = {r.family for r in rules if r.rows} | set(record.policy.get("not_applicable") or {})
    if absent := [f for f in FAMILIES if f not in measured]:
        why = f"No rule of the policy measures: {', '.join(absent)}."
        yield Gap(mark="○", word="not assessed", what="Families", why=why)
    if order is None:
        yield Gap(
            mark="○",
            word="not assessed",
            what="Order of events",
            why="Whether the policy was frozen before the test data were opened, and how often they were looked at, "
            "is not recorded.",
        )
    if record.subject.kind == "predictions":
        yield Gap(
            mark="○",
            word="not assessed",
            what="Source of the labels",
            why="Scores, labels and groups come from one file of recorded predictions. Whether its labels are those of "
            "a dataset of the validating site was not compared.",
        )
