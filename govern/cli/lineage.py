"""``govern lineage``: from raw data to the registered version."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.commands import FILE, Word
from govern.cli.output import console, spare

if TYPE_CHECKING:
    from govern.lineage.graph import Graph


class Form(StrEnum):
    """How the graph is drawn."""

    TREE = "tree"
    JSON = "json"
    DOT = "dot"
    HTML = "html"
    OPENLINEAGE = "openlineage"
    PROV = "prov"


@click.command("lineage")
@click.argument("version")
@click.option("--format", "how", type=Word(Form), default="tree", help="How to draw it.")
@click.option("--output", type=FILE, help="Write it to this file instead.")
def lineage(version: str, how: Form, output: Path | None) -> None:
    """Show data, model, evidence, people, log and version, and what proves each link.

    VERSION is NAME/VERSION of a registered model. A link whose proof does not hold is shown as BROKEN.
    `html` is one page that needs no network; `dot` is for Graphviz; `prov` is W3C PROV-JSON; `openlineage`
    is one run event on each line.
    """
    from govern import files, project
    from govern.lineage.build import build

    workspace = project.load()
    spare(output, *workspace.inputs())
    graph = build(workspace, version)
    if output is not None:
        files.replace(output, _text(graph, how).encode())
    elif how is Form.TREE:
        from govern.lineage.tree import tree

        console().print(tree(graph))
    else:
        sys.stdout.write(_text(graph, how))
    if not graph.ok:
        raise SystemExit(1)


def _text(graph: Graph, how: Form) -> str:
    """Return the graph in a form. Only the library of the chosen one is loaded."""
    if how is Form.TREE:
        from govern.lineage.tree import tree

        screen = console()
        with screen.capture() as captured:
            screen.print(tree(graph))
        return captured.get()
    if how is Form.JSON:
        from govern.lineage.contract import lineage_json

        return json.dumps(lineage_json(graph), indent=2, ensure_ascii=False) + "\n"
    if how is Form.DOT:
        from govern.lineage.dot import dot

        return dot(graph)
    if how is Form.HTML:
        from govern.lineage.html import html

        return html(graph)
    if how is Form.PROV:
        from govern.lineage.prov import prov

        return prov(graph)
    from govern.lineage.openlineage import openlineage

    return openlineage(graph)
