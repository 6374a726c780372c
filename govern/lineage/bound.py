"""What signed evidence binds: policy, model, run, the model's declared inputs, datasets and their raw data, code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import GovernError
from govern.lineage.graph import SHORT, Growing, Kind, Node
from govern.lineage.history import History
from govern.registry import lookup
from govern.types import Dataset, Record, Role, Step

if TYPE_CHECKING:
    from govern.evidence.bundle import Bundle


def bound(grown: Growing, known: History, bundle: Bundle, held: dict[str, Step]) -> None:
    """Add all of it; ``held`` are the steps that checked the version against the evidence, by name."""
    record, signed = bundle.record, held[lookup.SIGNED]
    evidence = f"evidence:{bundle.sha256}"
    _policy(grown, record, evidence)
    _code(grown, record, evidence, signed)
    model = _model(grown, record, evidence, held)
    made = _run(grown, known, record, model) or model
    trained = _features(grown, record, made, signed) or made
    for dataset in record.datasets:
        if dataset.role is Role.TRAIN and trained != model:
            _dataset(grown, known, dataset, trained, *_training(record, dataset, trained, signed))
        else:
            _dataset(grown, known, dataset, evidence, "is measured in", "bound by the signed evidence", signed.ok)


def _policy(grown: Growing, record: Record, evidence: str) -> None:
    policy = dict(record.policy)
    stated = str(policy.pop("sha256", ""))
    label = f"policy {policy.get('id')} {policy.get('version')} {stated[:SHORT]}"
    node = Node(id=f"policy:{stated}", kind=Kind.POLICY, label=label, digest=stated)
    ok = canonical.digest(policy) == stated
    grown.add(node, evidence, "judges", "its digest, recomputed from the signed policy", ok)


def _code(grown: Growing, record: Record, evidence: str, signed: Step) -> None:
    commit, dirty = record.environment.git_commit, record.environment.git_dirty
    if commit is None:
        return
    label = f"code at git {commit[:SHORT]}{' with uncommitted changes' if dirty else ''}"
    node = Node(id=f"code:{commit}", kind=Kind.CODE, label=label, digest=commit)
    grown.add(node, evidence, "was at hand for", "stated in the signed evidence", signed.ok)


def _model(grown: Growing, record: Record, evidence: str, held: dict[str, Step]) -> str:
    subject = record.subject
    places = [held[name] for name in (lookup.SOURCE, lookup.DOWNLOAD) if name in held] or [held[lookup.SIGNED]]
    files = next((step for step in places if not step.ok), places[0])
    label = f"model {subject.name} {subject.sha256[:SHORT]}"
    node = Node(id=f"model:{subject.sha256}", kind=Kind.MODEL, label=label, digest=subject.sha256)
    proof = f"{files.name}: the digest now equals the signed one" if files.ok else f"{files.name}: {_differs(files)}"
    grown.add(node, evidence, "is measured in", proof, files.ok)
    return node.id


def _run(grown: Growing, known: History, record: Record, model: str) -> str | None:
    run_id = record.subject.run_id
    if run_id is None:
        return None
    try:
        found: str | None = lookup.place(known.workspace, record.subject.uri).run_id
        told = f"MLflow names {found or 'no run'}"
    except GovernError as e:
        found, told = None, e.message
    ok = found == run_id
    node = Node(id=f"run:{run_id}", kind=Kind.RUN, label=f"run {run_id}")
    grown.add(node, model, "logged", "MLflow names it as the run that logged the model" if ok else told, ok)
    return node.id


def _features(grown: Growing, record: Record, target: str, signed: Step) -> str | None:
    inputs = record.subject.inputs
    if not inputs:
        return None
    count = f"{len(inputs)} declared input{'s' if len(inputs) > 1 else ''}"
    label = f"{count}: {', '.join(inputs[:3])}{', ...' if len(inputs) > 3 else ''}"
    digest = canonical.digest(list(inputs))
    node = Node(id="features", kind=Kind.FEATURES, label=label, digest=digest, facts={"inputs": ", ".join(inputs)})
    grown.add(node, target, "are inputs of", "the model's signature, stated in the signed evidence", signed.ok)
    return node.id


def _training(record: Record, dataset: Dataset, target: str, signed: Step) -> tuple[str, str, bool]:
    """Return relation, proof and whether it holds, of training data that led to features, or else to the run."""
    if not target.startswith(Kind.FEATURES):
        return "trained", "declared as training data in the signed evidence", signed.ok
    missing = sorted(set(record.subject.inputs) - {c.name for c in dataset.columns})
    proof = "each is a column of this data, by its signed manifest"
    if missing:
        proof = f"no columns of this data: {', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}"
    return "holds", proof, signed.ok and not missing


def _dataset(
    grown: Growing, known: History, dataset: Dataset, target: str, relation: str, proof: str, ok: bool
) -> None:
    from govern.data.opened import check_pointer

    node = f"dataset:{dataset.role}:{dataset.sha256}"
    label = f"{dataset.role.value} data, {dataset.rows} rows, {dataset.sha256[:SHORT]}"
    facts = {"role": dataset.role.value, "rows": str(dataset.rows), "path": dataset.path}
    made = Node(id=node, kind=Kind.DATASET, label=label, digest=dataset.sha256, facts=facts)
    grown.add(made, target, relation, proof, ok)
    step = check_pointer(known.workspace, dataset)
    raw = f"{dataset.path}, MD5 {(dataset.dvc_md5 or 'none')[:SHORT]}"
    raw += f", git {dataset.git_revision[:SHORT]}" if dataset.git_revision else ", not yet in git"
    facts = {"path": dataset.path, "pointer": dataset.dvc_pointer or "", "revision": dataset.git_revision or ""}
    data = Node(id=f"{node}:raw", kind=Kind.DATA, label=raw, digest=dataset.dvc_md5, facts=facts)
    said = "DVC pointer, manifest and file on disk agree with the evidence" if step.ok else _differs(step)
    grown.add(data, node, "is snapshot as", said, step.ok)


def _differs(step: Step) -> str:
    return f"{step.expected} was expected, found {step.found}"
