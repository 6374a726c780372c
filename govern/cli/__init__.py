"""The command line: each command parses, calls one function, prints, and sets the exit code."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import typer

from govern.cli import approval, checks, data, dossier, gate, keys, lineage, log, measure, plan, policy, project, verify
from govern.errors import GovernError

app = typer.Typer(
    name="govern",
    help="Prove that a healthcare model is safe to use, and keep the proof.",
    epilog="Exit codes: 0 allowed or verified; 1 denied, or verification failed; 2 policy or usage error; "
    "3 bad or missing data or model; 4 an external service failed; 70 a bug.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (project, data, policy, plan, checks, measure, gate, approval, dossier, verify, lineage, log, keys):
    group.add_to(app)


#: No telemetry, no progress bars of others, no threads for nothing: what a command prints and takes is its own.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Matrices are small here: threads of the linear algebra would spend their time waiting for each other.
    "OPENBLAS_NUM_THREADS": "1",
}


def main() -> None:
    """Run the command line; the process ends with the exit code of the design, never with a bare traceback."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(100_000, 50, 50)  # imports make much that lives and little that dies
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
