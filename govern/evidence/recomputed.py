"""What a log has now by its entries alone, and how that differs from what somebody holds of it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from govern.errors import InputError
from govern.evidence import merkle, note
from govern.evidence.entry import Entry, read_record
from govern.evidence.receipt import Receipt
from govern.types import Step

EXTENDS = "log extends what is held"


@dataclass(frozen=True, kw_only=True)
class Recomputed:
    """A log's size, and its roots at some sizes and entries at some indices; no checkpoint was believed."""

    origin: str
    size: int
    roots: Mapping[int, bytes]
    entries: Mapping[int, Entry]


def recompute(
    origin: str, rows: Iterable[tuple[int, str]], *, sizes: Container[int], indices: Container[int] = ()
) -> Recomputed:
    """Hash the entries, each a position and a record; keep the roots at these sizes and the entries at these indices.

    Raises:
        InputError: such an entry is malformed.
    """
    roots: dict[int, bytes] = {}
    entries: dict[int, Entry] = {}
    peaks: tuple[bytes, ...] = ()
    size = 0
    for position, data in rows:
        if position != size:
            break  # what follows stands in no tree
        if position in indices:
            entries[position] = entry_at(position, data)
        peaks, size = merkle.add(peaks, size, merkle.leaf_hash(data.encode(errors="replace"))), size + 1
        if size in sizes:
            roots[size] = merkle.peaks_root(peaks)
    return Recomputed(origin=origin, size=size, roots=roots, entries=entries)


def entry_at(position: int, data: str) -> Entry:
    """Return the entry that is kept at a position.

    Raises:
        InputError: it is malformed, or says that it stands elsewhere.
    """
    what = f"entry {position}"
    try:
        entry = read_record(data.encode(), what=what)
    except UnicodeEncodeError:
        raise InputError(f"{what}: not text that govern wrote", hint="restore the log from a copy") from None
    if entry.index != position:
        raise InputError(f"entry {entry.index} stands at {position}", hint="restore the log from a copy")
    return entry


def missed(receipt: Receipt, now: Recomputed) -> str:
    """Return what a log has otherwise than a receipt says; empty text where it agrees."""
    held = note.read(receipt.checkpoint)
    if (held.size, held.root.hex()) != (receipt.size, receipt.root):
        return "the receipt says another size and root than its checkpoint"
    entry = now.entries.get(receipt.index)
    same_log = held.origin == now.origin and held.size <= now.size
    if same_log and entry is not None and entry.leaf_sha256 != receipt.entry.leaf_sha256:
        return f"another entry at {receipt.index}: {entry.kind} at {entry.time}"
    return difference(held, now)


def difference(held: note.Checkpoint, now: Recomputed) -> str:
    """Return what a log has otherwise than a checkpoint says; one without an origin is compared with any log."""
    if held.origin and now.origin != held.origin:
        return f"another log, {now.origin}: what is held is from {held.origin}"
    if now.size < held.size:
        return f"only {now.size} entries, and what is held is for {held.size}: the log was cut"
    root = now.roots.get(held.size, b"")
    if root != held.root:
        return f"root {root.hex()[:16] or 'none'} at size {held.size}: an entry before it was changed"
    return ""


def extension(held: note.Checkpoint, found: str) -> Step:
    """Return the step for a difference from a checkpoint that somebody holds; empty text where there is none."""
    expected = f"the root {held.root.hex()[:16]} at size {held.size}{f' of {held.origin}' if held.origin else ''}"
    return Step(name=EXTENDS, ok=not found, expected=expected, found=found or "the same root, recomputed")
