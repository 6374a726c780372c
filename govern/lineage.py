"""From raw data to a registered version as one graph, each edge with what proves it and whether that holds now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern import canonical
from govern.errors import GovernError, InputError
from govern.project import Workspace
from govern.registry import lookup, register
from govern.types import Dataset, Record, Role, Step

if TYPE_CHECKING:
    from rich.tree import Tree

    from govern.evidence.bundle import Bundle
    from govern.evidence.log import Entry

_SHORT = 12


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing with an identity; ``digest`` is in full, ``label`` for people."""

    id: str
    kind: str
    label: str
    digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``source`` went into ``target``; ``proof`` says what shows it, ``ok`` whether it holds now."""

    source: str
    target: str
    proof: str
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A tree of edges that all lead to the version ``root``."""

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def ok(self) -> bool:
        """Whether every proof holds."""
        return all(e.ok for e in self.edges)


def build(workspace: Workspace, target: str) -> Graph:
    """Return the lineage of a registered version.

    Args:
        workspace: the project.
        target: ``NAME/VERSION``.

    Raises:
        InputError: that is no version in the registry.
        ServiceError: the registry does not answer.
    """
    name, _, version = target.rpartition("/")
    if not name or not version.isdecimal():
        raise InputError(f"{target!r} is no registered version", hint="give NAME/VERSION, such as sepsis/3")
    sha256, steps = lookup.evidence_of(workspace, name, version)
    grown = _Growing(workspace, Node(id=target, kind="version", label=f"version {target}"))
    if not sha256:
        missing = Node(id="evidence", kind="evidence", label="no evidence")
        grown.add(missing, target, steps[0].found, False)
        return grown.graph()
    held = {s.name: s for s in steps}
    evidence = Node(id=f"evidence:{sha256}", kind="evidence", label=f"evidence {sha256[:_SHORT]}", digest=sha256)
    facts = held.get(lookup.FACTS, held[lookup.SIGNED])
    grown.add(evidence, target, f"{facts.name}: {facts.found}", facts.ok)
    grown.log_entries(evidence, sha256, name, int(version), held)
    try:
        grown.bundle(evidence, sha256, held)
    except GovernError as e:
        lost = Node(id="record", kind="evidence", label="the evidence's record")
        grown.add(lost, evidence.id, e.message, False)
    return grown.graph()


def tree(graph: Graph) -> Tree:
    """Return the graph for a terminal: the version first, under each thing what went into it."""
    from rich.markup import escape
    from rich.tree import Tree

    nodes = {n.id: n for n in graph.nodes}
    top = Tree(escape(nodes[graph.root].label))
    branches = {graph.root: top}
    for edge in graph.edges:  # an edge comes after the one that leads on from its target
        mark = "[green]ok[/]" if edge.ok else "[red]BROKEN[/]"
        text = f"{mark} {escape(nodes[edge.source].label)}\n[dim]{escape(edge.proof)}[/]"
        branches[edge.source] = branches[edge.target].add(text)
    return top


