"""Lineage for Graphviz: text in the DOT language."""

from __future__ import annotations

import re
import textwrap

from govern.lineage.graph import Graph, Kind, Node

#: Kind -> shape and colour of the inside; the kind's word stands in each node as well.
_LOOKS = {
    Kind.DATA: ("cylinder", "#e6f0ea"),
    Kind.DATASET: ("cylinder", "#e6f0ea"),
    Kind.FEATURES: ("tab", "#e6f0ea"),
    Kind.CODE: ("note", "#e8ecf4"),
    Kind.RUN: ("component", "#e8ecf4"),
    Kind.MODEL: ("box3d", "#dbe6f7"),
    Kind.POLICY: ("note", "#f4ecd8"),
    Kind.WAIVER: ("note", "#f7e3c8"),
    Kind.EVIDENCE: ("folder", "#e4dcf2"),
    Kind.APPROVAL: ("box", "#e4dcf2"),
    Kind.REJECTION: ("octagon", "#f7d9d6"),
    Kind.VERSION: ("box", "#cfe0fb"),
    Kind.ALIAS: ("cds", "#cfe0fb"),
    Kind.DOSSIER: ("note", "#ffffff"),
    Kind.LOG: ("box", "#f2f2f2"),
    Kind.CHECKPOINT: ("box", "#e2e2e2"),
    Kind.KEY: ("box", "#fbf3c4"),
    Kind.ROOT: ("box", "#f5e38b"),
}
_WIDTH = 28
_FONT, _GREY, _RED, _PALE = 'fontname="Helvetica,Arial,sans-serif"', "#4a5568", "#b3261e", "#a0a7b4"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def dot(graph: Graph) -> str:
    """Return the graph in DOT, to be drawn from left to right.

    Nodes have the SVG ids ``node-0``..., edges ``edge-1``... in the graph's order; an edge is labelled with its
    number, and with BROKEN where its proof does not hold.
    """
    number = {n.id: i for i, n in enumerate(graph.nodes)}
    lines = [
        "digraph lineage {",
        f"  graph [rankdir=LR, nodesep=0.18, ranksep=0.45, bgcolor=transparent, label={quoted(_title(graph))}, "
        f"labelloc=t, fontsize=13, {_FONT}]",
        f'  node [style=filled, fontsize=11, color="{_GREY}", margin="0.2,0.06", {_FONT}]',
        f'  edge [fontsize=9, color="{_GREY}", fontcolor="{_GREY}", arrowsize=0.6, {_FONT}]',
    ]
    for node in graph.nodes:
        lines.append(f"  n{number[node.id]} [{_node(node, number[node.id], root=node.id == graph.root)}]")
    for position, edge in enumerate(graph.edges, 1):
        text = f"{position}" if edge.ok else f"{position} BROKEN"
        looks = [f"id={quoted(f'edge-{position}')}", f"label={quoted(text)}"]
        looks.append(f"tooltip={quoted(f'{edge.relation}: {edge.proof}')}")
        if not edge.ok:
            looks += [f'color="{_RED}"', f'fontcolor="{_RED}"', "penwidth=2", "style=dashed", "class=broken"]
        elif Kind.KEY in (graph.by_id[edge.source].kind, graph.by_id[edge.target].kind):
            looks += [f'color="{_PALE}"', "penwidth=0.7"]
        lines.append(f"  n{number[edge.source]} -> n{number[edge.target]} [{', '.join(looks)}]")
    return "\n".join([*lines, "}", ""])


def seen(text: str) -> str:
    """Return text without characters that nobody sees, or that turn the direction of writing: U+FFFD instead."""
    return _UNSEEN.sub("\ufffd", text)


def quoted(text: str) -> str:
    """Return text as a string of the DOT language that Graphviz prints as it is.

    In labels Graphviz reads backslashes as escapes and ``&...;`` as HTML entities.
    """
    plain = seen(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', "&quot;")
    return f'"{plain}"'


def _node(node: Node, number: int, *, root: bool) -> str:
    shape, colour = _LOOKS[node.kind]
    lines = [node.kind.value, *textwrap.wrap(_brief(node), _WIDTH, max_lines=4, placeholder=" ...")]
    label = "\\n".join(quoted(line)[1:-1] for line in lines)
    tip = f"{node.label} {node.digest}" if node.digest else node.label
    attributes = [f"id={quoted(f'node-{number}')}", f'label="{label}"', f"shape={shape}", f'fillcolor="{colour}"']
    return ", ".join([*attributes, f"tooltip={quoted(tip)}", *(["penwidth=2.5"] if root else [])])


def _brief(node: Node) -> str:
    """Return a label without the word that the node has above it, and without its clock's fractions."""
    label = node.label.removeprefix(f"{node.kind.value} ")
    return re.sub(r"T(\d\d:\d\d):\d\d(\.\d+)?Z", r" \1 UTC", label)


def _title(graph: Graph) -> str:
    return f"Lineage of {graph.root}: {graph.verdict}"
