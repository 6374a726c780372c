"""How numbers are written: the one place that turns a value into the text a reader sees."""

from __future__ import annotations

NO_BREAK = "\u00a0"
#: Stands where a value does not exist.
NONE = "–"  # noqa: RUF001 - the dash that a table prints

#: A minus sign: unlike a hyphen, no line breaks after it.
_MINUS = "−"  # noqa: RUF001
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
_SUBJECTS = {"lower": "lower bound", "upper": "upper bound", "estimate": "estimate"}


def number(value: float | None) -> str:
    """Return a value with three decimals; fewer from 100 on, two significant digits below 0.001."""
    if value is None:
        return NONE
    size = abs(value)
    form = ",.0f" if size >= 1000 else ".1f" if size >= 100 else ".1e" if 0 < size < 1e-3 else ".3f"
    return f"{value:{form}}".replace("-", _MINUS)


def interval(lower: float | None, upper: float | None) -> str:
    """Return ``0.710 to 0.820``; a dash where there is no interval."""
    if lower is None and upper is None:
        return NONE
    return f"{number(lower)} to {number(upper)}"


def count(value: int | None) -> str:
    """Return a count with thousands separated."""
    return NONE if value is None else f"{value:,}"


def criterion(text: str) -> str:
    """Return a criterion for reading: ``lower >= 0.7`` becomes ``lower bound ≥ 0.7``."""
    return " and ".join(_criterion(part) for part in text.split(" and ")) if text else NONE


def bounds(text: str) -> tuple[tuple[str, float], ...]:
    """Return sign and bound of each criterion, for the lines in a figure: ``lower >= 0.7`` gives ``("≥", 0.7)``."""
    parts = [part.split() for part in text.split(" and ")]
    return tuple((_SIGNS.get(p[1], p[1]), float(p[2])) for p in parts if len(p) == 3)


def readable(message: str) -> str:
    """Return a message with the signs of mathematics for its operators."""
    return message.replace(">=", "≥").replace("<=", "≤")


def _criterion(part: str) -> str:
    """Write one criterion; sign and bound stay on one line."""
    subject, _, rest = part.partition(" ")
    words = [_SIGNS.get(w, w) for w in rest.split()]
    return f"{_SUBJECTS.get(subject, subject)} {NO_BREAK.join(words)}".strip()
