"""A seeded part of ``make tamper``: whatever is edited is found, or changed nothing."""

from __future__ import annotations

import pytest

from tests.tamper.campaign import run, table
from tests.tamper.made import Made, make
from tests.tamper.targets import targets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("tamper"))


def test_every_edit_is_found(made: Made) -> None:
    rows = run(targets(made), total=250, seed=1)
    assert sum(r.mutated for r in rows) >= 250, table(rows)
    assert [told for r in rows for told in r.undetected] == []
    assert [told for r in rows for told in r.crashed] == []
