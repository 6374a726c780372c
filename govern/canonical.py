"""Canonical JSON (RFC 8785) and SHA-256: the only hashing in govern."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

from govern.errors import InputError
from govern.types import FileDigest

_CHUNK = 1 << 20


def plain(value: Any) -> Any:
    """Return ``value`` as plain JSON values: dataclasses and mappings to dicts, tuples to lists, enums to text.

    NaN and infinities become ``None``, since JSON has no word for them.
    """
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is list:
        return [plain(v) for v in value]
    if kind is dict:
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(v) for v in items]
    if isinstance(value, PurePath):
        return value.as_posix()
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def dumps(value: Any) -> bytes:
    """Return the canonical JSON bytes (RFC 8785) of ``value``, after :func:`plain`."""
    import rfc8785

    return rfc8785.dumps(plain(value))


def written(value: Any) -> bytes:
    """Return the canonical JSON bytes of what JSON was read into, which :func:`plain` would leave as it is.

    Raises:
        ValueError: a number or text that canonical JSON has no word for, such as NaN.
    """
    import rfc8785

    return rfc8785.dumps(value)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of ``value``."""
    return sha256(dumps(value))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, read in chunks."""
    h = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            h.update(chunk)
    return h.hexdigest()


def manifest(root: Path, *, skip: Iterable[str] = ()) -> tuple[FileDigest, ...]:
    """Return the digests of a file, or of all files below a folder, in path order.

    Files of the folder itself whose names are in ``skip`` are left out. Symbolic links are refused:
    what they point at can change without any byte of the folder changing.

    Raises:
        InputError: ``root`` is absent or empty, or holds a symbolic link.
    """
    if not root.exists():
        raise InputError(f"{root}: no such file or folder", hint="check the path")
    if root.is_file():
        return (FileDigest(path=root.name, sha256=file_sha256(root), bytes=root.stat().st_size),)
    skipped = set(skip)
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            raise InputError(f"{path}: a symbolic link inside a versioned folder", hint="replace it by the file")
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in skipped:
            found.append(FileDigest(path=name, sha256=file_sha256(path), bytes=path.stat().st_size))
    if not found:
        raise InputError(f"{root}: an empty folder", hint="check the path")
    return tuple(found)


def manifest_sha256(files: Iterable[FileDigest]) -> str:
    """Return one digest for a manifest: SHA-256 of the canonical JSON of its path and digest pairs."""
    return digest([[f.path, f.sha256] for f in files])
