"""Where the story is told and where it happens; a story that is not true ends here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import project
from govern.errors import GovernError
from govern.project import Workspace

if TYPE_CHECKING:
    from rich.console import Console

#: The registered model's name.
NAME = "support2-mortality"


@dataclass(frozen=True)
class Stage:
    """Where the story is told, and where it happens."""

    console: Console
    folder: Path

    @property
    def workspace(self) -> Workspace:
        """The project as its file says now."""
        return project.load(self.folder)

    def act(self, number: int, title: str) -> None:
        """Open an act."""
        self.console.print()
        self.console.rule(f"[bold]Act {number}: {title}", align="left")

    def say(self, text: str, style: str = "") -> None:
        """Print a paragraph; nothing in it is markup."""
        from rich.text import Text

        self.console.print(Text(text, style=style))

    def typed(self, *words: str) -> None:
        """Show a command as a person would type it in the folder."""
        from rich.text import Text

        self.console.print(Text(f"$ {shlex.join(words)}", style="bold cyan"), soft_wrap=True)

    def work(self, what: str) -> Any:
        """Show, while the block runs, what is being done."""
        return self.console.status(what)


def claim(truth: bool, what: str) -> None:
    """Hold the story to a fact.

    Raises:
        GovernError: it is not so.
    """
    if not truth:
        raise GovernError(f"the demonstration does not do what it claims: {what}", hint="please report it")
