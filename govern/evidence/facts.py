"""Facts from JSON: dataclasses and enums rebuilt from bytes that anyone may have written."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from govern import canonical
from govern.errors import InputError

T = TypeVar("T")


def parse(data: bytes, *, what: str) -> Any:
    """Return the value of canonical JSON; other JSON is refused, so that no byte of it is free to change.

    Raises:
        InputError: it is not JSON, or not in canonical form.
    """
    try:
        value = json.loads(data)
        again = canonical.written(value)
    except (ValueError, RecursionError):  # also bad UTF-8, huge integers and lone surrogates
        raise InputError(f"{what}: not JSON that govern wrote", hint="restore the file; it was changed") from None
    if again != data:
        raise InputError(f"{what}: not in canonical form (RFC 8785)", hint="restore the file; it was changed")
    return value


def build(kind: type[T], value: Any, *, what: str) -> T:
    """Return ``value``, as :func:`parse` gives it, as an instance of the type ``kind``.

    Dataclasses want exactly their fields, but those that have a default may be absent: evidence that was written
    before such a field was thought of stays readable. Tuples, mappings, enums, ``X | None`` and plain values are
    followed.

    Raises:
        InputError: a part is missing, unknown or of another type; the message names it.
    """
    made: T = _build(kind, value, what)
    return made


def _build(kind: Any, value: Any, at: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        (inner,) = (a for a in arguments if a is not type(None))
        return _build(inner, value, at)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong(at, "a list", value)
        return tuple(_build(arguments[0], v, f"{at}[{i}]") for i, v in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise _wrong(at, "an object", value)
        return {k: _build(arguments[1], v, f"{at}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, at)
    if issubclass(kind, Enum):
        words = [str(member.value) for member in kind]
        if value not in words:
            raise _wrong(at, f"one of {', '.join(words)}", value)
        return kind(value)
    if kind is float and type(value) is int:  # canonical JSON writes 1.0 as 1
        return float(value)
    if type(value) is not kind:
        raise _wrong(at, kind.__name__, value)
    return value


def _build_dataclass(kind: Any, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(at, "an object", value)
    wanted = _fields(kind)
    required = {f.name for f in dataclasses.fields(kind) if _has_no_default(f)}
    if odd := sorted(set(value) - set(wanted) | required - set(value)):
        raise InputError(f"{at}: the fields {', '.join(odd)} are missing or unknown", hint="restore the file")
    return kind(**{n: _build(inner, value[n], f"{at}.{n}") for n, inner in wanted.items() if n in value})


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@cache
def _fields(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _wrong(at: str, expected: str, value: Any) -> InputError:
    return InputError(f"{at}: {expected} was expected, not {str(value)[:40]!r}", hint="restore the file")
