"""A part of ``make crash``: killed anywhere, there is nothing or a complete record, and a second run completes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.campaign import run, table, template

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")]


def test_killed_anywhere(tmp_path: Path) -> None:
    rows = run(template(tmp_path), tmp_path, most=6)
    assert sum(r.points for r in rows) >= 25, table(rows)
    assert not [told for r in rows for told in r.broken], table(rows)
