"""``govern lineage``: from raw data to the registered version."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from govern.cli.output import console


class Form(StrEnum):
    """How the graph is drawn."""

    TREE = "tree"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("lineage")(lineage)


def lineage(
    version: Annotated[str, typer.Argument(help="NAME/VERSION of a registered model.")],
    how: Annotated[Form, typer.Option("--format", help="How to draw it.")] = Form.TREE,
) -> None:
    """Show data, run, model, evidence, log entry and version, and what proves each link."""
    from govern import lineage as graphs
    from govern import project

    graph = graphs.build(project.load(), version)
    console().print(graphs.tree(graph))
