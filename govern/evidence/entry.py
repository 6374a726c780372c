"""Entries of the log: the record that is the leaf, how large it may be, and how it is read strictly and fast."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from govern import canonical
from govern.errors import InputError
from govern.evidence import facts, merkle

#: No entry's record is larger, in bytes: a log of facts and digests, not of documents.
LIMIT_BYTES = 1 << 20
#: The kind of an entry about keys and rights, which alone a root may sign itself.
KEYS = "key"
_LIMIT_DEPTH = 64
_NAMES = ["actor", "body", "index", "kind", "signer", "time"]
_TYPES = [str, dict, int, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the log.

    ``time`` is UTC in ISO 8601, by the clock of the machine that wrote it, and never earlier than the entry before;
    ``actor`` the printed name and ``signer`` the SHA-256 fingerprint in the certificate that signed the checkpoint
    after it.
    """

    index: int
    time: str
    kind: str
    actor: str
    signer: str
    body: Mapping[str, Any]
    leaf_sha256: str

    def record(self) -> bytes:
        """Return the canonical JSON that is the leaf: everything but its own hash."""
        return record(self.index, self.time, self.kind, self.actor, self.signer, self.body)

    @property
    def moment(self) -> datetime:
        """The time as a datetime in UTC."""
        return datetime.fromisoformat(self.time).astimezone(UTC)

    def says(self, kind: str | None, body: Mapping[str, Any]) -> bool:
        """Return whether the entry is of that kind (any, where ``None``) and its body holds all the given values."""
        return kind in (None, self.kind) and all(k in self.body and self.body[k] == v for k, v in body.items())


def record(index: int, time: str, kind: str, actor: str, signer: str, body: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of an entry.

    Raises:
        InputError: the body is no JSON, nested too deeply, or larger than :data:`LIMIT_BYTES`.
    """
    try:
        _spend(body, LIMIT_BYTES, _LIMIT_DEPTH)
        data = canonical.dumps(
            {"index": index, "time": time, "kind": kind, "actor": actor, "signer": signer, "body": body}
        )
    except (ValueError, TypeError) as e:  # rfc8785's own errors among them
        raise InputError(f"the body of the {kind!r} entry is no JSON: {e}", hint="log texts, numbers, lists") from None
    if len(data) > LIMIT_BYTES:
        raise _too_large(f"the {kind!r} entry")
    return data


def read_record(data: bytes, *, what: str) -> Entry:
    """Return the entry that was written as ``data``.

    Raises:
        InputError: it is malformed, too large, or not in canonical form.
    """
    if len(data) > LIMIT_BYTES:
        raise _too_large(what)
    value = _plainly(data)
    if value is None:
        value = facts.parse(data, what=what)
    if not isinstance(value, dict):
        raise InputError(f"{what}: not an entry")
    leaf = merkle.leaf_hash(data).hex()
    if [*map(type, value.values())] == _TYPES and [*value] == _NAMES:  # canonical JSON has them in this order
        return timed(Entry(leaf_sha256=leaf, **value), what)
    return timed(facts.build(Entry, {**value, "leaf_sha256": leaf}, what=what), what)  # which says what is wrong


def timed(entry: Entry, what: str) -> Entry:
    """Return an entry whose time is one.

    Raises:
        InputError: it is not.
    """
    try:
        if entry.moment.year < 2000:
            raise ValueError
    except (ValueError, OverflowError):
        raise InputError(f"{what}: {entry.time!r} is no time in ISO 8601") from None
    return entry


class _UncommonError(Exception):
    """JSON whose canonical form the standard library's encoder does not write."""


def _uncommon(_: str) -> None:
    raise _UncommonError


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) < 17 else 1 << 60
    if abs(value) >= 1 << 53:
        raise _UncommonError
    return value


_DECODE = json.JSONDecoder(parse_float=_uncommon, parse_constant=_uncommon, parse_int=_integer).decode
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
#: Keys with these sort by another order in UTF-16 than by code points.
_BEYOND = re.compile("[\ud800-\U0010ffff]")


def _plainly(data: bytes) -> Any:
    """Return the value of JSON in canonical form; ``None`` for what :func:`facts.parse` has to judge.

    Without fractions, integers beyond 53 bits and characters beyond U+D7FF the standard library's sorted, compact
    encoding is RFC 8785's, and ten times as fast.
    """
    try:
        text = data.decode()
        if _BEYOND.search(text):
            return None
        value = _DECODE(text)
        return value if _ENCODE(value) == text else None
    except (ValueError, RecursionError, _UncommonError):
        return None


def _spend(value: Any, budget: int, depth: int) -> int:
    """Return what is left of a budget of bytes after a value: before it is written out, since it may unfold."""
    if depth == 0:
        raise InputError(f"a body nested more than {_LIMIT_DEPTH} deep", hint="log facts and digests, not documents")
    budget -= len(value) if isinstance(value, str) else 1
    if budget < 0:
        raise _too_large("the entry")
    parts = value.items() if isinstance(value, Mapping) else ()
    for key, inner in parts:
        budget = _spend(inner, budget - len(str(key)), depth - 1)
    if isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            budget = _spend(inner, budget, depth - 1)
    return budget


def _too_large(what: str) -> InputError:
    return InputError(
        f"{what}: larger than {LIMIT_BYTES >> 10} KiB", hint="log the SHA-256 of a document, not the document"
    )
