"""A look through a model's files, before anything in them is loaded, for what no risk model needs.

Loading a pickle runs whatever the pickle names, and so does much else in a model: code that comes
with it, classes pickled by value. This is **not a sandbox** and proves no model harmless. It refuses
the common attacks and every model that reads files which its digest does not cover; whoever loads a
model of unknown origin does so in a container.
"""

# ruff: noqa: SIM905 - long lists of words read best as text

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import mmap
import pickletools
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from govern.errors import InputError

#: Modules that reach the system, the network, the interpreter or another pickle. After the list of
#: picklescan (github.com/mmaitre314/picklescan) and the warnings in the standard library's documentation.
_MODULES = frozenset(
    "aiohttp asyncio bdb cProfile code codeop commands ctypes distutils ensurepip ftplib http httplib idlelib "
    "importlib lib2to3 linecache marshal multiprocessing nt os pdb pickle _pickle pip pkgutil platform popen2 posix "
    "_posixsubprocess profile pty pydoc requests runpy shelve shutil smtplib socket _socket ssl subprocess sys "
    "telnetlib tempfile timeit trace urllib urllib3 venv webbrowser zipimport".split()
)
_BUILTINS = frozenset(
    "apply breakpoint compile delattr eval exec execfile getattr globals input locals open setattr vars "
    "__import__".split()
)
#: Names that run text or reach the interpreter, whatever module holds them.
_NAMES = frozenset(
    "eval exec execfile system popen spawn runstring attrgetter methodcaller __builtins__ __globals__ __import__ "
    "__subclasses__ __getattribute__ __code__".split()
)
#: Settings that tell where a file came from; MLflow loads the copy in the folder.
_ORIGINS = frozenset({"uri", "model_code_path"})
_HEADER = re.compile(rb"\x80[\x02-\x05]")
_LINES = re.compile(rb"c([\w.]{1,100})\n([\w.]{1,100})\n")
_MEMO = rb"(?:\x94|q.|r.{4})?"
_STACKED = re.compile(rb"\x8c.([\w.]{1,100})" + _MEMO + rb"\x8c.([\w.]{1,100})" + _MEMO + rb"\x93", re.DOTALL)
_UNPACK: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"x": zlib.decompress,
}
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def scan(folder: Path, flavors: Mapping[str, Any]) -> None:
    """Look through all files of a model, whatever they are called, and its flavours' settings.

    Raises:
        InputError: names the file and the global that loading it would call; a pickle that cannot
            be followed to its end; a setting that leads out of the folder.
    """
    for place, value in _settings(flavors):
        outside = (folder / value).resolve()
        if not outside.is_relative_to(folder.resolve()) and outside.exists():
            raise InputError(
                f"{folder / 'MLmodel'}: {place} leads out of the model, to {outside}",
                hint="log the model again, so that all it loads is part of it",
            )
        module, _, name = value.rpartition(".")
        if place.endswith("skops_trusted_types") and dangerous(module, name):
            raise _refusal(folder / "MLmodel", value)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        _scan_file(path)


def dangerous(module: str, name: str) -> bool:
    """Whether a pickle that names this global should not be loaded; ``name`` may be dotted."""
    top, names = module.partition(".")[0], name.split(".")
    if top in ("builtins", "__builtin__") and names[0] in _BUILTINS:
        return True
    return top in _MODULES or module.startswith("numpy.f2py") or any(n in _MODULES | _NAMES for n in names)


def _settings(value: Any, place: str = "flavors") -> Iterator[tuple[str, str]]:
    """Yield place and value of the texts among a flavour's settings."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _ORIGINS:
                yield from _settings(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _settings(inner, place)
    elif isinstance(value, str) and value and "\0" not in value and "\n" not in value and len(value) < 1000:
        yield place, value


def _scan_file(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(6)
        if not head:
            return
        try:
            if zipfile.is_zipfile(stream):
                with zipfile.ZipFile(stream) as archive:
                    for member in archive.namelist():
                        _scan_pickles(path, io.BytesIO(archive.read(member)))
            for magic, unpack in _UNPACK.items():
                if head.startswith(magic):
                    _scan_pickles(path, io.BytesIO(unpack(path.read_bytes())))
        except _DAMAGED:
            pass  # Not what its first bytes say, so nothing unpacks it either.
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _scan_pickles(path, content)


def _scan_pickles(path: Path, stream: Any) -> None:
    """Follow one pickle after the other to the end of ``stream``, bytes that can be read and sought."""
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
                    raise _refusal(path, ".".join(found))
        except (ValueError, IndexError, KeyError, UnicodeDecodeError) as e:
            # joblib writes the bytes of arrays into the midst of the pickle, where opcodes cannot be followed.
            if any(module.startswith("joblib") for module, _ in seen):
                _scan_text(path, stream, start)
            elif sure and start == 0:
                raise InputError(
                    f"{path}: a pickle that cannot be followed to its end: {str(e)[:100]}",
                    hint="the file is damaged or made to deceive; log the model again",
                ) from None
            return


def _globals(stream: Any) -> Iterator[tuple[str, str]]:
    """Yield module and name of each global of one pickle; never runs any of it.

    Raises:
        ValueError: not a pickle, or not to its end.
    """
    pushed: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for opcode, argument, _ in pickletools.genops(stream):
        code = opcode.name
        if code in ("PROTO", "FRAME", "STOP"):
            continue
        if code == "MEMOIZE":
            memo[len(memo)] = pushed[-1] if pushed else None
        elif code in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[int(argument)] = pushed[-1] if pushed else None
        elif code in ("GET", "BINGET", "LONG_BINGET"):
            pushed.append(memo.get(int(argument)))
        elif code in ("GLOBAL", "INST"):
            module, _, name = argument.partition(" ")
            pushed.append(None)
            yield module, name
        elif code == "STACK_GLOBAL":
            module, name = pushed[-2:] if len(pushed) > 1 else (None, None)
            pushed.append(None)
            if not isinstance(module, str) or not isinstance(name, str):
                raise ValueError("it makes up the name of what it calls")
            yield module, name
        else:
            pushed.append(argument if isinstance(argument, str) else None)


def _scan_text(path: Path, stream: Any, start: int) -> None:
    stream.seek(start)
    content = stream.read()
    for pattern in (_LINES, _STACKED):
        for match in pattern.finditer(content):
            module, name = match[1].decode(), match[2].decode()
            if dangerous(module, name):
                raise _refusal(path, f"{module}.{name}")


def _refusal(path: Path, name: str) -> InputError:
    return InputError(
        f"{path}: loading this file would call {name}, which no risk model needs",
        hint="do not load it; have its author log it again, for example in MLflow's `skops` format",
    )