class _Growing:
    """A graph while it grows from the version backwards."""

    def __init__(self, workspace: Workspace, root: Node) -> None:
        self.workspace = workspace
        #: Path of each dossier -> its SHA-256, as the log's entry of the registration states them.
        self.logged = dict[str, str]()
        self.nodes, self.edges = [root], list[Edge]()

    def add(self, node: Node, target: str, proof: str, ok: bool) -> None:
        self.nodes.append(node)
        self.edges.append(Edge(source=node.id, target=target, proof=proof, ok=ok))

    def graph(self) -> Graph:
        return Graph(root=self.nodes[0].id, nodes=tuple(self.nodes), edges=tuple(self.edges))

    def log_entries(self, evidence: Node, sha256: str, name: str, version: int, held: dict[str, Step]) -> None:
        """Add the entries of decision and registration."""
        from govern.evidence.log import Log

        try:
            entries = Log(self.workspace.log).find(evidence=sha256)
        except GovernError:
            entries = []  # the steps already say that the log is damaged
        signed = held[lookup.SIGNED]
        registered = held.get(lookup.REGISTRATION, signed)
        for entry in entries:
            if entry.kind == "decision":
                self.add(_entry(entry), evidence.id, _proof(signed), signed.ok)
            elif entry.kind == "registration" and (entry.body.get("name"), entry.body.get("version")) == (
                name,
                version,
            ):
                self.add(_entry(entry), self.nodes[0].id, _proof(registered), registered.ok)
                self.logged = dict(entry.body.get("dossiers", {})) if registered.ok else {}

    def bundle(self, evidence: Node, sha256: str, held: dict[str, Step]) -> None:
        """Add what the evidence binds: policy, model, run, datasets, and the dossiers kept with the run."""
        from govern.evidence import bundle

        loaded = bundle.load(self.workspace.evidence / sha256)
        record, signed = loaded.record, held[lookup.SIGNED]
        self._policy(record, evidence)
        model, subject = f"model:{record.subject.sha256}", record.subject
        files = held.get(lookup.SOURCE, signed)
        self.add(
            Node(
                id=model, kind="model", label=f"model {subject.name} {subject.sha256[:_SHORT]}", digest=subject.sha256
            ),
            evidence.id,
            f"{files.name}: the digest now {'equals' if files.ok else 'is not'} the signed one",
            files.ok,
        )
        run = self._run(record, model)
        for dataset in record.datasets:
            into = run if dataset.role is Role.TRAIN and run else evidence.id
            proof = (
                "declared as training data in the signed evidence" if into == run else "bound by the signed evidence"
            )
            self._dataset(dataset, into, proof, signed.ok)
        self._dossiers(loaded)

    def _policy(self, record: Record, evidence: Node) -> None:
        policy = dict(record.policy)
        stated = str(policy.pop("sha256", ""))
        label = f"policy {policy['id']} {policy['version']} {stated[:_SHORT]}"
        ok = canonical.digest(policy) == stated
        node = Node(id=f"policy:{stated}", kind="policy", label=label, digest=stated)
        self.add(node, evidence.id, "its digest, recomputed from the signed policy", ok)

    def _run(self, record: Record, model: str) -> str | None:
        run_id = record.subject.run_id
        if run_id is None:
            return None
        found = lookup.place(self.workspace, record.subject.uri).run_id
        proof = "MLflow names it as the run that logged the model" if found == run_id else f"MLflow names {found}"
        self.add(Node(id=f"run:{run_id}", kind="run", label=f"run {run_id}"), model, proof, found == run_id)
        return f"run:{run_id}"

    def _dataset(self, dataset: Dataset, target: str, proof: str, ok: bool) -> None:
        from govern.data.opened import check_pointer

        node = f"dataset:{dataset.role}:{dataset.sha256}"
        label = f"{dataset.role.value} data, {dataset.rows} rows, {dataset.sha256[:_SHORT]}"
        self.add(Node(id=node, kind="dataset", label=label, digest=dataset.sha256), target, proof, ok)
        step = check_pointer(self.workspace, dataset)
        raw = f"{dataset.path}, MD5 {(dataset.dvc_md5 or 'none')[:_SHORT]}"
        raw += f", git {dataset.git_revision[:_SHORT]}" if dataset.git_revision else ", not yet in git"
        said = "DVC pointer, manifest and file on disk agree with the evidence" if step.ok else step.found
        self.add(Node(id=f"{node}:raw", kind="data", label=raw, digest=dataset.dvc_md5), node, said, step.ok)

    def _dossiers(self, bundle: Bundle) -> None:
        for path, pdf in register.kept(self.workspace, bundle).items():
            digest = canonical.sha256(pdf)
            label = f"dossier {path.rpartition('/')[2]} {digest[:_SHORT]}"
            fault, proof = "", "these bytes are in the log's entry of the registration"
            if self.logged.get(path) != digest:
                fault = _fault(pdf, bundle.sha256, self.workspace)
                proof = fault or "its signature holds, and the evidence attached to it is this"
            self.add(
                Node(id=f"dossier:{path}", kind="dossier", label=label, digest=digest),
                self.nodes[0].id,
                proof,
                not fault,
            )


def _fault(pdf: bytes, sha256: str, workspace: Workspace) -> str:
    """Return what is wrong with a dossier of the evidence; empty where it is signed and carries that evidence."""
    from govern.evidence import bundle, statement
    from govern.signing.pades import check
    from govern.signing.pades.attachments import attached
    from govern.signing.trust import Trust

    broken = next((s for s in check(pdf, Trust.of(workspace.trust)) if not s.ok), None)
    if broken is not None:
        return f"{broken.name}: {broken.found}"
    try:
        files = attached(pdf, names={bundle.STATEMENT}, limit=bundle.LIMIT_BYTES)
        found = canonical.sha256(statement.read(files[bundle.STATEMENT])[0])
    except (GovernError, KeyError):
        return "no evidence is attached to it"
    return "" if found == sha256 else f"other evidence is attached to it: {found[:_SHORT]}"


def _entry(entry: Entry) -> Node:
    label = f"log entry {entry.index}: {entry.kind} by {entry.actor}, {entry.time}"
    return Node(id=f"log:{entry.index}", kind="log", label=label, digest=entry.leaf_sha256)


def _proof(step: Step) -> str:
    return f"{step.name}: {step.found}"
