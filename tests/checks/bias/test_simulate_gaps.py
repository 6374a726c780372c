"""The table of ``scripts/simulate_gaps.py``: made anew in small, it says what docs/statistics.md says of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate_gaps", repository / "scripts" / "simulate_gaps.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_gap_has_its_rows(script: ModuleType):
    table = script.table(simulations=2)
    lines = table.splitlines()
    columns = lines[0].count("|")
    assert all(line.count("|") == columns for line in lines)
    for check in script.CHECKS:
        rows = [line for line in lines if line.startswith(f"| {check} |")]
        assert len(rows) == len(script.SIZES) + len(script.UNFAIR)


def test_equal_arguments_give_equal_tables(script: ModuleType):
    assert script.table(simulations=3, checks=["equal_opportunity"]) == script.table(
        simulations=3, checks=["equal_opportunity"]
    )


@pytest.mark.parametrize("check", ["equal_opportunity", "calibration_gap", "representation"])
def test_true_gaps_are_found(script: ModuleType, check: str):
    found, *_ = script.failing(check, (2000, 800), simulations=10, seed=3, defect=script.CHECKS[check].defect)
    assert found >= 0.8
