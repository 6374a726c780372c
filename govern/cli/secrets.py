"""Passphrases and PINs: asked at the terminal, or read as lines of standard input where a script says so."""

from __future__ import annotations

import sys

import click

from govern.errors import PolicyError

stdin_option = click.option(
    "--passphrase-stdin", is_flag=True, help="Read passphrases from standard input, one a line (see above)."
)


class Secrets:
    """Where the secrets of one command come from.

    With ``--passphrase-stdin`` each has its own line: the first is that of the key which is opened, the second
    that of the key which is made. A line whose key needs none is left empty. ``GOVERN_PASSPHRASE`` is not used.
    """

    def __init__(self, *, stdin: bool) -> None:
        self._stdin = stdin
        self._lines: list[str] | None = None

    def first(self, what: str) -> str:
        """Return the first secret."""
        return self._line(0, what) if self._stdin else _ask(what)

    def second(self, what: str) -> str:
        """Return the second secret."""
        return self._line(1, what) if self._stdin else _ask(what)

    def first_new(self, what: str) -> str:
        """Return the first secret, which is new: asked twice."""
        return self._line(0, what) if self._stdin else _ask_twice(what)

    def second_new(self, what: str) -> str:
        """Return the second secret, which is new: asked twice."""
        return self._line(1, what) if self._stdin else _ask_twice(what)

    def _line(self, number: int, what: str) -> str:
        if self._lines is None:
            self._lines = sys.stdin.read().splitlines()
        if number >= len(self._lines):
            raise PolicyError(
                f"standard input has {len(self._lines)} lines, and line {number + 1} is the {what}",
                hint="give each passphrase a line; an empty one where a key has none",
            )
        return self._lines[number]


def _ask_twice(what: str) -> str:
    given = _ask(what)
    if _ask(f"{what}, again") != given:
        raise PolicyError("the two are not the same", hint="try again")
    return given


def _ask(what: str) -> str:
    import getpass

    if not sys.stdin.isatty():
        raise PolicyError(f"there is no terminal to ask for the {what}", hint="give it with --passphrase-stdin")
    try:
        return getpass.getpass(f"{what}: ")
    except EOFError:
        raise PolicyError(f"no {what} was given", hint="type it") from None
