"""A look through a model's files, before anything in them is loaded, for what no risk model needs.

Loading a pickle runs whatever the pickle names, and so does much else in a model: code that comes
with it, classes pickled by value. This is **not a sandbox** and proves no model harmless. It refuses
the common attacks and every model that reads files which its digest does not cover. What it cannot
refuse runs in a process of its own (:mod:`govern.models.scorer`); whoever loads a model of unknown
origin does so in a container.
"""

from __future__ import annotations

import bz2
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.models.names import dangerous
from govern.models.pickles import look, refusal

#: Formats that hold numbers and names but nothing that is run when they are loaded.
SAFER = frozenset({"onnx", "safetensors", "skops"})
PICKLE = "pickle"
#: Settings that tell where a file came from; MLflow loads the copy in the folder.
_ORIGINS = frozenset({"uri", "model_code_path"})
_UNPACK: Mapping[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
    b"\x5d\x00\x00": lzma.LZMADecompressor,
    b"x": zlib.decompressobj,
}
_ZIP, _ARRAY, _LZ4 = b"PK\x03\x04", b"\x93NUMPY", b"\x04\x22\x4d\x18"
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)
_DAMAGED_TAR = (tarfile.TarError, OSError, EOFError)
#: Archives in archives, and bytes that one of them may unpack to.
_DEPTH, _LIMIT = 4, 2 << 30
_CHUNK = 1 << 20


def scan(folder: Path, flavors: Mapping[str, Any]) -> tuple[str, ...]:
    """Look through all files of a model, whatever they are called, and its flavours' settings.

    Returns:
        The formats that matter for safety: :data:`PICKLE`, and those of :data:`SAFER`.

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
            raise refusal(folder / "MLmodel", value)
    found: set[str] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size):
        with path.open("rb") as stream:
            found |= _formats(path, stream)
        if path.suffix == ".onnx":
            found.add("onnx")
    return tuple(sorted(found))


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


def _formats(path: Path, stream: Any, depth: int = 0) -> set[str]:
    """Return the formats of what is in ``stream``, bytes that can be read and sought, and in what it packs."""
    head = stream.read(512)
    stream.seek(0)
    if head.startswith(_ARRAY):
        return _array(path, stream)
    if head.startswith(_LZ4):
        raise InputError(f"{path}: packed with LZ4, which is not looked into", hint="log it without compression")
    found: set[str] = set()
    for inner in _unpacked(path, stream, head):
        if depth == _DEPTH:
            raise InputError(f"{path}: archives in archives, too deep to look into", hint="log it without compression")
        found |= _formats(path, io.BytesIO(inner), depth + 1)
        if schema := _skops(inner):
            _look_at_types(path, schema)
            found.add("skops")
    if _is_safetensors(stream, head):
        found.add("safetensors")
    elif look(path, stream):
        found.add(PICKLE)
    return found


def _unpacked(path: Path, stream: Any, head: bytes) -> Iterator[bytes]:
    """Yield what is packed in ``stream``; of what is damaged what comes before the damage, which loaders run too."""
    if zipfile.is_zipfile(stream):
        try:
            stream.seek(0)
            with zipfile.ZipFile(stream) as archive:
                for member in archive.infolist():
                    if member.file_size > _LIMIT:
                        raise _too_large(path)
                    yield archive.read(member)
        except _DAMAGED as e:
            if head.startswith(_ZIP):
                raise InputError(f"{path}: a ZIP archive that is damaged: {e}", hint="log the model again") from None
    stream.seek(0)
    for magic, unpack in _UNPACK.items():
        if head.startswith(magic):
            yield _decompressed(path, stream, unpack)
            stream.seek(0)
    if head[257:262] == b"ustar":
        try:
            with tarfile.open(fileobj=io.BytesIO(stream.read()), mode="r:") as tar:
                for entry in tar:
                    if content := tar.extractfile(entry):
                        yield content.read()
        except _DAMAGED_TAR as e:
            raise InputError(f"{path}: a TAR archive that is damaged: {e}", hint="log the model again") from None
        stream.seek(0)


def _decompressed(path: Path, stream: Any, unpack: Callable[[], Any]) -> bytes:
    """Return what one member after the other unpacks to, until the end or the first damage."""
    out = bytearray()
    try:
        packer, rest = unpack(), b""
        while data := rest or stream.read(_CHUNK):
            out += packer.decompress(data)
            if len(out) > _LIMIT:
                raise _too_large(path)
            rest = packer.unused_data if packer.eof else b""
            if packer.eof:
                packer = unpack()
    except _DAMAGED:
        pass
    return bytes(out)


def _array(path: Path, stream: Any) -> set[str]:
    """Look at an array of NumPy's format: one of objects is a pickle after its header (NEP 1)."""
    start = stream.read(12)
    length = int.from_bytes(start[8:10], "little") if start[6:7] == b"\x01" else int.from_bytes(start[8:12], "little")
    stream.seek(10 if start[6:7] == b"\x01" else 12)
    if b"O" not in stream.read(min(length, 1 << 16)):
        return set()
    return {PICKLE} if look(path, io.BytesIO(stream.read())) else set()


def _is_safetensors(stream: Any, head: bytes) -> bool:
    """Whether it begins as safetensors does: the header's length in 8 bytes, and a JSON object."""
    length = int.from_bytes(head[:8], "little")
    stream.seek(0, io.SEEK_END)
    whole = 2 <= length <= stream.tell() - 8
    stream.seek(8)
    try:
        found = whole and head[8:9] == b"{" and isinstance(json.loads(stream.read(length)), dict)
    except (ValueError, RecursionError):
        found = False
    stream.seek(0)
    return found


def _skops(member: bytes) -> Any:
    """Return the schema of a skops file, if this member of an archive is one."""
    if not member.startswith(b"{") or b'"__loader__"' not in member:
        return None
    try:
        return json.loads(member)
    except (ValueError, RecursionError):
        return None


def _look_at_types(path: Path, value: Any) -> None:
    """Check the types that a skops file names: MLflow loads those which the model itself says are to be trusted."""
    todo = [value]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            module, name = at.get("__module__"), at.get("__class__")
            if isinstance(module, str) and isinstance(name, str) and dangerous(module, name):
                raise refusal(path, f"{module}.{name}")
            todo += at.values()
        elif isinstance(at, list):
            todo += at


def _too_large(path: Path) -> InputError:
    return InputError(f"{path}: unpacks to more than {_LIMIT >> 30} GiB", hint="log the model without compression")
