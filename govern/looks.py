"""Who looked at a locked test set, when, and under which policy: freezes and looks in the log.

A figure from a test set that was looked at before, by another model or under another policy, is exploratory: what
was seen may have shaped what is tested (FDA, PCCP guidance 2025, appendix A: count the evaluations). So a policy is
frozen before the data are opened (kind ``freeze``) and every run that measures on the test set says so before it
measures (kind ``look``). Nothing of it is in the evidence, whose name is a function of its inputs; what the log said
when a decision was made goes into the decision's own entry, and so into the receipt that travels with the evidence.

==========  ====================================================================================================
``freeze``  ``policy``, ``version``, ``sha256``; ``datasets``: role to SHA-256 of the manifest, as declared
``look``    ``dataset`` SHA-256 as :func:`govern.testset.looked_at` gives it; ``policy`` and ``subject`` SHA-256
            (null policy: one measurement); ``command``
==========  ====================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from govern.canonical import digest, file_sha256, plain
from govern.errors import InputError
from govern.types import Role

if TYPE_CHECKING:
    from pathlib import Path

    from govern.evidence.entry import Entry
    from govern.evidence.log import Log
    from govern.policy import Policy
    from govern.project import Workspace
    from govern.signing.identity import Identity

FREEZE, LOOK = "freeze", "look"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An entry of the log: its index, its time (UTC, ISO 8601) and who made it."""

    index: int
    time: str
    actor: str


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The order of events around one look at a test set, as the log had it at that look.

    ``policy`` is the policy's id, ``None`` for a single measurement. ``number`` counts this look among those of other
    subjects or policies at the same data: 1 is the first. ``frozen`` is the last freeze of this very policy before
    the look (with these data, if there is one), ``replaced`` the last one of the same policy id with other content;
    ``freshly`` says whether the policy was frozen before anybody had looked at the data.
    """

    look: Moment
    policy: str | None
    number: int
    allowed: int
    first: Moment
    of_this_policy: int
    frozen: Moment | None
    freshly: bool
    replaced: Moment | None
    #: SHA-256 of the data that is looked at; empty in decisions that were made before it was recorded.
    dataset: str = ""
    #: SHA-256 of the data that the policy was frozen with: these, or else those in the role of the test set, if any.
    bound: str | None = None

    @property
    def exploratory(self) -> bool:
        """Whether the data had been looked at more often than the policy allows."""
        return self.number > self.allowed

    @property
    def elsewhere(self) -> bool:
        """Whether another test set is looked at than the one that the policy was frozen with."""
        return self.bound is not None and self.bound != self.dataset

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON values, for the entry of the decision."""
        value: dict[str, Any] = plain(self)
        return {**value, "exploratory": self.exploratory}

    def sentences(self) -> list[str]:
        """Return what a reader must know, the gravest first; empty where the order of events was right."""
        found = []
        if self.exploratory:
            found.append(
                f"exploratory: look {self.number} at this test set, and the policy allows {self.allowed}; "
                f"the first was at {self.first.time} by {self.first.actor}"
            )
        if self.frozen is None and self.replaced is not None:
            found.append(f"the policy was changed after it was frozen at {self.replaced.time}")
        elif self.frozen is None:
            found.append("the policy was not frozen before the test set was looked at")
        elif not self.freshly:
            found.append(
                f"the policy was frozen at {self.frozen.time}, after the test set had been looked at "
                f"at {self.first.time}"
            )
        if self.frozen is not None and self.elsewhere:
            found.append(
                f"this is another test set than the one that the policy was frozen with at {self.frozen.time}: "
                f"SHA-256 {self.dataset[:16]}, frozen was {str(self.bound)[:16]}"
            )
        elif self.frozen is not None and self.dataset and self.bound is None:
            found.append("the policy was frozen without a test set, so that any could have been chosen afterwards")
        return found


@dataclass(frozen=True, kw_only=True)
class Freeze:
    """A policy's freeze, and whether it was made now (or stood in the log already)."""

    entry: Entry
    new: bool
    #: The last freeze of the same policy id with other content, if any.
    replaced: Moment | None
    #: The first look at one of the datasets before the freeze, if any.
    looked: Moment | None


