"""A verdict that can be used: each planted defect is denied by a finding that the clean copy does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from govern.run import gate_run
from govern.types import Outcome, Record, Verdict
from tests.campaign.defects import DATA_RULES, DEFECTS, HONEST, Defect

pytestmark = pytest.mark.slow


def judged(site: Any, table: Any, folder: Path) -> Record:
    file = folder / "predictions.csv"
    table.to_csv(file, index=False)
    return gate_run(site.workspace, predictions=file, vendor_version="1.0").record


@pytest.fixture(scope="session")
def clean(site: Any, tmp_path_factory: pytest.TempPathFactory) -> Record:
    return judged(site, site.test, tmp_path_factory.mktemp("clean"))


def test_the_clean_copy_is_blamed_for_nothing(clean: Record) -> None:
    assert clean.decision.verdict is Verdict.ALLOW, clean.decision
    assert not [f.id for f in clean.findings if f.outcome in (Outcome.FAIL, Outcome.ERROR) and f.severity == "block"]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_a_planted_defect_is_denied_for_what_it_is(defect: Defect, site: Any, clean: Record, tmp_path: Path) -> None:
    spoilt = defect.spoil(site.test.copy(), site.train, np.random.default_rng(7))
    record = judged(site, spoilt, tmp_path)
    assert record.decision.verdict is Verdict.DENY
    new = set(record.decision.blocking) - set(clean.decision.blocking)
    rules = {f.rule for f in record.findings if f.id in new}
    assert rules & set(defect.blamed), sorted(rules)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_variant_is_not_blamed_for_its_data(name: str, site: Any, tmp_path: Path) -> None:
    changed = HONEST[name](site.test.copy(), site.train, np.random.default_rng(7))
    record = judged(site, changed, tmp_path)
    assert not {f.rule for f in record.findings if f.outcome is not Outcome.PASS} & {*DATA_RULES}
