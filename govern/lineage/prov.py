"""Lineage as W3C PROV: entities, activities and agents, in PROV-JSON.

Acts (a run, an entry of the log) are activities, keys and roots are agents, all else are entities. Each relation
says ``govern:relation``, ``govern:proof`` and ``govern:holds``: PROV has no word for a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.lineage.graph import Edge, Graph, Kind, Node

if TYPE_CHECKING:
    from prov.model import ProvDocument

NAMESPACE = "https://govern.dev/lineage#"
_ACTIVITIES = frozenset({Kind.RUN, Kind.LOG, Kind.APPROVAL, Kind.REJECTION})
_AGENTS = frozenset({Kind.KEY, Kind.ROOT})
#: Acts that made what they lead to; others had an influence on it.
_MAKES = frozenset({"logged", "registers", "records"})


def document(graph: Graph) -> ProvDocument:
    """Return the graph as a document of the ``prov`` library, which also writes it as PROV-N, XML or RDF."""
    from prov.model import ProvDocument

    made = ProvDocument()
    made.add_namespace("govern", NAMESPACE)
    names = {n.id: f"govern:{n.kind.value}-{i}" for i, n in enumerate(graph.nodes)}
    for node in graph.nodes:
        _add(made, node, names[node.id])
    for edge in graph.edges:
        _relate(made, edge, graph.by_id, names)
    return made


def prov(graph: Graph) -> str:
    """Return the graph as PROV-JSON (W3C member submission, 24 April 2013)."""
    return f"{document(graph).serialize(format='json', indent=2)}\n"


def _add(made: ProvDocument, node: Node, name: str) -> None:
    facts = {f"govern:{k}": v for k, v in node.facts.items() if v and k != "time"}
    attributes = {"prov:label": node.label, "govern:id": node.id, "govern:kind": node.kind.value, **facts}
    if node.digest:
        attributes["govern:digest"] = node.digest
    if node.kind in _ACTIVITIES:
        time = node.facts.get("time")
        made.activity(name, time, time, attributes)
    elif node.kind in _AGENTS:
        made.agent(name, attributes)
    else:
        made.entity(name, attributes)


def _relate(made: ProvDocument, edge: Edge, nodes: dict[str, Node], names: dict[str, str]) -> None:
    source, target = names[edge.source], names[edge.target]
    kinds = tuple(_sort(nodes[n].kind) for n in (edge.source, edge.target))
    told: dict[str, Any] = {
        "govern:relation": edge.relation,
        "govern:proof": edge.proof,
        "govern:holds": edge.ok,
    }
    if kinds == ("entity", "entity"):
        made.wasDerivedFrom(target, source, other_attributes=told)
    elif kinds == ("entity", "activity"):
        made.used(target, source, other_attributes=told)
    elif kinds == ("activity", "entity") and edge.relation in _MAKES:
        made.wasGeneratedBy(target, source, other_attributes=told)
    elif kinds == ("agent", "entity"):
        made.wasAttributedTo(target, source, other_attributes=told)
    elif kinds == ("agent", "activity"):
        made.wasAssociatedWith(target, source, other_attributes=told)
    elif kinds == ("agent", "agent"):
        made.actedOnBehalfOf(target, source, other_attributes=told)
    else:
        made.wasInfluencedBy(target, source, other_attributes=told)


def _sort(kind: Kind) -> str:
    if kind in _ACTIVITIES:
        return "activity"
    return "agent" if kind in _AGENTS else "entity"
