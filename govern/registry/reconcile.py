"""The whole registry compared with the log: what was written around the gate, changed since, or lost.

The registry is read as rows, since a search hides deleted versions, prompts and every model behind a prompt's tag.
What each row has to be is said by the log, which must verify, and by the evidence that it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from govern.errors import GovernError, InputError, ServiceError
from govern.project import Workspace
from govern.registry import connect, facts, lookup, names, prompts, rows
from govern.registry.entries import PROMOTION
from govern.types import Step

if TYPE_CHECKING:
    from datetime import datetime

    from govern.evidence.entry import Entry
    from govern.evidence.log import Log
    from govern.registry.rows import Alias, Rows, Version
    from govern.signing.trust import Trust

LOG, WEBHOOKS = "log", "webhooks"
_DELETED, _READY = "Deleted_Internal", "READY"
#: What MLflow writes; another spelling of Production would escape who looks for that.
_STAGES = ("None", "Staging", "Production", "Archived")


def reconcile(workspace: Workspace, trust: Trust, *, database: str | None = None) -> list[Step]:
    """Return a step for the log, for each name, version, alias and stage, and for each registration in the log.

    Args:
        workspace: the project.
        trust: whom to believe.
        database: the registry's database (``sqlite:///...``, ``postgresql://...``), where the project names a server.

    Raises:
        InputError: no database is named, or no registry is there.
        ServiceError: the database does not answer.
    """
    from govern.evidence.log import Log

    if database is None and not connect.is_direct(workspace):
        raise InputError(
            "the project's registry is a server, which shows only a part of what it keeps",
            hint="where the server runs: `govern registry reconcile --database URL`",
        )
    uri = workspace.absolute_uri(database or connect.addresses(workspace)[1])
    log = Log(workspace.log)
    try:
        before = _entries(log, trust)  # what is registered while the rows are read is not lost
    except ServiceError:
        raise
    except GovernError as e:
        return [Step(name=LOG, ok=False, expected="a log that verifies", found=e.message)]
    found = rows.read(uri)
    entries = _entries(log, trust)
    steps = [Step(name=LOG, ok=True, expected="a log that verifies", found=f"{len(entries)} entries")]
    steps += _names(found, before)
    models = [v for v in found.versions if not _is_prompt(found, v.key)]
    # Files are digested here, and the tracking store asked where they lie.
    with connect.errors(*connect.addresses(workspace)):
        for version in models:
            steps += _version(workspace, version, entries)
        steps += _promotions(workspace, found, models, entries, trust)
    steps += [_kept(found, e) for e in before if e.kind == "registration"]
    hooks = ", ".join(found.webhooks)
    return [*steps, Step(name=WEBHOOKS, ok=not hooks, expected="none", found=hooks or "none")]


def _entries(log: Log, trust: Trust) -> Sequence[Entry]:
    return log.verified(trust).entries if log.exists() else ()


def _is_prompt(found: Rows, key: tuple[str, str]) -> bool:
    tags = next((m.tags for m in found.models if m.key == key), {})
    return prompts.is_prompt(tags, found.of(key))


def _names(found: Rows, entries: Sequence[Entry]) -> Iterator[Step]:
    """Say of each registered model whether its name is one, can be told from others, and hides nothing."""
    prompt = {m.name for m in found.models if _is_prompt(found, m.key)}
    registered = {str(e.body.get("name")) for e in entries if e.kind == "registration"}
    known = registered | {m.name for m in found.models}
    for model in found.models:
        wrong = []
        marked = [prompts.KEY in model.tags, *(prompts.KEY in v.tags for v in found.of(model.key))]
        if model.name not in prompt:
            if not names.is_plain(model.name):
                wrong.append("it holds characters that nobody sees")
            wrong += [f"it looks like {twin!r}" for twin in names.twins(model.name, known - prompt)]
            if any(marked):
                wrong.append(f"the tag {prompts.KEY} hides it from searches")
            if not found.of(model.key):
                wrong.append("it has no version: made around the gate")
        elif model.name in registered:
            wrong.append("a prompt has the name of a model that the log knows")
        else:
            wrong += [f"it looks like the model {twin!r}" for twin in names.twins(model.name, known - prompt)]
        kind = "prompt" if model.name in prompt else "model"
        yield Step(
            name=f"{kind} {model.name}",
            ok=not wrong,
            expected="a name of its own, and nothing hidden behind it",
            found="; ".join(wrong) or "its own name",
        )
    stray = sorted({v.target for v in found.versions} - {v.target for m in found.models for v in found.of(m.key)})
    if stray:
        yield Step(name="versions without a model", ok=False, expected="none", found=", ".join(stray))


def _version(workspace: Workspace, version: Version, entries: Sequence[Entry]) -> list[Step]:
    """Compare a version with its evidence and its registration; one step where all holds."""
    if version.current_stage == _DELETED:
        told = "deleted around the gate"
        return [Step(name=version.target, ok=False, expected="a version that nobody deleted", found=told)]
    evidence, steps = lookup.check(workspace, version, version.location, connect.tracking_uri(workspace))
    steps += [_place(version, evidence, entries), _stage(version)]
    failed = [s for s in steps if not s.ok]
    if failed:
        return [Step(name=f"{version.target}: {s.name}", ok=False, expected=s.expected, found=s.found) for s in failed]
    held = f"evidence {evidence[:12]}: {len(steps)} steps hold"
    return [Step(name=version.target, ok=True, expected="what its evidence and the log say", found=held)]


def _place(version: Version, evidence: str, entries: Sequence[Entry]) -> Step:
    """Compare where a version lies with its registration: equal files elsewhere can be other ones tomorrow."""
    known = {"evidence": evidence, "name": version.name, "version": version.version}
    places = [str(e.body.get("source")) for e in entries if e.says("registration", known)]
    expected = f"{places[0] if places else version.source}, {_READY}"
    found = f"{version.source}, {version.status}"
    return Step(name="place", ok=found == expected, expected=expected, found=found)


def _stage(version: Version) -> Step:
    stage = version.current_stage
    return Step(name="stage", ok=stage in _STAGES, expected=f"one of {', '.join(_STAGES)}", found=stage or "none")


def _promotions(
    workspace: Workspace, found: Rows, models: Sequence[Version], entries: Sequence[Entry], trust: Trust
) -> Iterator[Step]:
    """Say of each alias and stage whether the log has the promotion, and whether the approvals cover it."""
    from govern.lifecycle.entries import signing_time

    now = signing_time(entries[-1] if entries else None)
    by_key = {(v.key, v.version): v for v in found.versions}
    for alias in found.aliases:
        if _is_prompt(found, alias.key):
            continue
        version = by_key.get((alias.key, alias.version))
        name = f"alias {alias.alias} of {alias.key[1]}"
        if version is None:
            missing = f"version {alias.version}, which is not there"
            yield Step(name=name, ok=False, expected="a registered version", found=missing)
            continue
        yield _promoted(name, version, _last_move(alias, entries))
        yield from _approved(workspace, name, version, trust, now)
    for version in models:
        if version.current_stage in lookup.PROMOTED:
            name = f"stage {version.current_stage} of {version.target}"
            moves = [e for e in entries if e.kind == PROMOTION and _is_of(e, version) and e.body.get("stage")]
            last = moves[-1] if moves and moves[-1].body["stage"] == version.current_stage else None
            yield _promoted(name, version, last)
            yield from _approved(workspace, name, version, trust, now)


def _last_move(alias: Alias, entries: Sequence[Entry]) -> Entry | None:
    moves = [e for e in entries if e.says(PROMOTION, {"name": alias.key[1], "alias": alias.alias})]
    return moves[-1] if moves else None


def _is_of(entry: Entry, version: Version) -> bool:
    return (entry.body.get("name"), entry.body.get("version")) == (version.name, version.version)


def _promoted(name: str, version: Version, entry: Entry | None) -> Step:
    held = (
        entry is not None and _is_of(entry, version) and entry.body.get("evidence") == version.tags.get(facts.EVIDENCE)
    )
    if entry is None:
        found = f"{version.target}, and no promotion in the log: set around the gate, or by a server without a key"
    elif held:
        found = f"{version.target}, promoted in entry {entry.index}"
    else:
        found = f"{version.target}; the last promotion (entry {entry.index}) was of version {entry.body.get('version')}"
    return Step(name=name, ok=held, expected="the version that the log's last promotion names", found=found)


def _approved(workspace: Workspace, name: str, version: Version, trust: Trust, now: datetime) -> Iterator[Step]:
    from govern.evidence.log import Log

    try:
        stands, _ = lookup.standing(
            workspace, Log(workspace.log), version, version.tags.get(facts.EVIDENCE, ""), trust, now
        )
    except ServiceError:
        raise
    except GovernError as e:
        yield Step(name=f"{name}: approvals", ok=False, expected="approvals that can be read", found=e.message)
        return
    for step in stands.steps():
        yield Step(name=f"{name}: {step.name}", ok=step.ok, expected=step.expected, found=step.found)


def _kept(found: Rows, entry: Entry) -> Step:
    """Say whether the registry still has what an entry registered."""
    name, number, evidence = (entry.body.get(k) for k in ("name", "version", "evidence"))
    here = [v for v in found.versions if (v.name, v.version) == (name, number) and v.current_stage != _DELETED]
    carried = [v.target for v in found.versions if v.tags.get(facts.EVIDENCE) == evidence]
    same = bool(here) and f"{name}/{number}" in carried
    if same:
        told = f"{name}/{number}"
    elif here:
        told = f"{name}/{number} with other evidence: replaced around the gate"
    elif carried and carried != [f"{name}/{number}"]:
        told = f"renamed or moved: its evidence is on {', '.join(carried)}"
    else:
        told = "deleted around the gate"
    return Step(
        name=f"registration in entry {entry.index}",
        ok=same,
        expected=f"{name}/{number} with evidence {str(evidence)[:12]}",
        found=told,
    )
