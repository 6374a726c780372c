"""Names of registered models that a person would take for each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from govern.errors import PolicyError

#: Small letters of other scripts that are drawn like Latin ones, themselves or as capitals: the part of the
#: confusables of Unicode Technical Standard 39 that Cyrillic and Greek have.
_DRAWN = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131",
    "abekmhopctyxsijhldqw" "abezhikmvoptyxi",
)  # fmt: skip
#: Letters and marks without ink that are no format characters.
_BLANK = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def look(name: str) -> str:
    """Return what a name looks like: without case, width, spaces, invisible characters and foreign twins of letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (c for c in plain if unicodedata.category(c)[0] not in "CZ" and c not in _BLANK and not _selects(c))
    return "".join(seen).translate(_DRAWN)


def is_plain(name: str) -> bool:
    """Return whether everything in a name can be seen, and no space stands at its ends."""
    return name.isprintable() and name == name.strip() and not any(c in _BLANK or _selects(c) for c in name)


def twins(name: str, others: Iterable[str]) -> list[str]:
    """Return the other names that look like this one."""
    mine = look(name)
    return sorted(other for other in set(others) if other != name and look(other) == mine)


def must_stand_apart(name: str, others: Iterable[str]) -> None:
    """Return if a new name can be told from those that are there.

    Raises:
        PolicyError: it cannot, or holds what nobody sees.
    """
    if not is_plain(name):
        raise PolicyError("the name holds characters that nobody sees")
    if found := twins(name, others):
        raise PolicyError(f"the name looks like that of {found[0]!r}, which is registered")


def _selects(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f"
