"""Where results go: one format, to standard output or a file; everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern import files
from govern.cli.commands import FILE, Word
from govern.errors import InputError, PolicyError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from govern.formats.cases import Case


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"


format_option = click.option("--format", "how", type=Word(Format), default="table", help="How to print the result.")
output_option = click.option("--output", type=FILE, help="Write the result to this file instead.")


def emit(
    how: Format,
    output: Path | None,
    *,
    title: str,
    cases: Callable[[], Sequence[Case]],
    contract: Callable[[], Any],
    table: Callable[[], RenderableType],
) -> None:
    """Print a result in the chosen format. Only the chosen form is made.

    Raises:
        InputError: the output file cannot be written.
    """
    if output is not None:
        files.replace(output, _text(how, title, cases, contract, table).encode())
        return
    try:
        if how is Format.TABLE:
            console().print(table())
        else:
            sys.stdout.write(_text(how, title, cases, contract, table))
        sys.stdout.flush()
    except OSError as e:  # a full disk or a closed pipe must not look like a denial
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - what is left unwritten would fail again at exit
        raise InputError(f"standard output cannot be written: {e.strerror}", hint="use --output FILE") from None


def spare(output: Path | None, *inputs: Path | str | None) -> None:
    """Refuse, before the work is done, to write the result over what it is made from.

    Raises:
        PolicyError: ``output`` is one of ``inputs``, or lies in one that is a folder.
    """
    if output is not None and any(output.resolve().is_relative_to(Path(i).resolve()) for i in inputs if i is not None):
        raise PolicyError(f"--output {output} would replace what is read", hint="give another name")


def console(*, stderr: bool = False) -> Console:
    """Return a console of the terminal's width; 80 columns where there is no terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done; it shows nothing where standard error is no terminal."""
    screen = console(stderr=True)
    if not screen.is_terminal or os.environ.get("CI"):
        yield lambda what: None
        return
    with screen.status("starting") as status:
        yield lambda what: status.update(what)


def _text(how: Format, title: str, cases: Any, contract: Any, table: Any) -> str:
    from govern.formats.junit import junit
    from govern.formats.markdown import markdown
    from govern.formats.sarif import sarif

    if how is Format.JSON:
        return json.dumps(contract(), indent=2, ensure_ascii=False) + "\n"
    if how is Format.TABLE:
        screen = console()
        with screen.capture() as captured:
            screen.print(table())
        return captured.get()
    return {Format.JUNIT: junit, Format.SARIF: sarif, Format.MARKDOWN: markdown}[how](title, cases())
