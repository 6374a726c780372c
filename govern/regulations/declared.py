"""What persons declared, and what they declared not to apply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from govern.declared.values import blank
from govern.regulations.answer import Answer
from govern.regulations.model import Kind, State


def answer(fact: str, label: str, system: Mapping[str, Any], today: date) -> Answer:
    """Return what is known of a declared fact, from ``Record.system``."""
    state, why = _state(fact, system, today)
    return Answer(kind=Kind.DECLARED, need=fact, title=label, state=state, why=why)


def not_applicable(what: str, system: Mapping[str, Any]) -> str:
    """Return the sentence with which a fact or clause was declared not to apply; empty where it was not.

    Without a reason and a name nothing is declared not to apply.
    """
    said = _of(system, "not_applicable").get(what)
    if not isinstance(said, Mapping):
        return ""
    reason, person = (str(said.get(key) or "").strip() for key in ("reason", "person"))
    return f"{reason.rstrip('.')} (said by {person})." if reason and person else ""


def _state(fact: str, system: Mapping[str, Any], today: date) -> tuple[State, str]:
    if why := not_applicable(fact, system):
        return State.NOT_APPLICABLE, why
    if blank(system.get(fact)):
        return State.NOT_RUN, "Not declared."
    said = _of(system, "declared").get(fact) or {}
    person, on, until = (str(said.get(key) or "").strip() for key in ("by", "on", "valid_until"))
    who = f"Declared{f' by {person}' if person else ''}{f' on {on}' if on else ''}"
    if until and until < today.isoformat():  # ISO 8601 dates are in the order of their text
        return State.STALE, f"{who}, valid until {until}: ask again."
    return State.DECLARED, f"{who}{f', valid until {until}' if until else ''}."


def _of(system: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = system.get(key)
    return found if isinstance(found, Mapping) else {}
