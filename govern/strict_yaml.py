"""YAML that a person wrote, read strictly: every complaint names file, line and the nearest valid word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from govern.errors import InputError, PolicyError

Location = tuple[str | int, ...]
#: No file that a person wrote holds more; one with aliases of aliases can.
_NODES = 20_000


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or the list of valid words where none is near."""
    words = sorted(str(v) for v in valid)
    close = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(words)}" if words else "there is nothing to choose from"


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: plain values, and the line of every key and item."""

    path: Path
    value: dict[str, Any]
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """Return the line (from 1) of a location, or of its nearest parent."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def error(self, location: Location, message: str, *, hint: str = "") -> PolicyError:
        """Return an error that points at ``location``."""
        return PolicyError(f"{self.path}:{self.line(location)}: {message}", hint=hint)


def read(path: Path) -> Document:
    """Read a YAML mapping.

    Raises:
        InputError: the file cannot be read.
        PolicyError: it is not YAML, has a key twice, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file", hint="check the path, or run `govern init`") from None
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path}: cannot be read as text: {e}", hint="give a YAML file") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """Read a YAML mapping from text; ``path`` is what complaints name.

    Raises:
        PolicyError: it is not YAML, has a key twice, or is not a mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        value = YAML(typ="rt").load(text)
    except MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise PolicyError(f"{path}:{line}: not valid YAML: {e.problem}", hint="mend the syntax") from None
    except YAMLError as e:
        raise PolicyError(f"{path}:1: not valid YAML: {e}", hint="mend the syntax") from None
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else "nothing" if value is None else repr(value)[:40]
        raise PolicyError(
            f"{path}:1: a mapping of keys was expected, found {found}", hint="see docs/writing-a-policy.md"
        )
    lines: dict[Location, int] = {}
    return Document(path=path, value=_plain(value, (), lines), lines=lines)


def _plain(node: Any, at: Location, lines: dict[Location, int]) -> Any:
    """Turn ruamel's nodes into plain values and note the line of each key and item."""
    if len(lines) > _NODES:
        raise PolicyError(f"more than {_NODES} keys and items: aliases that repeat each other?", hint="write it out")
    if isinstance(node, dict):
        positions = getattr(node, "lc", None)
        for key in node:
            if positions is not None and positions.data and key in positions.data:
                lines[(*at, str(key))] = positions.data[key][0] + 1
        return {str(k): _plain(v, (*at, str(k)), lines) for k, v in node.items()}
    if isinstance(node, list):
        positions = getattr(node, "lc", None)
        for i in range(len(node)):
            if positions is not None and positions.data and i in positions.data:
                lines[(*at, i)] = positions.data[i][0] + 1
        return [_plain(v, (*at, i), lines) for i, v in enumerate(node)]
    if isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node if node is None else str(node)


M = TypeVar("M")


def build(model: type[M], document: Document, value: Any | None = None) -> M:
    """Validate a document against a pydantic model.

    Raises:
        PolicyError: names file, line, what was found and the nearest valid word. The first of
            several mistakes is told in full, the number of the others after it.
    """
    import pydantic

    adapter = pydantic.TypeAdapter(model)
    try:
        return adapter.validate_python(document.value if value is None else value)
    except pydantic.ValidationError as e:
        errors = e.errors()
        # A misspelt key is both an unknown and a missing one: the unknown word is the one to mend.
        first = min(errors, key=lambda e: e["type"] != "extra_forbidden")
        location = _in_document(first["loc"], document)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message, hint = _explain(model, first, location)
        raise document.error(location, message + more, hint=hint) from None


def _in_document(location: Location, document: Document) -> Location:
    """Return a pydantic location without the parts that are no keys of the document (tags of unions)."""
    kept: list[str | int] = []
    node: Any = document.value
    for part in location:
        if isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif isinstance(node, dict):
            node = node.get(str(part))
        else:
            continue
        kept.append(part)
    return tuple(kept)


def _explain(model: Any, error: Any, location: Location) -> tuple[str, str]:
    """Return message and hint for one pydantic error."""
    name = ".".join(str(p) for p in location)
    if error["type"] == "extra_forbidden":
        return f"unknown key {str(location[-1])!r}", nearest(str(location[-1]), _fields(model, location[:-1]))
    if error["type"] == "missing":
        return f"{name} is missing", "add it"
    message = str(error["msg"]).removeprefix("Value error, ")
    found = error.get("input")
    shown = f", found {found!r}" if isinstance(found, str | int | float | bool) else ""
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}", "mend the value"


def _fields(model: Any, location: Location) -> list[str]:
    """Return the keys that are valid at ``location`` of a (nested) pydantic model."""
    import typing

    for part in location:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", {})
        if part not in {f.alias or n for n, f in fields.items()}:
            continue
        model = next(f.annotation for n, f in fields.items() if (f.alias or n) == part)
        stack = [model]
        while stack:
            candidate = stack.pop()
            if hasattr(candidate, "model_fields"):
                model = candidate
                break
            stack.extend(typing.get_args(candidate))
    return [f.alias or n for n, f in getattr(model, "model_fields", {}).items()]
