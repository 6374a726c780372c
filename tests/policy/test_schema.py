from __future__ import annotations

import json
from pathlib import Path

from govern.policy.schema import schema


def test_the_schema_is_fresh(repository: Path) -> None:
    assert json.loads((repository / "policies" / "schema.json").read_text()) == schema(), "run `make docs`"
