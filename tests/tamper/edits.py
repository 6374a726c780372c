"""Edits of bytes, of lines and of what JSON says, each drawn with a seeded generator."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from govern import canonical
from govern.signing.signature import ORDER

Edit = Callable[[bytes, random.Random], bytes]


def _span(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.randint(1, 64))


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def delete(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] + data[end:]


def reorder(data: bytes, rng: random.Random) -> bytes:
    """Let two blocks change places."""
    middle = rng.randrange(1, len(data))
    start, end = rng.randrange(middle), rng.randint(middle, len(data))
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


BYTES: dict[str, Edit] = {
    "bit flip": flip,
    "deletion": delete,
    "insertion": insert,
    "repetition": repeat,
    "reordering": reorder,
    "truncation": truncate,
}


def line_deleted(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def line_repeated(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"".join(lines)


def lines_swapped(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = rng.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


LINES: dict[str, Edit] = {
    "line deleted": line_deleted,
    "line repeated": line_repeated,
    "lines swapped": lines_swapped,
}


def _holders(value: Any) -> Iterator[Any]:
    """Yield every object and list, outermost first."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def _other(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice((-1, 1, 0.5))
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice("0123456789abcdef") + value[at + 1 :]
    return rng.choice((None, "x", 1)) if value is None or value == "" else None


def said(value: Any, rng: random.Random) -> Any:
    """Return JSON in which one value is another, written as govern would."""
    changed = copy.deepcopy(value)
    if holders := [h for h in _holders(changed) if h]:
        holder = rng.choice(holders)
        key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        holder[key] = _other(holder[key], rng)
    return changed


def left_out(value: Any, rng: random.Random) -> Any:
    changed = copy.deepcopy(value)
    if holders := [h for h in _holders(changed) if h]:
        holder = rng.choice(holders)
        del holder[rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))]
    return changed


def put_in(value: Any, rng: random.Random) -> Any:
    changed = copy.deepcopy(value)
    holder = rng.choice(list(_holders(changed)))
    if isinstance(holder, dict):
        holder[f"more{rng.randrange(1000)}"] = rng.randrange(1000)
    else:
        holder.insert(rng.randint(0, len(holder)), rng.randrange(1000))
    return changed


def shuffled(value: Any, rng: random.Random) -> Any:
    changed = copy.deepcopy(value)
    if lists := [h for h in _holders(changed) if isinstance(h, list) and len(h) > 1]:
        rng.shuffle(rng.choice(lists))
    return changed


def _in_json(edit: Callable[[Any, random.Random], Any]) -> Edit:
    return lambda data, rng: canonical.dumps(edit(json.loads(data), rng))


def spaced(data: bytes, rng: random.Random) -> bytes:
    """The same JSON in another form."""
    return json.dumps(json.loads(data), indent=rng.randint(1, 9), ensure_ascii=rng.random() < 0.5).encode()


JSON: dict[str, Edit] = {
    "value changed": _in_json(said),
    "value left out": _in_json(left_out),
    "value put in": _in_json(put_in),
    "list reordered": _in_json(shuffled),
    "written otherwise": spaced,
}


def twin(signature: bytes) -> bytes:
    """Return the other signature (r, n - s), in DER, that the same key made of the same data."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, ORDER - s)
