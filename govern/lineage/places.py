"""Where a version went: the dossiers about it, and the aliases and stages that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import GovernError, ServiceError
from govern.lineage import history
from govern.lineage.graph import SHORT, Growing, Kind, Node
from govern.lineage.history import History
from govern.registry import connect, lookup, register
from govern.registry.entries import PROMOTION

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle
    from govern.evidence.receipt import Entry


def dossiers(grown: Growing, known: History, bundle: Bundle) -> None:
    """Add the dossiers that the model's run keeps and those that were made elsewhere, with their entries in the log."""
    from govern.lifecycle.dossiers import KIND

    made = {str(e.body.get("sha256")): e for e in known.about(KIND)}
    logged: dict[str, set[str]] = {}
    for entry in known.about("registration"):
        for path, sha256 in dict(entry.body.get("dossiers", {})).items():
            logged.setdefault(path, set()).add(str(sha256))
    for sha256, entry in made.items():
        if (path := entry.body.get("artifact")) is not None:
            logged.setdefault(str(path), set()).add(sha256)
    try:
        kept = register.kept(known.workspace, bundle)
    except ServiceError:
        raise
    except GovernError as e:
        lost = Node(id="dossiers", kind=Kind.DOSSIER, label="the dossiers of the run")
        grown.lead(lost, "is described in", e.message, False)
        kept = {}
    for path, pdf in kept.items():
        _kept(grown, known, path, pdf, logged.get(path, set()), made)
    for path in sorted(set(logged) - set(kept)):
        gone = Node(id=f"dossier:{path}", kind=Kind.DOSSIER, label=f"dossier {path.rpartition('/')[2]}")
        grown.lead(gone, "is described in", "the run no longer keeps it", False)
    for sha256, entry in made.items():
        if entry.body.get("artifact") is None:
            label = f"dossier {entry.body.get('template')} {sha256[:SHORT]}, handed out"
            node = Node(id=f"dossier:{sha256}", kind=Kind.DOSSIER, label=label, digest=sha256)
            held = known.held(entry)
            proof = "the log has its digest; the file is not at hand" if held.ok else held.found
            grown.lead(node, "is described in", proof, held.ok)
            history.add(grown, known, entry, node.id, "records", "the entry names the dossier's SHA-256", True)


def _kept(grown: Growing, known: History, path: str, pdf: bytes, logged: set[str], made: dict[str, Entry]) -> None:
    digest = canonical.sha256(pdf)
    label = f"dossier {path.rpartition('/')[2]} {digest[:SHORT]}"
    proof, ok = _proof(known, pdf, digest, logged)
    node = Node(id=f"dossier:{path}", kind=Kind.DOSSIER, label=label, digest=digest, facts={"path": path})
    grown.lead(node, "is described in", proof, ok)
    for sha256 in sorted(logged & set(made)):
        entry = made[sha256]
        history.add(grown, known, entry, node.id, "records", f"the entry names the SHA-256 {sha256[:SHORT]}", True)


def _proof(known: History, pdf: bytes, digest: str, logged: set[str]) -> tuple[str, bool]:
    """Return what shows that a file is the dossier that was logged, signed further or not."""
    from govern.lifecycle.dossiers import signed_roles

    if known.fault:
        return known.fault, False
    if digest in logged:
        return "the log has the digest of these bytes", True
    try:
        roles = signed_roles(pdf, logged, known.trust)
    except GovernError as e:
        return e.message, False
    return f"the log has the file it begins with; since then signed as {', '.join(sorted(roles)) or 'nobody'}", True


def aliases(grown: Growing, known: History, missing: str) -> None:
    """Add the aliases that lead to the version, and its promotions in the log.

    Args:
        grown: the graph.
        known: the version's history.
        missing: what keeps it from promotion; empty if nothing.

    Raises:
        ServiceError: the registry does not answer.
    """
    promoted = [*known.about(PROMOTION)]
    leading = _leading(known, {str(e.body["alias"]) for e in promoted if e.body.get("alias")})
    for alias in leading:
        entry = next((e for e in reversed(promoted) if e.body.get("alias") == alias), None)
        proof = (
            f"promotion in the log: entry {entry.index}" if entry else "no promotion in the log: set around the gate"
        )
        proof = known.fault or (f"{proof}; {missing}" if missing else proof)
        node = Node(id=f"alias:{alias}", kind=Kind.ALIAS, label=f"alias {alias}", facts={"alias": alias})
        grown.lead(node, "is promoted to", proof, entry is not None and not missing and not known.fault)
    for entry in promoted:
        named, stage = entry.body.get("alias"), entry.body.get("stage")
        what = f"promotion to {f'alias {named}' if named else f'stage {stage}'}"
        if named in leading:
            history.add(
                grown, known, entry, f"alias:{named}", "sets", "the alias leads to this version", True, what=what
            )
        else:
            proof = f"alias {named} no longer leads here" if named else "the log has this entry"
            history.add(grown, known, entry, grown.root.id, "promotes", proof, True, what=what)


def _leading(known: History, logged: set[str]) -> list[str]:
    """Return the aliases that lead to the version now: those that the registry names and those that the log does."""
    found = []
    store = connect.reader(known.workspace)
    with connect.errors(*connect.addresses(known.workspace)):
        version, _ = lookup.version_of(store, known.name, str(known.version))
        for alias in sorted(logged | set(version.aliases)):
            if _leads_to(store, known.name, alias) == known.version:
                found.append(alias)
    return found


def _leads_to(store: object, name: str, alias: str) -> int | None:
    from govern.models.service import loaded
    from govern.models.stored import NotStoredError

    try:
        return int(store.get_model_version_by_alias(name, alias).version)  # type: ignore[attr-defined]
    except loaded("mlflow.exceptions", "MlflowException", NotStoredError) as e:
        if getattr(e, "error_code", "RESOURCE_DOES_NOT_EXIST") not in (
            "RESOURCE_DOES_NOT_EXIST",
            "INVALID_PARAMETER_VALUE",
        ):
            raise
        return None
