"""The JSON Schema of policy files, ``policies/schema.json``, for editors that complete and check YAML."""

from __future__ import annotations

import json
import sys
from typing import Any

from govern.checks import catalogue
from govern.policy.lint import CONTROLS
from govern.policy.model import Policy


def schema() -> dict[str, Any]:
    """Return the schema of :class:`govern.policy.Policy`, with the known checks and controls as words."""
    described = Policy.model_json_schema(by_alias=True)
    rule = described["$defs"]["Rule"]["properties"]
    rule["check"]["enum"] = list(catalogue.names())
    rule["controls"]["items"]["enum"] = sorted(CONTROLS)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def main() -> None:
    """Write the schema to standard output."""
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
