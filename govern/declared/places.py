"""The files of a project in which people declare facts: none of them lies outside the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from govern.errors import PolicyError
from govern.strict_yaml import Document

#: The folder that ``govern facts edit`` makes where a project names none.
FOLDER = "facts"
#: No person writes a longer file (bytes).
_LONGEST = 2_000_000


def folder(document: Document, root: Path) -> Path | None:
    """Return the folder that ``facts:`` of a project file names; ``None`` where it names none.

    Raises:
        PolicyError: it is no folder, or lies outside the project.
    """
    named: Any = document.value.get("facts")
    if named is None:
        return None
    if not isinstance(named, str) or not named.strip():
        raise document.error(("facts",), f"the name of a folder was expected, found {named!r}", hint="facts: facts")
    path = root / named
    if not _inside(path, root):
        raise document.error(("facts",), f"the folder {named!r} lies outside the project", hint="such as facts: facts")
    if not path.is_dir():
        raise document.error(
            ("facts",), f"there is no folder {named!r}", hint="make it, or remove this line; see `govern facts edit`"
        )
    return path


def files(path: Path, root: Path) -> Iterator[Path | PolicyError]:
    """Give the files of a folder of facts in the order of their names, or why one cannot be read."""
    for file in sorted(path.iterdir()):
        if file.name.startswith(".") or file.suffix not in {".yaml", ".yml"}:
            continue
        if not _inside(file, root):
            yield PolicyError(f"{file}:1: leads outside the project", hint="put the file itself there")
        elif not file.is_file():
            yield PolicyError(f"{file}:1: is no file", hint="give it another name")
        elif file.stat().st_size > _LONGEST:
            yield PolicyError(f"{file}:1: longer than {_LONGEST:,} bytes", hint="declare long texts as documents")
        else:
            yield file


def _inside(path: Path, root: Path) -> bool:
    resolved, home = path.resolve(), root.resolve()
    return resolved.is_relative_to(home) and resolved != home
