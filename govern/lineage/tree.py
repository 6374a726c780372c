"""Lineage for a terminal: the version first, under each thing what went into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.lineage.graph import Edge, Graph

if TYPE_CHECKING:
    from rich.tree import Tree


def tree(graph: Graph) -> Tree:
    """Return the graph as a tree; what appeared before is not unfolded again."""
    from rich.markup import escape
    from rich.tree import Tree

    nodes, into = graph.by_id, dict[str, list[Edge]]()
    for edge in graph.edges:
        into.setdefault(edge.target, []).append(edge)
    seen = {graph.root}

    def grow(branch: Tree, edge: Edge, other: str) -> None:
        mark = "[green]ok[/]" if edge.ok else "[red]BROKEN[/]"
        again = other in seen and into.get(other)
        seen.add(other)
        label = f"{mark} {escape(nodes[other].label)}{' (as above)' if again else ''}"
        below = branch.add(f"{label}\n[dim]{escape(edge.proof)}[/]")
        for inner in into.get(other, ()) if not again else ():
            if inner.source != graph.root:
                grow(below, inner, inner.source)

    top = Tree(f"{escape(nodes[graph.root].label)}: {graph.verdict}")
    for edge in graph.edges:
        if edge.source == graph.root:
            grow(top, edge, edge.target)
    for edge in into.get(graph.root, ()):
        grow(top, edge, edge.source)
    return top
