"""Every check keeps its contract, and the reference of checks is not stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.checks import catalogue
from govern.errors import PolicyError
from govern.formats.reference import reference


def test_the_reference_is_fresh(repository: Path) -> None:
    assert (repository / "docs" / "checks.md").read_text(encoding="utf-8") == reference(), "run `make docs`"


@pytest.mark.parametrize("name", catalogue.names())
def test_a_check_keeps_its_contract(name: str, repository: Path) -> None:
    check = catalogue.load(name)
    family, _, stem = name.partition(".")
    assert {"title", "why", "how", "limits", "fix", "see"} <= set(check.doc)
    assert check.inputs
    assert (repository / "tests" / "checks" / family / f"test_{stem}.py").is_file()
    assert name in catalogue.source_digests([name])


def test_an_unknown_check_names_the_nearest() -> None:
    with pytest.raises(PolicyError) as caught:
        catalogue.load("performance.auc")
    assert "performance.au" in caught.value.hint
