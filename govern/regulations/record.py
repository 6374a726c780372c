"""What evidence holds besides findings: each item is one question about the bundle, answered with why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from govern.evidence.bundle import BOM, MODEL_SIGNATURE, STATEMENT, Bundle
from govern.regulations.model import State
from govern.types import READING, Dataset, Finding, Role


@dataclass(frozen=True, kw_only=True)
class Lack:
    """Why an item does not hold: not there (not run), or there and wrong (fail)."""

    why: str
    state: State = State.NOT_RUN


def groups_of(finding: Finding) -> set[str]:
    """Return the attributes whose groups a finding is about; how uncertain outcomes were read is none."""
    return {part for name in finding.slice if name != READING for part in name.split("*")}


Item = Callable[[Bundle], Lack | None]


def _holds(question: Callable[[Bundle], object], absent: str) -> Item:
    """Return an item that holds where the question is answered with anything."""
    return lambda bundle: None if question(bundle) else Lack(why=absent)


def _in_role(role: Role) -> Item:
    return _holds(
        lambda b: any(d.role is role for d in b.record.datasets), f"The evidence has no dataset in the role {role}."
    )


def _all(question: Callable[[Dataset], object], absent: str) -> Item:
    return _holds(lambda b: b.record.datasets and all(map(question, b.record.datasets)), absent)


def _criteria(bundle: Bundle) -> Lack | None:
    return None if bundle.record.policy.get("checks") else Lack(why="The policy holds no acceptance criterion.")


def _reasons(bundle: Bundle) -> Lack | None:
    rules = bundle.record.policy.get("checks") or ()
    bare = [str(r["id"]) for r in rules if not str(r.get("because") or "").strip()]
    if not rules or bare:
        return Lack(why=f"The policy gives no reason for {_some(bare)}." if bare else "The policy has no rules.")
    return None


def _commit(bundle: Bundle) -> Lack | None:
    found = bundle.record.environment
    if not found.git_commit:
        return Lack(why="The commit of the code is not recorded.")
    return Lack(why="The code had changes that were not committed.") if found.git_dirty else None


def _intervals(bundle: Bundle) -> Lack | None:
    """Ask whether each estimate has an interval."""
    measured = [(f.id, f.measurement) for f in bundle.record.findings if f.measurement is not None]
    estimates = [(i, m) for i, m in measured if m.estimate is not None]
    if not estimates:
        return Lack(why="The evidence holds no estimate.")
    bare = [i for i, m in estimates if m.lower is None or m.upper is None]
    return Lack(why=f"No interval stands with {_some(bare)}.", state=State.FAIL) if bare else None


def _order(bundle: Bundle) -> Lack | None:
    """Ask whether the plan was frozen first and the test data were looked at as often as it allows."""
    from govern import looks

    if bundle.receipt is None:
        return Lack(why="The log's entry of the decision is not with the evidence.")
    order = looks.read(bundle.receipt.entry)
    if order is None:
        return Lack(why="The decision does not record the order of events.")
    said = order.sentences()
    return Lack(why=f"{said[0][:1].upper()}{said[0][1:]}.", state=State.FAIL) if said else None


def _approvals(bundle: Bundle) -> Lack | None:
    from govern.regulations.signed import standing

    return None if standing(bundle).approved else Lack(why="No approval is with the evidence.")


#: Every item that a probe may ask for.
ITEMS: Mapping[str, Item] = {
    "subject.digest": _holds(lambda b: b.record.subject.sha256, "The model has no digest."),
    "subject.files": _holds(lambda b: b.record.subject.files, "The model's files are not listed."),
    "subject.inputs": _holds(lambda b: b.record.subject.inputs, "The model's inputs are not recorded."),
    "subject.formats": _holds(lambda b: b.record.subject.formats, "How the model's files are stored is not recorded."),
    "subject.version": _holds(
        lambda b: b.record.subject.version or b.record.registered_name, "Neither version nor registered name is there."
    ),
    "datasets.train": _in_role(Role.TRAIN),
    "datasets.reference": _in_role(Role.REFERENCE),
    "datasets.test": _in_role(Role.TEST),
    "datasets.external": _in_role(Role.EXTERNAL),
    "datasets.columns": _all(lambda d: d.columns, "The columns of a dataset are not described."),
    "datasets.patients": _all(lambda d: d.patients is not None, "The patients of a dataset are not counted."),
    "datasets.versioned": _all(lambda d: d.dvc_md5 and d.sha256, "A dataset is not under version control."),
    "environment.packages": _holds(lambda b: b.record.environment.packages, "The packages are not recorded."),
    "environment.lock": _holds(lambda b: b.record.environment.lock_sha256, "No lock file is recorded."),
    "environment.commit": _commit,
    "environment.seed": _holds(lambda b: b.record.environment.seed is not None, "The seed is not recorded."),
    "environment.checks": _holds(lambda b: b.record.environment.checks, "The digests of the checks are not recorded."),
    "policy.criteria": _criteria,
    "policy.reasons": _reasons,
    "policy.approvals": _holds(lambda b: b.record.policy.get("approvals"), "The policy asks for no approval."),
    "policy.groups": _holds(
        lambda b: any(r.get("by") for r in b.record.policy.get("checks") or ()), "No rule of the policy is by group."
    ),
    "decision": _holds(lambda b: b.record.decision.verdict, "The gate's decision is not there."),
    "findings.intervals": _intervals,
    "findings.groups": _holds(lambda b: any(map(groups_of, b.record.findings)), "No finding is about a group."),
    "waivers": _holds(lambda b: "waivers.json" in b.files, "The list of waivers is not there."),
    "limitations": _holds(lambda b: "decision.json" in b.files, "The list of limitations is not there."),
    "statement": _holds(lambda b: STATEMENT in b.files, "The signed statement is not there."),
    "receipt": _holds(lambda b: b.receipt, "The log's receipt is not with the evidence."),
    "order": _order,
    "approvals": _approvals,
    "bom": _holds(lambda b: BOM in b.files, "The bill of materials is not there."),
    "model_signature": _holds(lambda b: MODEL_SIGNATURE in b.files, "The signature over the model's files is absent."),
    "validity": _holds(
        lambda b: (b.record.policy.get("evidence") or {}).get("valid_days"), "The policy sets no expiry of evidence."
    ),
    "rerun": _holds(lambda b: any("rerun" in name for name in b.files), "No re-run bundle is with the evidence."),
    "facts.ai_statement": _holds(
        lambda b: b.record.system.get("ai_used") in (True, "yes"), "Nobody has declared that the system uses AI."
    ),
}


def _some(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
