"""Pickles followed to their end, opcode by opcode, without running any of it."""

from __future__ import annotations

import pickletools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.models.names import dangerous

_HEADER = re.compile(rb"\x80[\x02-\x05]")
_LINES = re.compile(rb"c([\w.]{1,100})\n([\w.]{1,100})\n")
_MEMO = rb"(?:\x94|q.|r.{4})?"
_STACKED = re.compile(rb"\x8c.([\w.]{1,100})" + _MEMO + rb"\x8c.([\w.]{1,100})" + _MEMO + rb"\x93", re.DOTALL)
#: What makes classes out of a pickle: their instances are made by calling them.
_MAKERS = frozenset({"_make_skeleton_class", "_make_skeleton_enum", "_make_typevar", "_builtin_type", "type"})
#: Opcodes that change what lies below their arguments and leave it there.
_CHANGES = frozenset("BUILD SETITEM SETITEMS APPEND APPENDS ADDITEMS".split())  # noqa: SIM905
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})


class _DeceitError(Exception):
    """A pickle that hides what it calls; its message says how."""


@dataclass(frozen=True)
class _Global:
    """Something that is imported by name."""

    name: str


@dataclass(frozen=True)
class _Made:
    """What the call of a global gave."""

    by: str


_OTHER, _MARK = object(), object()


def look(path: Path, stream: Any) -> bool:
    """Follow one pickle after the other to the end of ``stream``, bytes that can be read and sought.

    Returns:
        Whether there is a pickle that calls something, or the header of one.

    Raises:
        InputError: names the global that loading would call; it hides what it calls; it cannot be followed to
            its end.
    """
    sure = bool(_HEADER.match(stream.read(2)))
    stream.seek(0)
    seen: set[tuple[str, str]] = set()
    start = -1
    while stream.tell() > start:
        start = stream.tell()
        try:
            for found in _globals(stream):
                seen.add(found)
                if dangerous(*found):
                    raise refusal(path, ".".join(found))
        except _DeceitError as e:
            raise InputError(
                f"{path}: a pickle that {e}", hint="do not load it; have its author log the model again"
            ) from None
        except (ValueError, IndexError, KeyError, UnicodeDecodeError, OverflowError) as e:
            # joblib writes the bytes of arrays into the midst of the pickle, where opcodes cannot be followed.
            if any(module.startswith("joblib") for module, _ in seen):
                _look_at_text(path, stream, start)
            elif sure and start == 0:
                raise InputError(
                    f"{path}: a pickle that cannot be followed to its end: {str(e)[:100]}",
                    hint="the file is damaged or made to deceive; log the model again",
                ) from None
            break
    return sure or any(module.replace(".", "").isidentifier() for module, _ in seen)  # and no text that looks so


def _globals(stream: Any) -> Iterator[tuple[str, str]]:
    """Yield module and name of each global of one pickle.

    What lies on the pickle machine's stack is followed as far as it matters: texts, globals, and what they made.

    Raises:
        ValueError: not a pickle, or not to its end.
        _DeceitError: it makes up the name of what it calls, or calls what it made.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        code = opcode.name
        if code == "MARK":
            stack.append(_MARK)
        elif code == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif code in _PUTS:
            memo[int(str(argument))] = stack[-1]
        elif code in _GETS:
            stack.append(memo.get(int(str(argument)), _OTHER))
        elif code == "DUP":
            stack.append(stack[-1])
        else:
            taken = _take(stack, opcode, code)
            if code in ("GLOBAL", "INST"):
                module, _, name = str(argument).partition(" ")
                stack.append(_Global(name) if code == "GLOBAL" else _Made(name))
                yield module, name
            elif code == "STACK_GLOBAL":
                module, name = taken
                if not isinstance(module, str) or not isinstance(name, str):
                    raise _DeceitError("makes up the name of what it calls")
                stack.append(_Global(name))
                yield module, name
            elif code in _CHANGES:
                stack.append(taken[0])
            elif code == "REDUCE":
                stack.append(_called(taken[0]))
            elif code in ("NEWOBJ", "NEWOBJ_EX", "OBJ"):
                made_of = taken[1] if code == "OBJ" and len(taken) > 1 else taken[0]
                stack.append(_Made(made_of.name) if isinstance(made_of, _Global) else _OTHER)
            else:
                stack.extend(argument if isinstance(argument, str) else _OTHER for _ in opcode.stack_after)


def _take(stack: list[Any], opcode: Any, code: str) -> list[Any]:
    """Take an opcode's arguments from the stack, down to the last mark where it says so; lowest first."""
    needed = opcode.stack_before
    if pickletools.markobject in needed or (code == "POP" and stack and stack[-1] is _MARK):
        place = len(stack) - 1
        while place >= 0 and stack[place] is not _MARK:
            place -= 1
        if place < 0:
            raise ValueError("it takes down to a mark that is not there")
        place -= needed.index(pickletools.markobject) if pickletools.markobject in needed else 0
    else:
        place = len(stack) - len(needed)
    if place < 0:
        raise ValueError("it takes more from its stack than there is")
    taken = stack[place:]
    del stack[place:]
    return taken


def _called(function: Any) -> Any:
    """Return what a call gives; a function that the pickle itself made is not called by any honest one."""
    if isinstance(function, _Global):
        return _Made(function.name)
    if isinstance(function, _Made) and function.by not in _MAKERS:
        raise _DeceitError(f"calls what {function.by} made while it is loaded")
    return _OTHER


def _look_at_text(path: Path, stream: Any, start: int) -> None:
    stream.seek(start)
    content = stream.read()
    for pattern in (_LINES, _STACKED):
        for match in pattern.finditer(content):
            module, name = match[1].decode(), match[2].decode()
            if dangerous(module, name):
                raise refusal(path, f"{module}.{name}")


def refusal(path: Path, name: str) -> InputError:
    """Return the error that says what loading a file would call."""
    return InputError(
        f"{path}: loading this file would call {name}, which no risk model needs",
        hint="do not load it; have its author log it again, for example in MLflow's `skops` format",
    )
