"""The JSON Schema of policy files, ``policies/schema.json``, for editors that complete and check YAML."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from govern.checks import catalogue
from govern.checks.parameters import Parameter
from govern.policy.lint import CONTROLS
from govern.policy.model import Policy


def schema() -> dict[str, Any]:
    """Return the schema of :class:`govern.policy.Policy`, with the known checks, their parameters and controls."""
    described = Policy.model_json_schema(by_alias=True)
    rule = described["$defs"]["Rule"]["properties"]
    rule["check"]["enum"] = list(catalogue.names())
    rule["controls"]["items"]["enum"] = sorted(CONTROLS)
    described["$defs"]["Rule"]["allOf"] = [_of_check(name) for name in catalogue.names()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def _of_check(name: str) -> dict[str, Any]:
    """Return what holds of a rule of one check: which parameters it may have."""
    known = {p.name: _of_parameter(p) for p in catalogue.load(name).parameters.values()}
    params = {"properties": known, "additionalProperties": False}
    return {"if": {"properties": {"check": {"const": name}}}, "then": {"properties": {"params": params}}}


def _of_parameter(parameter: Parameter) -> dict[str, Any]:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    found: dict[str, Any] = {"type": kinds[type(parameter.default)], "default": parameter.default}
    if parameter.words:
        found["enum"] = list(parameter.words)
    if (span := parameter.range) is not None:
        found["description"] = str(span)
        if math.isfinite(span.low):
            found["exclusiveMinimum" if span.above else "minimum"] = span.low
        if math.isfinite(span.high):
            found["exclusiveMaximum" if span.below else "maximum"] = span.high
    return found


def main() -> None:
    """Write the schema to standard output."""
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
