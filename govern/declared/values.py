"""What a fact may hold, by its kind: a value as a person wrote it to the value that is recorded."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govern.declared.catalogue import Fact
from govern.strict_yaml import Location, nearest

#: The longest text (characters), and the most items or rows: what a dossier prints and a person reads.
LONGEST, LONGEST_LINE, MOST = 20_000, 2_000, 500
DOCUMENT = {
    "title": "its title",
    "reference": "its number or address",
    "version": "its version",
    "date": "its date, such as 2026-11-20",
    "sha256": "SHA-256 of the file, 64 hexadecimal digits",
}
OWNER = {"name": "who answers for the system", "organisation": "", "email": ""}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class WrongError(Exception):
    """A value is not what its fact holds: where inside the value, what is wrong, what to write."""

    def __init__(self, message: str, hint: str, at: Location = ()) -> None:
        super().__init__(message)
        self.message, self.hint, self.at = message, hint, at


def blank(value: Any) -> bool:
    """Return whether nothing is written: no value, blanks, or parts of which each is blank."""
    if isinstance(value, Mapping):
        return all(map(blank, value.values()))
    if isinstance(value, list):
        return all(map(blank, value))
    return value is None or (isinstance(value, str) and not value.strip())


def recorded(fact: Fact, value: Any) -> Any:
    """Return a value, which is not blank, as it is recorded.

    That is ``str`` for text, choice and date (ISO 8601), ``bool`` for yes_no, a finite ``int`` or ``float`` for a
    number, a list of ``str`` for a list, a list of mappings column -> ``str`` for a table, and a mapping of ``str``
    for a document (its title and what else is known) and an owner (all three keys).

    Raises:
        WrongError: it is not of the fact's kind, or longer than can be printed.
    """
    return _KINDS[fact.kind](fact, value)


def day(value: Any) -> str:
    """Return a date as it is recorded.

    Raises:
        WrongError: it is no date of the form 2026-11-20.
    """
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip()):
            return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        pass
    raise WrongError(f"a date was expected, found {shown(value)}", "write year-month-day, such as 2026-11-20")


def line(value: Any, *, longest: int = LONGEST_LINE) -> str:
    """Return a text as it is recorded, without blanks around it.

    Raises:
        WrongError: it is no text, empty, or longer than ``longest`` characters.
    """
    if isinstance(value, bool | int | float):
        raise WrongError(f"a text was expected, found {shown(value)}", f"put it in quotes: {_quoted(value)}")
    if not isinstance(value, str):
        raise WrongError(
            f"a text was expected, found {shown(value)}", "write one text; begin it with |- if it has lines"
        )
    text = value.strip()
    if not text:
        raise WrongError("a text was expected, found nothing", "write it, or take the empty entry away")
    if len(text) > longest:
        raise WrongError(f"{len(text):,} characters; at most {longest:,} are printed", "shorten it, or name a document")
    return text


def shown(value: Any) -> str:
    """Return a found value as complaints quote it, in a person's words."""
    if isinstance(value, bool):
        return "yes (true)" if value else "no (false)"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"an entry with the keys {', '.join(map(str, value))}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:39]}…")
    return "nothing" if value is None else f"the number {value}"


def _quoted(value: Any) -> str:
    return f'"{str(value).lower() if isinstance(value, bool) else value}"'


def _text(fact: Fact, value: Any) -> str:
    return line(value, longest=LONGEST)


def _date(fact: Fact, value: Any) -> str:
    return day(value)


def _choice(fact: Fact, value: Any) -> str:
    if isinstance(value, str) and value.strip() in fact.choices:
        return value.strip()
    hint = nearest(value, fact.choices) if isinstance(value, str) else f"write one of: {', '.join(fact.choices)}"
    raise WrongError(f"one of {', '.join(fact.choices)} was expected, found {shown(value)}", hint)


def _yes_no(fact: Fact, value: Any) -> bool:
    words = {"yes": True, "no": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in words:
        return words[value.strip().casefold()]
    raise WrongError(f"yes or no was expected, found {shown(value)}", "write yes or no")


def _number(fact: Fact, value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    unit = f", in {fact.unit}, without the unit" if fact.unit else ""
    raise WrongError(f"a number was expected, found {shown(value)}", f"write the number alone{unit}, such as 0.5")


def _list(fact: Fact, value: Any) -> list[str]:
    found = []
    for i, item in _items(value, "write one item a line: - first"):
        try:
            found.append(line(item))
        except WrongError as e:
            raise WrongError(f"item {i + 1}: {e.message}", e.hint, (i,)) from None
    return found


def _table(fact: Fact, value: Any) -> list[dict[str, str]]:
    first = next(iter(fact.columns))
    return [
        _record(row, fact.columns, needed=tuple(fact.columns), what=f"row {i + 1}", at=(i,))
        for i, row in _items(value, f"write one row an item, which begins with - {first}:")
    ]


def _items(value: Any, hint: str) -> list[tuple[int, Any]]:
    """Return the items that are not blank, with their places."""
    if not isinstance(value, list):
        raise WrongError(f"a list was expected, found {shown(value)}", hint)
    if len(value) > MOST:
        raise WrongError(f"{len(value)} items; at most {MOST} are printed", "shorten it, or name a document")
    return [(i, item) for i, item in enumerate(value) if not blank(item)]


def _document(fact: Fact, value: Any) -> dict[str, str]:
    found = _record(value, DOCUMENT, needed=("title",), what="the document")
    if "date" in found:
        try:
            found["date"] = day(found["date"])
        except WrongError as e:
            raise WrongError(f"date: {e.message}", e.hint, ("date",)) from None
    if "sha256" in found and not _SHA256.fullmatch(found["sha256"]):
        raise WrongError("sha256 is not 64 hexadecimal digits", "take it from `sha256sum FILE`", ("sha256",))
    return found


def _owner(fact: Fact, value: Any) -> dict[str, str]:
    return {**dict.fromkeys(OWNER, ""), **_record(value, OWNER, needed=(), what="the owner")}


def _record(
    value: Any, known: Mapping[str, str], *, needed: tuple[str, ...], what: str, at: Location = ()
) -> dict[str, str]:
    """Return the texts of an entry that has keys; blank ones are left out where they are not needed."""
    if not isinstance(value, Mapping):
        raise WrongError(
            f"{what}: an entry with keys was expected, found {shown(value)}", f"keys: {', '.join(known)}", at
        )
    found = {}
    for key, part in value.items():
        if key not in known:
            raise WrongError(f"{what}: unknown key {key!r}", nearest(key, known), (*at, key))
        if blank(part):
            continue
        # A number with a point is none of words: as a version 1.10 would become 1.1.
        written = str(part) if isinstance(part, int) and not isinstance(part, bool) else part
        try:
            found[key] = line(written)
        except WrongError as e:
            raise WrongError(f"{what}, {key}: {e.message}", e.hint, (*at, key)) from None
    for key in needed:
        if key not in found:
            raise WrongError(
                f"{what}: {key} is not filled in", f"write it ({known[key]}); if there is none, write none", at
            )
    return {key: found[key] for key in known if key in found}


_KINDS: Mapping[str, Callable[[Fact, Any], Any]] = {
    "text": _text,
    "list": _list,
    "table": _table,
    "choice": _choice,
    "yes_no": _yes_no,
    "date": _date,
    "number": _number,
    "document": _document,
    "owner": _owner,
}
