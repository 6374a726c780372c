"""How one thing is written in two ways: words that differ in nothing that matters, numbers that stand for no number."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govern.scan.cells import ColumnCells

#: Words that mean the same where both occur in one column.
_SAME = [
    *(("m", "male"), ("m", "man"), ("male", "man"), ("f", "female"), ("f", "woman"), ("female", "woman")),
    *(("y", "yes"), ("n", "no"), ("t", "true"), ("f", "false"), ("yes", "true"), ("no", "false")),
    *(("1", "yes"), ("0", "no"), ("1", "true"), ("0", "false"), ("1", "y"), ("0", "n"), ("1", "t"), ("0", "f")),
]
#: Words for what is missing, in their normal form.
_ABSENT = {"na", "nan", "null", "missing", "unknown", "unk", "notavailable", "notknown", "notrecorded", "?", ""}
#: Numbers that stand for something else, mostly for what is missing or refused.
_SENTINELS = (-1.0, -7.0, -8.0, -9.0, *(s * float(d * k) for k in (2, 3, 4, 5, 6) for d in ("8", "9") for s in (1, -1)))
#: How often a number must repeat to be a code, and how many interquartile ranges it lies away from all others (or
#: their whole range, where that is less).
_REPEATS, _FAR = 3, 3.0
#: Fewer different numbers among words are codes of categories.
_NUMBERS = 5
_NUMBER = re.compile(r"[<>≤≥=~ ]*[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?%?")
_EXAMPLES = 5


def normal(word: str) -> str:
    """Return a word without what people vary: case, accents, space, leading zeros, and punctuation beside a letter.

    A sign before or after a word (``A+``, ``A-``, ``<18``) and a mark between two digits (``1.5``, ``10-20``) matter.
    """
    text = unicodedata.normalize("NFKD", word).casefold().strip()
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"(?<!\d)[\s_.,;:/\\'\"()\[\]]+|[\s_.,;:/\\'\"()\[\]]+(?!\d)", "", text)
    text = re.sub(r"(?<=\D)-(?=\w)|(?<=\w)-(?=[^\W\d])", "", text)
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return re.sub(r"(?<![\d.])0+(?=\d)", "", text)


def variants(words: Mapping[str, int]) -> list[list[str]]:
    """Return sets of words that are one category in several spellings, given how many rows have each."""
    forms: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        forms[normal(word)].append(word)
    found = [spelled for spelled in forms.values() if len(spelled) > 1]
    found += [[*forms[a], *forms[b]] for a, b in _SAME if a in forms and b in forms]
    absent = [word for form in sorted(_ABSENT & forms.keys()) for word in forms[form]]
    return [*found, absent] if len(_ABSENT & forms.keys()) > 1 else found


def numbers(words: Mapping[str, int]) -> list[str]:
    """Return numbers that are stored as words: at least 5 different ones that half of the rows have; else none.

    Codes of one length with a leading zero (``02139``) are no numbers.
    """
    found = [word for word in words if _NUMBER.fullmatch(word.strip())]
    codes = len({len(word) for word in found}) == 1 and any(re.match(r"0\d", word) for word in found)
    if len(found) < _NUMBERS or codes or 2 * sum(words[w] for w in found) < sum(words.values()):
        return []
    others = sorted((word for word in words if word not in set(found)), key=lambda w: -words[w])
    return [*others[:_EXAMPLES], *sorted(found)[:_EXAMPLES]]


def sentinels(column: ColumnCells) -> list[float]:
    """Return numbers that stand for something else: a code such as -9 or 999 that repeats, far from all other values.

    A negative code is also one where nothing else is negative.
    """
    value: Any = column.value.astype(np.float64)
    # The mean of a stretch is known to a small part of its width.
    near = 0.0 if column.grid is None else (column.grid.high - column.grid.low) / column.grid.cells * 1e-3
    if not len(value):
        return []
    place = np.minimum(np.searchsorted(value, np.array(_SENTINELS) - near), len(value) - 1)
    codes = {int(i): code for i, code in zip(place, _SENTINELS, strict=True) if abs(value[i] - code) <= near}
    is_code = np.zeros(len(value), dtype=bool)
    is_code[list(codes)] = True
    if is_code.all() or not is_code.any():
        return []
    rest, count = value[~is_code], column.count[~is_code]
    below = np.cumsum(count)
    first, third = (float(rest[np.searchsorted(below, share * below[-1])]) for share in (0.25, 0.75))
    span = float(rest[-1] - rest[0])
    far = min(_FAR * (third - first) or span, span)
    found = []
    for i, code in codes.items():
        if column.count[i] < _REPEATS:
            continue
        alone = rest[0] >= -near if code < 0 else False
        if alone or value[i] > rest[-1] + far or value[i] < rest[0] - far:
            found.append(code)
    return found
