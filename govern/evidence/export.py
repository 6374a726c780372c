"""A whole log in one file that is verified without the project: JSON lines.

The first line says what the file is, and the log's origin, size and root; then come the signers' certificates,
then each entry with the checkpoint that was signed after it. Every line is canonical JSON (RFC 8785)::

    {"origin":"govern.dev/log/...","root":"<hex>","schema":"govern/log-export/1","size":2}
    {"certificate":"-----BEGIN CERTIFICATE-----...","sha256":"<hex>"}
    {"checkpoint":"<signed note>","entry":{"actor":...,"body":{...},"index":0,...}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import IO, TYPE_CHECKING

from govern import canonical, files
from govern.errors import InputError
from govern.evidence import facts, merkle, note
from govern.evidence.entry import LIMIT_BYTES
from govern.evidence.log_check import passed
from govern.evidence.recomputed import Recomputed, difference, extension
from govern.types import Step

if TYPE_CHECKING:
    from govern.evidence.log import Log
    from govern.signing.trust import Trust

SCHEMA = "govern/log-export/1"
EXPORT = "log export"
#: An entry, its checkpoint with every character escaped, and the words between.
_LINE_BYTES = LIMIT_BYTES + (64 << 10)
_CHECKPOINT, _ENTRY = '{"checkpoint":', ',"entry":'


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line: what the file says that it holds."""

    origin: str
    root: str
    schema: str
    size: int


@dataclass(frozen=True, kw_only=True)
class _Certificate:
    certificate: str
    sha256: str


def export(log: Log, path: Path) -> Header:
    """Write everything that a log holds to a file, as it stands there, and return the file's first line.

    Raises:
        InputError: there is no log, its tables do not fit together, or the file cannot be written.
        ServiceError: the database does not answer.
    """
    with log.store.reading() as rows:
        size = rows.size()
        last = rows.checkpoint(size)
        if last is None:
            raise InputError(f"{log.name}: the log is empty", hint="run `govern check` first")
        newest = note.read(last[0])
        header = Header(origin=newest.origin, root=newest.root.hex(), schema=SCHEMA, size=size)
        lines = [canonical.dumps(header)]
        lines += [canonical.dumps(_Certificate(sha256=s, certificate=p)) for s, p in rows.certificates()]
        checkpoints = (signed for _, signed, _ in rows.checkpoints())
        try:
            for (_, record), signed in zip(rows.entries(), checkpoints, strict=True):
                lines.append(f"{_CHECKPOINT}{_text(signed)}{_ENTRY}{record}}}".encode())
        except ValueError:
            raise InputError(f"{log.name}: entries without checkpoints", hint="run `govern log verify`") from None
    files.replace(path, b"\n".join([*lines, b""]))
    return header


def is_export(path: Path) -> bool:
    """Return whether a file begins as an exported log does."""
    try:
        with path.open("rb") as stream:
            return f'"schema":"{SCHEMA}"'.encode() in stream.readline(1000)
    except (OSError, ValueError):  # absent, or a name that no file can have
        return False


def read_header(path: Path) -> Header:
    """Return the first line of an exported log; it is signed only in so far as :func:`check_export` confirms it.

    Raises:
        InputError: it is no exported log.
    """
    with _Exported(path).reading() as rows:
        return rows.header


def check_export(path: Path, trust: Trust, *, held: note.Checkpoint | None = None) -> list[Step]:
    """Return the steps of :func:`govern.evidence.log_check.check_log`, and that the first line says what follows.

    With ``held``, also whether the exported log goes on from a checkpoint that somebody holds.
    """
    source = _Exported(path)
    run = passed(source)
    steps = run.steps(trust)
    header = source.header
    if header is None:
        return [*steps, Step(name=EXPORT, ok=False, expected=f"a file of {SCHEMA}", found="another file")]
    steps.append(_as_stated(header, Header(origin=run.origin, root=run.root, schema=SCHEMA, size=len(run.log))))
    if held is not None:
        root = merkle.root([bytes.fromhex(e.leaf_sha256) for e in run.log[: held.size]])
        now = Recomputed(origin=run.origin, size=len(run.log), roots={held.size: root}, entries={})
        steps.append(extension(held, difference(held, now)))
    return steps


def _as_stated(header: Header, found: Header) -> Step:
    def told(what: Header) -> str:
        return f"{what.size} entries with root {what.root} in {what.origin}"

    return Step(name=EXPORT, ok=header == found, expected=told(header), found=told(found))


class _Exported:
    """An exported file, as something that gives rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None

    @contextmanager
    def reading(self) -> Iterator[_Lines]:
        """Open the file and read what comes before the entries."""
        try:
            with self.path.open("rb") as stream:
                lines = _Lines(stream)
                self.header = lines.header
                yield lines
        except OSError as e:
            raise InputError(f"{self.path}: cannot be read: {e.strerror}", hint="check the path") from None


class _Lines:
    """The rows in an open file: its certificates are read at once, its entries as they are asked for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._number = 0
        self.header = facts.build(Header, facts.parse(self._line() or b"", what="line 1"), what="line 1")
        if self.header.schema != SCHEMA:
            raise InputError(f"a file of {self.header.schema[:40]!r}; this version reads {SCHEMA}")
        self._certificates = []
        line = self._line()
        while line is not None and line.startswith(b'{"certificate":'):
            what = f"line {self._number}"
            row = facts.build(_Certificate, facts.parse(line, what=what), what=what)
            self._certificates.append((row.sha256, row.certificate))
            line = self._line()
        self._entries, self._checkpoints = tee(self._pairs(line))

    def size(self) -> int:
        return self.header.size

    def certificates(self) -> list[tuple[str, str]]:
        return self._certificates

    def entries(self, since: int = 0) -> Iterator[tuple[int, str]]:
        return ((n, record) for n, (_, record) in enumerate(self._entries, start=since))

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, str, str | None]]:
        return ((n, signed, None) for n, (signed, _) in enumerate(self._checkpoints, start=since + 1))

    def _pairs(self, line: bytes | None) -> Iterator[tuple[str, str]]:
        while line is not None:
            yield self._pair(line)
            line = self._line()

    def _pair(self, line: bytes) -> tuple[str, str]:
        """Return note and record of a line, which must be written as :func:`export` does."""
        try:
            text = line.decode()
            signed, _ = json.JSONDecoder().raw_decode(text, len(_CHECKPOINT))
        except (ValueError, RecursionError):
            text, signed = "", ""
        start = f"{_CHECKPOINT}{_text(signed)}{_ENTRY}"
        if not isinstance(signed, str) or not text.startswith(start) or not text.endswith("}"):
            raise InputError(f"line {self._number}: not an entry with its checkpoint")
        return signed, text[len(start) : -1]

    def _line(self) -> bytes | None:
        """Return the next line without its end; ``None`` after the last one."""
        line = self._stream.readline(_LINE_BYTES)
        if not line:
            return None
        self._number += 1
        if not line.endswith(b"\n"):
            raise InputError(f"line {self._number}: cut off, or longer than {_LINE_BYTES >> 10} KiB")
        return line[:-1]


def _text(signed: object) -> str:
    return json.dumps(signed, ensure_ascii=False)
