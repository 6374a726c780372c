"""The JSON Schema of files of declared facts, ``policies/regulations/facts.schema.json``, for editors."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from govern.declared.catalogue import Catalogue, Fact, load
from govern.declared.reading import SCHEMA
from govern.declared.values import DOCUMENT, LONGEST, LONGEST_LINE, MOST, OWNER

_DAY = {"$ref": "#/$defs/day"}
_LINE: dict[str, Any] = {"type": ["string", "null"], "maxLength": LONGEST_LINE}
#: What a value of each kind is, where that does not depend on the fact.
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "maxLength": LONGEST},
    "list": {"type": "array", "maxItems": MOST, "items": _LINE},
    "yes_no": {"enum": [True, False, "yes", "no"]},
    "date": {"type": "string", "format": "date"},
    "number": {"type": "number"},
}


def schema(catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return the schema of a file of declared facts: each fact with its question, and what it may hold.

    A value may be empty, as in a form that is not filled in yet. ``catalogue`` is the one that comes with govern
    unless another is given.
    """
    known = (catalogue or load()).facts
    public = {"type": "array", "items": {"enum": list(known)}}
    said = {"by": {"type": ["string", "null"]}, "on": _DAY}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Declared facts of a project of govern",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": {
            "schema": {"const": SCHEMA},
            **said,
            "public": public,
            "facts": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {fact.id: _declaration(fact) for fact in known.values()},
            },
        },
        "$defs": {
            "day": {"anyOf": [{"type": "string", "format": "date"}, {"enum": [None, ""]}]},
            **{kind: _stated(value) for kind, value in _kinds().items()},
            **{fact.id: own for fact in known.values() if (own := _own(fact)) is not None},
            "absent": {
                "type": "object",
                "required": ["not_applicable"],
                "additionalProperties": False,
                "properties": {"not_applicable": {"type": "string", "minLength": 1}, **said, "valid_until": _DAY},
            },
        },
    }


def text() -> str:
    """Return the schema as it is written to a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _kinds() -> dict[str, dict[str, Any]]:
    return {**_KINDS, "document": _entry(DOCUMENT), "owner": _entry(OWNER)}


def _declaration(fact: Fact) -> dict[str, Any]:
    told = f"{fact.ask}\n\nFor example: {fact.example}" if fact.example else fact.ask
    return {"title": fact.label, "description": told, **_holds(fact)}


def _holds(fact: Fact) -> dict[str, Any]:
    own = _own(fact)
    return {"$ref": f"#/$defs/{fact.kind}"} if own is None else _stated({"$ref": f"#/$defs/{fact.id}"})


def _own(fact: Fact) -> dict[str, Any] | None:
    """Return what a value is where that depends on the fact."""
    if fact.kind == "choice":
        return {"enum": list(fact.choices)}
    if fact.kind == "table":
        return {"type": "array", "maxItems": MOST, "items": _entry(fact.columns)}
    return None


def _stated(value: dict[str, Any]) -> dict[str, Any]:
    """Return what may stand behind a fact: nothing, its value, the value with who said it, or that it is not for us."""
    said = {"by": {"type": "string"}, "on": _DAY, "valid_until": _DAY, "public": {"type": "boolean"}}
    long = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {"value": value, **said},
    }
    return {"anyOf": [{"enum": [None, ""]}, value, long, {"$ref": "#/$defs/absent"}]}


def _entry(known: Mapping[str, str]) -> dict[str, Any]:
    cell = {"type": ["string", "integer", "null"], "maxLength": LONGEST_LINE}
    properties = {key: {**cell, **({"description": what} if what else {})} for key, what in known.items()}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


if __name__ == "__main__":
    sys.stdout.write(text())
