"""The command line: each command parses, calls one function, prints, and sets the exit code."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from pathlib import Path

import click

from govern.cli.commands import Commands
from govern.errors import GovernError

#: Command -> the module that holds it, under the command's own name; imported when the command is asked for.
_COMMANDS = {
    "demo": "project",
    "init": "project",
    "doctor": "project",
    "data": "data",
    "facts": "facts",
    "policy": "policy",
    "plan": "plan",
    "checks": "checks",
    "measure": "measure",
    "check": "gate",
    "register": "gate",
    "approve": "approval",
    "reject": "approval",
    "waive": "approval",
    "coverage": "coverage",
    "dossier": "dossier",
    "verify": "verify",
    "lineage": "lineage",
    "log": "log",
    "registry": "registry",
    "keys": "keys",
}


class _Imported(Commands):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"govern.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        return command


@click.group(
    "govern",
    cls=_Imported,
    context_settings={"show_default": True, "max_content_width": 120},
    epilog="Exit codes: 0 allowed or verified; 1 denied, or verification failed; 2 policy or usage error; "
    "3 bad or missing data or model; 4 an external service failed; 70 a bug.",
)
def app() -> None:
    """Prove that a healthcare model is safe to use, and keep the proof."""


#: No telemetry, no progress bars of others, no threads for nothing: what a command prints and takes is its own.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Matrices are small here: threads of the linear algebra would spend their time waiting for each other.
    "OPENBLAS_NUM_THREADS": "1",
    # What others have installed does not change how files are read; looking for it takes longer than reading.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}


def main() -> None:
    """Run the command line; the process ends with the exit code of the design, never with a bare traceback."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(100_000, 50, 50)  # imports make much that lives and little that dies
    atexit.register(gc.freeze)  # and nothing of it is worth a search for cycles when the process ends
    try:
        app()
    except GovernError as e:
        _complain(e.message, e.hint)
        sys.exit(e.exit_code)
    except Exception as e:
        _complain(f"a bug in govern: {type(e).__name__}: {e}", f"please report it with {_saved(e)}")
        sys.exit(70)


def _complain(message: str, hint: str) -> None:
    from rich.text import Text

    from govern.cli.output import console

    screen = console(stderr=True)
    screen.print(Text("error: ", style="bold red").append(message, style="not bold default"))
    if hint:
        screen.print(Text("  do:  ", style="bold").append(hint, style="not bold"))


def _saved(error: Exception) -> Path:
    """Save the traceback and return its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="govern-traceback-", suffix=".txt", delete=False) as stream:
        stream.writelines(traceback.format_exception(error))
    return Path(stream.name)