def freeze(log: Log, policy: Policy, datasets: Mapping[str, str], *, identity: Identity) -> Freeze:
    """Enter a policy's digest, and those of the declared datasets (role to SHA-256), in the log; once.

    Raises:
        InputError, ServiceError: as :meth:`govern.evidence.log.Log.append`.
    """
    entries = log.entries()
    body = {"policy": policy.id, "version": policy.version, "sha256": policy.sha256, "datasets": dict(datasets)}
    last = _last(_freezes(entries, policy.id))
    new = last is None or dict(last.body) != body
    entry = log.append(FREEZE, body, identity=identity).entry if new else last
    assert entry is not None  # noqa: S101 - it is the last, or was just made
    before = entries[: entry.index]
    looked = next((e for e in before if e.kind == LOOK and e.body.get("dataset") in datasets.values()), None)
    other = _last(e for e in _freezes(before, policy.id) if e.body.get("sha256") != policy.sha256)
    return Freeze(entry=entry, new=new, replaced=_moment(other), looked=_moment(looked))


def freeze_policy(workspace: Workspace, policy: Policy) -> Freeze:
    """Freeze a policy with the digests of the declared test and external data, by their manifests: none is opened.

    Raises:
        InputError, ServiceError, SigningError: a manifest or the key is missing, or the log cannot be written.
    """
    from govern.data import manifest
    from govern.evidence.log import Log
    from govern.signing import identity

    roles = [role for role in (Role.TEST, Role.EXTERNAL) if role in workspace.project.data.roles]
    datasets = {role.value: str(manifest.read(workspace.data_path(role))["sha256"]) for role in roles}
    signer = identity.load(workspace.keys, workspace.project.identity)
    return freeze(Log(workspace.log), policy, datasets, identity=signer)


def look(
    log: Log, *, dataset: str, policy: Policy | None, subject: str, command: str, identity: Identity, allowed: int = 1
) -> Looks:
    """Enter a look at a dataset in the log, before anything of it is measured, and return the order of events.

    ``dataset`` and ``subject`` are SHA-256 digests. The same subject under the same policy on the same data shows
    nothing new, so it is one look however often it is repeated.

    Raises:
        InputError, ServiceError: as :meth:`govern.evidence.log.Log.append`; what cannot be logged is not looked at.
    """
    policy_sha256 = None if policy is None else policy.sha256
    body = {"dataset": dataset, "policy": policy_sha256, "subject": subject, "command": command}
    entries = log.entries()
    own = next((e for e in entries if e.kind == LOOK and _same(e, body)), None)
    if own is None:
        own = log.append(LOOK, body, identity=identity).entry
        entries = log.entries()  # another process may have looked in between
    return history(entries[: own.index], own, policy_id=None if policy is None else policy.id, allowed=allowed)


def history(before: Iterable[Entry], own: Entry, *, policy_id: str | None, allowed: int = 1) -> Looks:
    """Return the order of events around the look ``own``, ``before`` being the entries of the log before it."""
    before = list(before)
    others = [e for e in before if e.kind == LOOK and e.body.get("dataset") == own.body["dataset"]]
    pairs = {(e.body.get("policy"), e.body.get("subject")) for e in others}
    policy = own.body["policy"]
    first = _moment(others[0] if others else own)
    assert first is not None  # noqa: S101 - of an entry
    freezes = _freezes(before, policy_id)
    frozen = [e for e in freezes if e.body.get("sha256") == policy]
    # A freeze with other data says nothing of these; where there is none with these, it is said which were meant.
    frozen = [e for e in frozen if own.body["dataset"] in _data(e).values()] or frozen
    last = _last(frozen)
    bound = {} if last is None else _data(last)
    changed = [e for e in freezes if e.body.get("sha256") != policy]
    return Looks(
        look=Moment(index=own.index, time=own.time, actor=own.actor),
        policy=policy_id,
        number=len(pairs) + 1,
        allowed=allowed,
        first=first,
        of_this_policy=1 + sum(1 for p, _ in pairs if p == policy),
        frozen=_moment(last),
        freshly=bool(frozen) and frozen[0].index < first.index,
        replaced=_moment(_last(changed)),
        dataset=own.body["dataset"],
        bound=own.body["dataset"] if own.body["dataset"] in bound.values() else bound.get(Role.TEST.value),
    )


