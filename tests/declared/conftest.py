"""A project in a folder, and what it declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from govern import declared, strict_yaml
from govern.declared import Declared

Declare = Callable[..., Declared]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Reads a project: the lines of its file below ``system:``, its other lines, and files of its folder of facts."""

    def read(system: str = "", *, more: str = "", **files: str) -> Declared:
        lines = "".join(f"  {line}\n" for line in ["name: small", *system.splitlines()])
        folder = "facts: facts\n" if files else ""
        (tmp_path / "govern.yaml").write_text(f"schema: govern/project/1\nsystem:\n{lines}{folder}{more}")
        (tmp_path / "facts").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / "facts" / f"{name}.yaml").write_text(f"schema: govern/declared/1\n{text}")
        return declared.read(strict_yaml.read(tmp_path / "govern.yaml"), tmp_path)

    return read
