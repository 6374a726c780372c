"""Edits by the thousand: each is applied to a real project, verified as a user would, and taken back."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from govern.canonical import sha256
from govern.errors import GovernError
from govern.evidence import log_check

#: File -> its new bytes, what a symbolic link in its place points to, or ``None`` where it is taken away.
Changes = Mapping[Path, bytes | Path | None]
Draw = Callable[[random.Random], Changes | None]
#: How often another edit is drawn where one changed nothing or was tried before.
_TRIES = 30
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something signed or recorded, ways of changing it, and what a user runs to see whether it holds."""

    name: str
    kinds: Mapping[str, Draw]
    #: The names of the steps that fail.
    failing: Callable[[], Sequence[str]]
    #: Its share of all edits.
    share: float
    #: Why an edit that nobody finds changes nothing; each reason stands in docs/threat-model.md.
    excused: Callable[[Changes], str] = lambda _: ""


@dataclass
class Row:
    """What became of the edits of one kind."""

    target: str
    kind: str
    mutated: int = 0
    detected: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    #: How to see it again.
    undetected: list[str] = field(default_factory=list)
    #: Other exceptions than govern's own: a user would see a traceback.
    crashed: list[str] = field(default_factory=list)


def run(targets: Sequence[Target], *, total: int, seed: int, told: Callable[[str], None] = lambda _: None) -> list[Row]:
    """Draw ``total`` edits or a few more, at least one of each kind, and return what became of them.

    Raises:
        AssertionError: a target does not verify before anything is changed, or after all was taken back.
    """
    rows: list[Row] = []
    shares = sum(t.share for t in targets)
    for target in targets:
        read = _reads(target)
        rng = random.Random(f"{seed} {target.name}")  # noqa: S311 - no secret
        wanted = max(len(target.kinds), round(total * target.share / shares))
        own = {kind: Row(target.name, kind) for kind in target.kinds}
        seen: set[str] = set()
        for number in range(wanted):
            kind = list(target.kinds)[number % len(target.kinds)]
            changes = _new(target.kinds[kind], rng, seen, read)
            if changes is not None:
                _try(target, own[kind], changes, f"seed {seed}, {target.name}, number {number}")
        rows += own.values()
        assert not _failing(target), f"{target.name} was not left as it was"
        told(f"{target.name}: {sum(r.mutated for r in own.values())} edits")
    return rows


def _try(target: Target, row: Row, changes: Changes, again: str) -> None:
    row.mutated += 1
    with applied(changes):
        try:
            if _failing(target):
                row.detected += 1
            elif why := target.excused(changes):
                row.excused[why] += 1
            else:
                row.undetected.append(f"{again}: {', '.join(p.name for p in changes)}")
        except Exception as e:  # the campaign is about finding these
            row.crashed.append(f"{again}: {', '.join(p.name for p in changes)}: {type(e).__name__}: {e}")


def _failing(target: Target) -> Sequence[str]:
    log_check._held.clear()  # each verification is another process's
    try:
        return target.failing()
    except GovernError as e:  # refused with a message: the command ends with 2 or 3
        return [e.message]


def _new(draw: Draw, rng: random.Random, seen: set[str], read: set[str]) -> Changes | None:
    """Return an edit that changes bytes which verification reads, and that was not tried before."""
    for _ in range(_TRIES):
        changes = draw(rng)
        if not changes or all(_now(p) == data for p, data in changes.items()):
            continue
        own = sha256(repr(sorted((str(p), d) for p, d in changes.items())).encode())
        if own in seen or not any(str(p) in read or not p.exists() for p in changes):
            continue
        seen.add(own)
        return changes
    return None


def _now(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@contextmanager
def applied(changes: Changes) -> Iterator[None]:
    """Change files, and put them back."""
    before = {path: _now(path) for path in changes}
    try:
        for path, data in changes.items():
            _put(path, data)
        yield
    finally:
        for path, kept in before.items():
            _put(path, kept)


def _put(path: Path, data: bytes | Path | None) -> None:
    if path.is_symlink() or (data is None and path.exists()):
        path.unlink()
    if isinstance(data, Path):
        path.unlink(missing_ok=True)
        path.symlink_to(data)
    elif isinstance(data, bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "mlflow.db" and data.startswith(_SQLITE):
            # A connection that is open takes its pages for good until this counter changes (SQLite, 1.3.7).
            stamp = next(_counter).to_bytes(4, "big")
            data = data[:24] + stamp + data[28:92] + stamp + data[96:]
        path.write_bytes(data)


_counter = count(1 << 20)


#: Collects, while it is a set, the paths of all files that are opened.
_opened: set[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("open", "sqlite3.connect"):
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            text = os.fsdecode(path)
            _opened.add(text.removeprefix("file://").partition("?")[0])


sys.addaudithook(_hook)


def _reads(target: Target) -> set[str]:
    """Return the files that verification of the untouched target opens; none of its steps may fail."""
    global _opened
    _opened = set()
    try:
        failed = _failing(target)
        assert not failed, f"{target.name} does not hold untouched: {failed}"
        return _opened
    finally:
        _opened = None


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, with totals for each target and in all."""
    lines = [f"{'target and kind':52} {'mutated':>8} {'detected':>9} {'no change':>10} {'undetected':>11}"]

    def line(name: str, of: Sequence[Row]) -> str:
        excused = sum(r.excused.total() for r in of)
        bad = sum(len(r.undetected) + len(r.crashed) for r in of)
        mutated, detected = sum(r.mutated for r in of), sum(r.detected for r in of)
        return f"{name:52} {mutated:8} {detected:9} {excused:10} {bad:11}"

    for target in dict.fromkeys(r.target for r in rows):
        own = [r for r in rows if r.target == target]
        lines += [line(target, own), *(line(f"  {r.kind}", [r]) for r in own if r.mutated)]
    lines.append(line("all", rows))
    why = sum((r.excused for r in rows), Counter[str]())
    lines += [f"no change ({n}): {reason}" for reason, n in why.items()]
    lines += [f"UNDETECTED {r.target}: {r.kind}: {told}" for r in rows for told in r.undetected]
    lines += [f"TRACEBACK {r.target}: {r.kind}: {told}" for r in rows for told in r.crashed]
    return "\n".join(lines)