def look_at_file(workspace: Workspace, path: Path, *, scores: str | None, command: str) -> Looks | None:
    """Enter a look at a file if it is, byte for byte, declared test or external data; ``None`` where it is not.

    ``scores`` names the column whose figures are looked at: many measures of the same scores are one look.

    Raises:
        InputError, ServiceError, SigningError: the look cannot be signed and logged, so the file must not be measured.
    """
    from govern.data import manifest
    from govern.evidence.log import Log
    from govern.signing import identity

    content = file_sha256(path)
    for role in (Role.TEST, Role.EXTERNAL):
        if role not in workspace.project.data.roles or not manifest.beside(workspace.data_path(role)).is_file():
            continue
        facts = manifest.read(workspace.data_path(role))
        if content in {file["sha256"] for file in facts["files"]}:
            return look(
                Log(workspace.log),
                dataset=facts["sha256"],
                policy=None,
                subject=digest({"data": content, "scores": scores}),
                command=command,
                identity=identity.load(workspace.keys, workspace.project.identity),
            )
    return None


def read(decision: Entry) -> Looks | None:
    """Return the order of events that a decision recorded; ``None`` where it recorded none.

    Raises:
        InputError: it is malformed, or contradicts itself.
    """
    from govern.evidence import facts

    stated = decision.body.get("order")
    if stated is None:
        return None
    if not isinstance(stated, dict):
        raise InputError("the decision's order of events is not an object", hint="restore the receipt")
    made = facts.build(Looks, {k: v for k, v in stated.items() if k != "exploratory"}, what="order")
    if {k: v for k, v in made.as_json().items() if k in stated} != stated:
        raise InputError("the decision's order of events contradicts itself", hint="restore the receipt")
    return made


def recall(entries: Iterable[Entry], decision: Entry) -> Looks | None:
    """Return the order of events as a log tells it now, to be compared with what :func:`read` gives.

    ``None`` where the decision recorded none, or the log holds no such look.
    """
    stated, entries = read(decision), list(entries)
    own = None if stated is None else next((e for e in entries if e.index == stated.look.index), None)
    if stated is None or own is None or own.kind != LOOK:
        return None
    now = history(entries[: own.index], own, policy_id=stated.policy, allowed=stated.allowed)
    # What was not recorded then is not compared.
    return now if stated.dataset else replace(now, dataset=stated.dataset, bound=stated.bound)


def events(decision: Entry) -> list[tuple[str, str, str]]:
    """Return (time, what happened, who did it) up to a decision, in the order of time; for a dossier to print.

    Raises:
        InputError: as :func:`read`.
    """
    order = read(decision)
    rows = [(decision.index, decision.time, "decision", decision.actor)]
    if order is not None:
        named = [(order.frozen, "policy frozen"), (order.replaced, "other content of this policy frozen")]
        if order.first != order.look:
            named.append((order.first, "test set first looked at"))
        which = "a test set that is not the frozen one" if order.elsewhere else "the test set"
        named.append((order.look, f"look {order.number} at {which}, before it was measured"))
        rows += [(m.index, m.time, what, m.actor) for m, what in named if m is not None]
    return [(time, what, actor) for _, time, what, actor in sorted(rows)]


def _same(entry: Entry, body: Mapping[str, Any]) -> bool:
    return all(entry.body.get(key) == body[key] for key in ("dataset", "policy", "subject"))


def _freezes(entries: Iterable[Entry], policy_id: str | None) -> list[Entry]:
    return [e for e in entries if e.kind == FREEZE and policy_id is not None and e.body.get("policy") == policy_id]


def _data(freeze: Entry) -> Mapping[str, str]:
    """Return the data that a policy was frozen with: role to SHA-256."""
    found: Mapping[str, str] = freeze.body.get("datasets") or {}
    return found


def _last(entries: Iterable[Entry]) -> Entry | None:
    return max(entries, key=lambda e: e.index, default=None)


def _moment(entry: Entry | None) -> Moment | None:
    return None if entry is None else Moment(index=entry.index, time=entry.time, actor=entry.actor)
