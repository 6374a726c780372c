"""``govern lineage``: from raw data to the registered version."""

from __future__ import annotations

from enum import StrEnum

import click

from govern.cli.commands import Word
from govern.cli.output import console


class Form(StrEnum):
    """How the graph is drawn."""

    TREE = "tree"


@click.command("lineage")
@click.argument("version")
@click.option("--format", "how", type=Word(Form), default="tree", help="How to draw it.")
def lineage(version: str, how: Form) -> None:
    """Show data, run, model, evidence, log entry and version, and what proves each link.

    VERSION is NAME/VERSION of a registered model.
    """
    from govern import lineage as graphs
    from govern import project

    graph = graphs.build(project.load(), version)
    console().print(graphs.tree(graph))
