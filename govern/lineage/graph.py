"""The nouns of lineage: things with an identity, and edges that say what proves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

#: How many digits of a digest a label shows.
SHORT = 12


class Kind(StrEnum):
    """What a node is."""

    DATA = "data"
    DATASET = "dataset"
    FEATURES = "features"
    CODE = "code"
    RUN = "run"
    MODEL = "model"
    POLICY = "policy"
    WAIVER = "waiver"
    EVIDENCE = "evidence"
    APPROVAL = "approval"
    REJECTION = "rejection"
    VERSION = "version"
    ALIAS = "alias"
    DOSSIER = "dossier"
    LOG = "log"
    CHECKPOINT = "checkpoint"
    KEY = "key"
    ROOT = "root"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing with an identity; ``digest`` is in full (hex), ``label`` for people.

    ``facts`` are further texts: of an act in the log ``entry``, ``act``, ``time`` (UTC, ISO 8601) and ``actor``.
    """

    id: str
    kind: Kind
    label: str
    digest: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``source`` went into ``target`` or acted on it; ``proof`` says what shows it, ``ok`` whether it holds now.

    ``relation`` is a verb: source *relation* target.
    """

    source: str
    target: str
    relation: str
    proof: str
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Edges without a cycle that lead to the version ``root``, and from it to its aliases and dossiers.

    The edges are in order: one that leads to a node comes after one that leads on from it.
    """

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def ok(self) -> bool:
        """Whether every proof holds."""
        return not self.broken

    @property
    def broken(self) -> tuple[Edge, ...]:
        """The edges whose proof does not hold."""
        return tuple(e for e in self.edges if not e.ok)

    @property
    def by_id(self) -> dict[str, Node]:
        """The nodes by their id."""
        return {n.id: n for n in self.nodes}

    @property
    def verdict(self) -> str:
        """How many proofs hold, in words."""
        if not self.broken:
            return f"all {len(self.edges)} proofs hold"
        return f"{len(self.broken)} of {len(self.edges)} proofs do not hold"


class Growing:
    """A graph while it grows from the version backwards."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._nodes, self._edges = {root.id: root}, list[Edge]()

    def add(self, node: Node, target: str, relation: str, proof: str, ok: bool) -> None:
        """Add an edge from ``node``, which is added unless it is there."""
        self._nodes.setdefault(node.id, node)
        self._edges.append(Edge(source=node.id, target=target, relation=relation, proof=proof, ok=ok))

    def lead(self, node: Node, relation: str, proof: str, ok: bool) -> None:
        """Add an edge from the version to ``node``."""
        self._nodes.setdefault(node.id, node)
        self._edges.append(Edge(source=self.root.id, target=node.id, relation=relation, proof=proof, ok=ok))

    def has(self, node: str) -> bool:
        """Return whether a node is there."""
        return node in self._nodes

    def graph(self) -> Graph:
        """Return the graph as it is now."""
        return Graph(root=self.root.id, nodes=tuple(self._nodes.values()), edges=tuple(self._edges))
