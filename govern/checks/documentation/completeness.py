"""Check ``documentation.completeness``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govern import declared
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.inputs import Documentation

#: Whole texts that say nothing, without case, brackets and punctuation.
_NOTHING = {
    "", "coming soon", "fill in", "fill me in", "fixme", "na", "n/a", "nil", "none", "not available", "null",
    "placeholder", "tba", "tbc", "tbd", "to be completed", "to be confirmed", "to be decided", "to be defined",
    "to be determined", "to be done", "todo", "unknown", "unspecified", "x", "xx", "xxx",
}  # fmt: skip
#: Marks that make a text unfinished wherever they stand ("todo" in small letters is a word in other languages).
_UNFINISHED = re.compile(
    r"\b(TODO|TBD|TBC|TBA|FIXME|XXX)\b|(?i:\b(lorem ipsum|to be (completed|defined|determined))\b)"
)
#: A text that is all bracket: ``<who uses it>``.
_BLANK = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}")


def completeness(documentation: Documentation, *, words: int = 3) -> Measurement:
    """Share of the required facts about the system that are declared.

    Why: Intended use, limitations and human oversight cannot be measured from data, and no reviewer can judge figures
        without them.
    How: An exact count over the facts that the policy requires. A fact is declared if it has a text of at least
        `words` words, or of four letters for each (for a list: every item says something; for a record such as the
        owner: every field is filled), and is not a placeholder such as TODO, TBD, n/a, "..." or lorem ipsum. 0 to 1.
    Limits: Whether a text is true, current or good is for people to judge, who sign for it.
    Fix: Declare the missing facts under `system` in `govern.yaml`.
    See: Regulation (EU) 2024/1689, Article 11 and Annex IV; FDA, Artificial Intelligence-Enabled Device Software
        Functions (draft guidance, January 2025).
    """
    required = list(dict.fromkeys(documentation.required))
    missing = [name for name in required if not _answered(name, documentation.facts.get(name), words)]
    if not required:
        return Measurement.unknown(
            n=0,
            method="exact count",
            message="the policy requires no documentation, so none was looked at",
        )
    share = (len(required) - len(missing)) / len(required)
    message = f"all {len(required)} required facts are declared"
    if missing:
        short = f"{len(missing)} of {len(required)} required facts are not declared, or say less than {words} words"
        message = f"{short}: {', '.join(missing)}"
    return Measurement(
        estimate=share,
        lower=share,
        upper=share,
        n=len(required),
        method="exact count",
        message=message,
        details={"missing": missing, "required": required},
    )


def _answered(name: str, fact: Any, words: int) -> bool:
    """Return whether a fact is declared; one whose answer is a single word by its kind needs no more than that."""
    known = declared.load().facts.get(name)
    if known is not None and known.kind in ("yes_no", "choice", "date", "number"):
        return fact is not None and fact != ""
    return _declared(fact, words)


def _declared(fact: Any, words: int) -> bool:
    """Return whether a fact says something; a list or record does if it has parts, and each of them says something."""
    if isinstance(fact, Mapping):
        return bool(fact) and all(_declared(value, 1) for value in fact.values())
    if isinstance(fact, str):
        if _UNFINISHED.search(fact) or _BLANK.fullmatch(fact.strip()):
            return False
        bare = re.sub(r"^[\W_]+|[\W_]+$", "", fact.casefold())
        # Some languages put no spaces between words: four letters stand for one.
        return bare not in _NOTHING and (len(re.findall(r"\w+", bare)) >= words or len(bare) >= 4 * words)
    if isinstance(fact, Sequence):
        return bool(fact) and all(_declared(item, 1) for item in fact)
    return fact is not None and not isinstance(fact, bool)
