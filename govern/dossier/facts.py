"""Declared facts: what the owner says about the system, quoted; and which of them nobody has said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_LABELS: Mapping[str, str] = {
    "intended_use": "Intended use",
    "users": "Users",
    "population": "Population",
    "limitations": "Limitations",
    "human_oversight": "Human oversight",
    "owner": "Owner",
    "device_description": "Device description",
    "reference_standard": "Reference standard",
    "data_provenance": "Data provenance",
    "risk_management": "Risk management",
    "monitoring_plan": "Monitoring plan",
    "cybersecurity": "Cybersecurity",
    "instructions_for_use": "Instructions for use",
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One declared fact: its paragraphs, empty where nobody has declared it."""

    name: str
    label: str
    paragraphs: tuple[str, ...]
    #: Whether the policy requires it.
    required: bool


class Facts:
    """The declared facts of a system, by name; a name that nobody declared gives an empty fact."""

    def __init__(self, system: Mapping[str, Any], required: Iterable[str]) -> None:
        self._system = system
        self._required = tuple(required)

    def get(self, name: str) -> Fact:
        """Return a fact; empty where it is not declared or not known."""
        return Fact(
            name=name,
            label=_LABELS.get(name, name.replace("_", " ").capitalize()),
            paragraphs=tuple(_paragraphs(self._system.get(name))),
            required=name in self._required,
        )

    def missing(self) -> list[Fact]:
        """Return the facts that are not declared: those that the policy requires first."""
        names = dict.fromkeys([*self._required, *_LABELS])
        return [f for f in map(self.get, names) if not f.paragraphs]


def _paragraphs(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{str(k).capitalize()}: {v}" for k, v in value.items() if str(v).strip()]
    if isinstance(value, list | tuple):
        return [str(v).strip() for v in value if str(v).strip()]
    return [p.strip() for p in str(value or "").split("\n\n") if p.strip()]
