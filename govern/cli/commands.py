"""What commands are made of: groups with help that is never cut short, words of an enumeration, files."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import click

#: A path on the command line, whether or not something is there.
FILE = click.Path(path_type=Path)


class Commands(click.Group):
    """A group that lists its commands in the order of the program, each with its first line in full."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(n, (c.help or "").partition("\n")[0]) for n, c in found if c is not None])


class Word(click.Choice[Any]):
    """One of the words of an enumeration."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Return the word itself: Click would take the member's name."""
        return str(choice.value) if isinstance(choice, Enum) else str(choice)
