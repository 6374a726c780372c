"""``govern registry``: the server in front of the governed registry, and the registry compared with the log."""

from __future__ import annotations

from pathlib import Path

import click

from govern.cli.commands import FILE, Commands
from govern.cli.output import Format, console, format_option, output_option, progress, spare
from govern.cli.verify import report, trusted

database_option = click.option(
    "--database",
    metavar="URL",
    help="The registry's database, where the project names a server: sqlite:/// or postgresql://.",
)


@click.group("registry", cls=Commands)
def registry() -> None:
    """Serve the registry behind the gate; compare it with the log."""


@registry.command("serve")
@click.option("--host", default="127.0.0.1", help="Where it listens; MLflow asks nobody for a password.")
@click.option("--port", type=click.IntRange(1, 65535), default=5000, help="The port.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes that answer.")
@database_option
def serve(host: str, port: int, workers: int, database: str | None) -> None:
    """Start `mlflow server` so that every change of a registered model passes the gate.

    It runs until it is stopped (Ctrl-C, SIGTERM), with its artifacts in the project's folder `mlartifacts`. It is
    not started where MLflow would load another store. Exit code 4 if it ends by itself.
    """
    from govern import project
    from govern.registry import serve as server

    prepared = server.prepare(project.load(), host, port, workers, database)
    for line in prepared.told:
        console(stderr=True).print(line, markup=False, soft_wrap=True)
    server.run(prepared)


@registry.command("reconcile")
@database_option
@click.option("--trust", type=FILE, help="The root certificate to trust: a PEM file, or a folder of them.")
@format_option
@output_option
def reconcile(database: str | None, trust: Path | None, how: Format, output: Path | None) -> None:
    """Compare the whole registry with the log: what was written around the gate, changed since, or lost.

    Exit code 1 if anything differs.
    """
    from govern import project
    from govern.registry.reconcile import reconcile as compare

    workspace = project.load()
    spare(output, trust, *workspace.inputs())
    with progress() as show:
        show("comparing the registry with the log")
        steps = compare(workspace, trusted(trust, workspace), database=database)
    report(how, output, "registry compared with the log", "registry", steps)
