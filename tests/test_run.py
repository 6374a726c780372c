"""What a gate run refuses before it measures: too few events, parameters out of range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from govern import project as projects
from govern.errors import InputError, PolicyError
from govern.run import gate_run
from govern.types import Outcome
from tests.evidence.samples import people

POLICY = """\
schema: govern/policy/1
id: survival
version: 1.0.0
title: Time to the event
task: survival
data:
  test: {min_rows: 100, min_events: 30}
checks:
  - {id: order, check: performance.concordance, accept: {lower: ">= 0.60"}, min_events: 20}
not_applicable:
  bias: {reason: one group of patients only, person: A. Lee}
  calibration: {reason: risks are no probabilities here, person: A. Lee}
  drift: {reason: no reference was recorded, person: A. Lee}
  explainability: {reason: predictions of a vendor, person: A. Lee}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people(tmp_path / ".govern")
    (tmp_path / "p.yaml").write_text(POLICY)
    (tmp_path / "govern.yaml").write_text(
        "schema: govern/project/1\nsystem: {name: small}\npolicy: p.yaml\n"
        "data: {label: seen, score: risk, follow_up: days}\n"
    )
    return tmp_path


def followed(events: int, rows: int = 200, event: object = 1) -> pd.DataFrame:
    risk = np.linspace(0, 1, rows)
    seen = np.zeros(rows, dtype=object)
    seen[np.linspace(0, rows - 1, events).astype(int)] = event
    return pd.DataFrame({"risk": risk, "days": 1000 - 900 * risk, "seen": seen})


@pytest.mark.parametrize("event", [1, "True", 1.0])
def test_events_of_a_time_to_event_are_counted_as_events(folder: Path, event: object) -> None:
    path = folder / "predictions.csv"
    followed(29, event=event).to_csv(path, index=False)
    with pytest.raises(InputError, match="dataset test holds 29 rows with the event, the policy needs 30"):
        gate_run(projects.load(folder), predictions=path)
    assert not (folder / "evidence").exists()
    followed(30, event=event).to_csv(path, index=False)
    (finding,) = gate_run(projects.load(folder), predictions=path).record.findings
    assert finding.measurement is not None
    assert finding.measurement.events == 30


def test_most_rows_with_the_event_are_no_shortage(folder: Path) -> None:
    path = folder / "predictions.csv"
    followed(190).to_csv(path, index=False)  # ten censored ones: there is no rarer outcome of a time to an event
    assert gate_run(projects.load(folder), predictions=path).record.findings[0].outcome is not Outcome.ERROR


def test_a_parameter_out_of_range_is_told_before_any_data_are_read(folder: Path) -> None:
    (folder / "p.yaml").write_text(POLICY.replace("min_events: 20", "params: {words: 3}"))
    with pytest.raises(PolicyError, match=r"p\.yaml:9: unknown parameter of performance\.concordance"):
        gate_run(projects.load(folder), predictions=folder / "there is none.csv")
